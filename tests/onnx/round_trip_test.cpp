// What we write as ONNX, ONNX's checker accepts, and reading it gives the same network.
#include <gtest/gtest.h>
#include <onnx/checker.h>

#include <map>

#include "base/random.h"
#include "graph/builder.h"
#include "graph/cost.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "onnx/export.h"
#include "onnx/import.h"
#include "onnx/proto.h"
#include "runtime/random_graph.h"
#include "zoo/zoo.h"

namespace netsuke::onnx {
namespace {

const ImportOptions kAsItIs{.input = {}, .fold_batch_norm = false};

void check(const Bytes& model) {
  const pb::ModelProto proto = parse_model(model, "export");
  try {
    ::onnx::checker::check_model(proto);
  } catch (const ::onnx::checker::ValidationError& error) {
    ADD_FAILURE() << error.what();
  }
}

Tensor random_input(const Graph& graph, uint64_t seed) {
  Shape shape = graph.values[graph.inputs[0]].shape;
  shape[0] = 2;
  Tensor input(shape);
  Random random(seed);
  for (float& value : input.data) value = static_cast<float>(random.uniform(-1, 1));
  return input;
}

void expect_close(const Tensor& found, const Tensor& expected, float share) {
  ASSERT_EQ(found.shape, expected.shape);
  float largest = 1;
  for (float value : expected.data) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found.data[i], expected.data[i], share * largest) << i;
}

TEST(OnnxRoundTrip, random_graphs_compute_the_same) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = runtime::RandomGraph(seed).grow();
    const Bytes model = export_model(graph);
    if (seed <= 50) check(model);
    const Tensor input = random_input(graph, seed), expected = evaluate(graph, {input})[0];
    expect_close(evaluate(import_bytes(model, "as it is", kAsItIs), {input})[0], expected, 1e-6f);
    expect_close(evaluate(import_bytes(model, "folded"), {input})[0], expected, 1e-4f);
  }
}

TEST(OnnxRoundTrip, architectures_come_back_node_for_node) {
  for (const zoo::Architecture& row : zoo::architectures()) {
    SCOPED_TRACE(row.name);
    zoo::Options counting;
    counting.seed = std::nullopt;
    // The largest are the same kinds of nodes with half a gigabyte of weights; bench/peers has them all.
    if (parameter_count(zoo::build(row.name, counting)) > 10'000'000) continue;
    const Graph graph = zoo::build(row.name);
    const Bytes model = export_model(graph);
    check(model);
    const Graph back = import_bytes(model, "export", kAsItIs);
    EXPECT_EQ(back.nodes, graph.nodes);
    EXPECT_EQ(back.metadata, graph.metadata);
    EXPECT_TRUE(back == graph);
  }
}

/// Signs, K and scales of an image and of a vector.
Graph binary_ops() {
  Builder net("binary", 5);
  ValueId x = net.input("data", {3, 8, 7});
  const auto scaled = [&](const std::string& name, const InputScale& scale, auto&& layer) {
    const ValueId k = net.apply(name + ".scale", scale, {x});
    x = net.apply(name + ".scaled", Mul{}, {layer(net.apply(name + ".sign", Sign{}, {x})), k});
  };
  scaled("conv", {{3, 3}, {2, 1}, {1, 1, 1, 1}, {1, 2}}, [&](ValueId signs) {
    return net.conv("conv", signs, 4, {3, 3}, {.stride = {2, 1}, .pad = {1, 1, 1, 1}, .dilation = {1, 2}},
                    false);
  });
  x = net.apply("flatten", Flatten{}, {x});
  scaled("fc", {}, [&](ValueId signs) { return net.linear("fc", signs, 5, false); });
  return net.finish({x});
}

TEST(OnnxRoundTrip, group_norms_come_back_node_for_node) {
  for (const int groups : {1, 2, 6}) {
    Builder net("normed", 1);
    ValueId x = net.conv("conv", net.input("data", {3, 5, 4}), 6, {3, 3});
    const auto vector = [&](const char* name, float first) {
      std::vector<float> values(6, 1);
      values[0] = first;
      return net.constant(name, Tensor({6}, values));
    };
    x = net.apply("norm", GroupNorm{groups, 1e-3f}, {x, vector("norm.scale", 0.3f), vector("norm.bias", -2)});
    const Graph graph = net.finish({net.apply("relu", Relu{}, {x})});
    const Bytes model = export_model(graph);
    check(model);
    EXPECT_EQ(to_text(import_bytes(model, "export", kAsItIs)), to_text(graph)) << groups << " groups";
  }
}

