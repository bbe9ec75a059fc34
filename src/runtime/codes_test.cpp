// Networks whose weights share values and stay codes in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "graph/builder.h"
#include "model/read.h"
#include "model/write.h"
#include "runtime/session.h"

namespace netsuke::runtime {
namespace {

/// A convolution and a linear layer whose weights share `centroids` values.
Graph shared_net(size_t centroids) {
  Builder net("shared", 3);
  ValueId x = net.conv("conv", net.input("data", {16, 6, 6}), 24, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = net.linear("fc", net.apply("flatten", Flatten{}, {x}), 40);
  Graph graph = net.finish({x});
  Random random(centroids);
  for (Value& value : graph.values) {
    if (!value.weight || value.weight->shape.size() < 2) continue;
    Codebook book;
    for (size_t i = 0; i < centroids; ++i) book.centroids.push_back(static_cast<float>(random.normal()));
    for (int64_t i = 0; i < weight_count(*value.weight); ++i)
      book.codes.push_back(static_cast<uint16_t>(random.below(centroids)));
    value.weight = make_weight(value.weight->shape, std::move(book));
  }
  return graph;
}

TEST(Codes, StayCodesInMemoryAndGiveTheSameAnswers) {
  for (const size_t centroids : {size_t{2}, size_t{32}, size_t{200}, size_t{256}, size_t{300}}) {
    SCOPED_TRACE(centroids);
    const Graph graph = shared_net(centroids);
    const auto packed = make_plan(graph, {Residency::packed, nullptr}),
               dense = make_plan(graph, {Residency::dense, nullptr});
    std::vector<std::string> kernels;
    for (const Step& step : packed->steps) kernels.emplace_back(step.kernel);
    const bool codes = centroids <= kernels::kMostCentroids;
    EXPECT_THAT(kernels, testing::Contains(codes ? "conv_codes" : "conv"));
    EXPECT_THAT(kernels, testing::Contains(codes ? "linear_codes" : "linear"));
    if (codes) {
      EXPECT_LT(packed->weight_bytes, dense->weight_bytes / 3);
    }
    Random random(1);
    std::vector<float> image(16 * 6 * 6), answer(40), expected(40);
    for (float& v : image) v = static_cast<float>(random.normal());
    Session small(packed, {.threads = 1}), large(dense, {.threads = 1});
    small.run(image, 1, answer);
    large.run(image, 1, expected);
    for (size_t i = 0; i < 40; ++i)
      EXPECT_NEAR(answer[i], expected[i], 1e-3f * (1 + std::fabs(expected[i]))) << i;
  }
}

TEST(Coded, WeightsStayAsTheFileHasThemAndGiveTheSameAnswers) {
  const Graph graph = shared_net(32);
  const Bytes file = write_model(graph).bytes;
  const Graph read = read_model(file, "file", nullptr, true);
  const auto coded = make_plan(read, {Residency::coded, nullptr}),
             packed = make_plan(read, {Residency::packed, nullptr});
  for (const Step& step : coded->steps)
    EXPECT_THAT(step.kernel, testing::AnyOf("coded", "to_pixels", "to_planes"));
  EXPECT_LT(coded->weight_bytes, file.size());
  EXPECT_LT(coded->weight_bytes, packed->weight_bytes);
  Random random(1);
  std::vector<float> images(3 * 16 * 6 * 6), answer(3 * 40), expected(3 * 40);
  for (float& v : images) v = static_cast<float>(random.normal());
  for (const int threads : {1, 2}) {
    Session small(coded, {.threads = threads, .max_batch = 3}),
        large(packed, {.threads = threads, .max_batch = 3});
    small.run(images, 3, answer);
    large.run(images, 3, expected);
    EXPECT_EQ(answer, expected);
  }
}

/// A pruned convolution whose result is added to its input, and a linear layer, each of more weights than a
/// slice of the range coder has.
Graph large_net() {
  Builder net("large", 4);
  const ValueId in = net.input("data", {400, 3, 3});
  ValueId x = net.conv("conv", in, 400, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = net.apply("relu", Relu{}, {net.apply("add", Add{}, {x, in})});
  x = net.linear("fc", net.apply("flatten", Flatten{}, {x}), 600);
  Graph graph = net.finish({net.apply("relu2", Relu{}, {x})});
  Random random(5);
  SparseCodebook pruned{{-0.04f, -0.02f, 0.02f, 0.03f}, {}, {}};
  Codebook shared{pruned.centroids, {}};
  for (uint32_t i = 0; i < 400 * 3600; ++i) {
    // Mostly the middle of kernels, which the coder sees by rows.
    if (random.below(i % 9 == 4 ? 2 : 30) != 0) continue;
    pruned.positions.push_back(i);
    pruned.codes.push_back(static_cast<uint16_t>(random.below(4)));
  }
  for (uint32_t i = 0; i < 600 * 3600; ++i) shared.codes.push_back(static_cast<uint16_t>(random.below(4)));
  graph.values[graph.nodes[0].inputs[1]].weight = make_weight({400, 400, 3, 3}, pruned);
  graph.values[graph.nodes[4].inputs[1]].weight = make_weight({600, 3600}, shared);
  return graph;
}

TEST(Coded, LargeLayersAreDecodedSomeRowsAtATime) {
  const Graph graph = large_net();
  for (const Coder coder : {Coder::range, Coder::huffman}) {
    const Bytes file = write_model(graph, {.coder = coder}).bytes;
    const Graph read = read_model(file, "file", nullptr, true);
    const auto coded = make_plan(read, {Residency::coded, nullptr}),
               packed = make_plan(read, {Residency::packed, nullptr});
    EXPECT_LT(coded->weight_bytes, file.size() + (coder == Coder::range ? 0 : 1000));
    int layers = 0;
    for (const Step& step : coded->steps) {
      const auto* work = std::get_if<CodedStep>(&step.work);
      if (!work) continue;
      ++layers;
      EXPECT_EQ(work->rows, step.name == "fc" ? 600u : 400u);
      // Huffman's gaps are shorter down the columns of this convolution.
      const bool by_columns = coder == Coder::huffman && step.name == "conv";
      EXPECT_EQ(work->apart, by_columns ? 400u : (1 << 20) / 3600u) << step.name;
    }
    EXPECT_EQ(layers, 2);
    Random random(1);
    std::vector<float> images(2 * 3600), answer(2 * 600), expected(2 * 600);
    for (float& v : images) v = static_cast<float>(random.normal());
    Session small(coded, {.threads = 2, .max_batch = 2}), large(packed, {.threads = 2, .max_batch = 2});
    for (const size_t batch : {size_t{1}, size_t{2}}) {
      small.run(std::span(images).first(batch * 3600), static_cast<int64_t>(batch),
                std::span(answer).first(batch * 600));
      large.run(std::span(images).first(batch * 3600), static_cast<int64_t>(batch),
                std::span(expected).first(batch * 600));
      for (size_t i = 0; i < batch * 600; ++i)
        EXPECT_NEAR(answer[i], expected[i], 1e-4f * (1 + expected[i])) << i;
    }
    EXPECT_GT(*std::max_element(expected.begin(), expected.end()), 0.1f);
  }
}

// Slopes of three dimensions and a factor of four: no weights of layers.
TEST(Coded, OnlyWeightsOfLayersAreLeftInTheFile) {
  Builder net("mixed", 6);
  ValueId x = net.conv("conv", net.input("data", {8, 5, 5}), 12, {3, 3});
  const auto filled = [](Shape shape) {
    Tensor tensor(std::move(shape));
    for (size_t i = 0; i < tensor.size(); ++i) tensor.data[i] = 0.25f + static_cast<float>(i) / 16;
    return tensor;
  };
  x = net.apply("prelu", PRelu{}, {x, net.constant("slopes", filled({12, 1, 1}))});
  x = net.apply("mul", Mul{}, {x, net.constant("factors", filled({1, 12, 3, 3}))});
  const Graph graph = net.finish({x});
  const Graph read = read_model(write_model(graph).bytes, "file", nullptr, true);
  std::vector<float> image(200), answer(108), expected(108);
  Random random(2);
  for (float& v : image) v = static_cast<float>(random.normal());
  Session(make_plan(read, {Residency::coded, nullptr}), {.threads = 1}).run(image, 1, answer);
  Session(make_plan(graph, {Residency::packed, nullptr}), {.threads = 1}).run(image, 1, expected);
  EXPECT_EQ(answer, expected);
}

TEST(Coded, WithoutAFileThereIsNothingToDecode) {
  const auto plan = make_plan(shared_net(32), {Residency::coded, nullptr});
  for (const Step& step : plan->steps) EXPECT_NE(step.kernel, "coded");
}

TEST(Codes, AreTakenWhereTheyWereMeasuredToBeTheFastest) {
  const Graph graph = shared_net(32);
  for (const bool faster : {false, true}) {
    auto timings = std::make_shared<Timings>();
    timings->set_linear(40, 864, {100, {1e6, 0}, CodesTimes{{faster ? 50.0 : 150.0, 1e6, 1e6}}});
    const auto plan = make_plan(graph, {Residency::fastest, timings});
    EXPECT_EQ(plan->steps.back().kernel, faster ? "linear_codes" : "linear");
  }
}

}  // namespace
}  // namespace netsuke::runtime