TEST(OnnxRoundTrip, BinaryOpsComeBackNodeForNode) {
  const Graph graph = binary_ops();
  const Bytes model = export_model(graph);
  check(model);
  const Graph back = import_bytes(model, "export", kAsItIs);
  EXPECT_EQ(to_text(back), to_text(graph));
}

TEST(OnnxRoundTrip, quantized_files_are_small_and_exact) {
  Graph graph = zoo::build("lenet_5");
  WeightPtr& conv = graph.values[find_value(graph, "conv2.weight")].weight;
  Codebook shared{{-0.5f, 0.25f, 0.75f}, std::vector<uint16_t>(static_cast<size_t>(weight_count(*conv)))};
  for (size_t i = 0; i < shared.codes.size(); ++i) shared.codes[i] = static_cast<uint16_t>(i % 3);
  conv = make_weight(conv->shape, shared);
  WeightPtr& ip = graph.values[find_value(graph, "ip1.weight")].weight;
  SparseCodebook pruned{std::vector<float>(300), {}, {}};
  for (size_t i = 0; i < 300; ++i) pruned.centroids[i] = static_cast<float>(i + 1) / 300;
  // What Gather is for: two values that are no multiples of any number below.
  WeightPtr& first = graph.values[find_value(graph, "conv1.weight")].weight;
  Codebook uneven{{-0.3f, 0.7001f}, std::vector<uint16_t>(static_cast<size_t>(weight_count(*first)))};
  for (size_t i = 0; i < uneven.codes.size(); i += 2) uneven.codes[i] = 1;
  first = make_weight(first->shape, uneven);
  for (uint32_t i = 0; i < 400'000; i += 3)
    pruned.positions.push_back(i), pruned.codes.push_back(static_cast<uint16_t>(i % 300));
  ip = make_weight(ip->shape, pruned);

  const Bytes model = export_model(graph, {.quantized = true});
  check(model);
  // One byte a weight of conv2, two of ip1, whose codebook has more than 256 entries.
  EXPECT_LT(model.size(), 25'000u + 800'000u + 30'000u);
  std::map<std::string, int> count;
  const pb::ModelProto proto = parse_model(model, "quantized");
  for (const auto& node : proto.graph().node()) ++count[node.op_type()];
  EXPECT_EQ(count["DequantizeLinear"], 1);  // conv2
  EXPECT_EQ(count["Gather"], 2);            // conv1 and ip1
  const Graph back = import_bytes(model, "quantized", kAsItIs);
  for (const char* name : {"conv1.weight", "conv2.weight", "ip1.weight"})
    EXPECT_EQ(to_dense(*back.values[find_value(back, name)].weight),
              to_dense(*graph.values[find_value(graph, name)].weight))
        << name;
}

TEST(OnnxRoundTrip, quantized_networks_may_be_large) {
  // More weights than a small file may compute: what was looked up, or scaled, must come back all the same.
  const int inputs = 20'000, outputs = 1'000;
  Builder b("large", std::nullopt);
  Graph graph =
      b.finish({b.linear("ip", b.apply("flat", Flatten{}, {b.input("x", {1, 1, inputs})}), outputs)});
  WeightPtr& weight = graph.values[find_value(graph, "ip.weight")].weight;
  for (const float other : {1.0f, 0.7001f}) {
    SCOPED_TRACE(other);
    Codebook shared{{-1, other}, std::vector<uint16_t>(size_t{inputs} * outputs)};
    for (size_t i = 0; i < shared.codes.size(); i += 3) shared.codes[i] = 1;
    weight = make_weight(weight->shape, shared);
    const Graph back = import_bytes(export_model(graph, {.quantized = true}), "large");
    EXPECT_EQ(to_dense(*back.values[find_value(back, "ip.weight")].weight), to_dense(*weight));
  }
}

}  // namespace
}  // namespace netsuke::onnx
