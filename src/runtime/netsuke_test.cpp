// The public interfaces, as a user of the installed library sees them.
#include <netsuke/c.h>
#include <netsuke/netsuke.h>

#include <gmock/gmock.h>

#include "base/file.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/preprocess.h"
#include "model/write.h"

namespace netsuke {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Graph colour_net() {
  Builder b("colours");
  ValueId x = b.input("data", {3, 4, 5});
  x = b.conv("conv1", x, 4, {3, 3});
  x = b.apply("relu1", Relu{}, {x});
  x = b.linear("ip", b.apply("flat", Flatten{}, {x}), 2);
  Graph graph = b.finish({x});
  set_labels(graph, {"warm", "cold"});
  set_preprocess(graph, {.scale = 0.5f, .mean = {1, 2, 3}, .std = {2}, .order = "bgr"});
  graph.metadata["provenance.recipe"] = "none";
  return graph;
}

Model model_of(const Graph& graph) { return Model::from_memory(write_model(graph).bytes); }

TEST(Model, TellsWhatIsInside) {
  const Model model = model_of(colour_net());
  EXPECT_EQ(model.name(), "colours");
  EXPECT_THAT(model.input_shape(), ElementsAre(1, 3, 4, 5));
  EXPECT_THAT(model.output_shape(), ElementsAre(1, 2));
  EXPECT_EQ(model.input_size(), 60u);
  EXPECT_EQ(model.output_size(), 2u);
  EXPECT_THAT(model.labels(), ElementsAre("warm", "cold"));
  EXPECT_EQ(model.metadata("provenance.recipe"), "none");
  EXPECT_EQ(model.metadata("no such key"), "");
  const std::vector<LayerInfo> layers = model.layers();
  ASSERT_EQ(layers.size(), 4u);
  EXPECT_EQ(layers[0].name, "conv1");
  EXPECT_EQ(layers[0].op, "conv2d");
  EXPECT_THAT(layers[0].output_shape, ElementsAre(1, 4, 2, 3));
  EXPECT_EQ(layers[0].params, 4 * 27 + 4);
  EXPECT_EQ(layers[0].macs, 4 * 27 * 6);
  EXPECT_EQ(layers[0].density, 1);
  EXPECT_EQ(layers[0].bits, 32);
  EXPECT_EQ(layers[1].bits, 0);
}

// Nine of ten weights are zero: the packed form is much smaller, and computes the same.
TEST(Model, KeepsItsWeightsInTheFormAskedFor) {
  Builder b("sparse");
  ValueId x = b.conv("conv1", b.input("data", {8, 9, 9}), 16, {3, 3});
  const Graph dense = b.finish({b.linear("ip", b.apply("flat", Flatten{}, {x}), 40)});
  Graph graph = dense;
  Random random(4);
  for (const Parameter& parameter : parameters(graph)) {
    Tensor values = to_dense(*graph.values[parameter.value].weight);
    if (parameter.role == "weight")
      for (float& value : values.data) value = random.below(10) ? 0 : value;
    graph.values[parameter.value].weight = make_dense(values);
  }
  const Bytes bytes = write_model(graph).bytes;
  const Model packed = Model::from_memory(bytes, "packed", {Residency::packed});
  const Model floats = Model::from_memory(bytes, "dense", {Residency::dense});
  EXPECT_LT(packed.weight_bytes() * 3, floats.weight_bytes());
  std::vector<float> in(8 * 81);
  for (float& value : in) value = static_cast<float>(random.uniform(-1, 1));
  const std::vector<float> found = Session(packed).run(in), expected = Session(floats).run(in);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4);
}

TEST(Session, RunsABatch) {
  const Graph graph = colour_net();
  Session session(model_of(graph), {.threads = 2});
  Tensor in({3, 3, 4, 5});
  Random random(1);
  for (float& value : in.data) value = static_cast<float>(random.uniform(-1, 1));
  const std::vector<float> found = session.run(in.data, 3), expected = evaluate(graph, {in})[0].data;
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4);
  EXPECT_THROW(session.run(in.data, 2), Error);
  EXPECT_THROW(session.run(in.data, int64_t{1} << 62), Error);
}

TEST(Session, PreprocessesInterleavedPixelsAsTheModelSays) {
  const Graph graph = colour_net();
  Session session(model_of(graph));
  std::vector<uint8_t> pixels(60);
  Tensor in({1, 3, 4, 5});
  const float mean[] = {1, 2, 3};
  for (size_t i = 0; i < 20; ++i)
    for (size_t c = 0; c < 3; ++c) {
      const auto value = static_cast<uint8_t>(i * 3 + c * 50);
      pixels[i * 3 + c] = value;
      const size_t channel = 2 - c;  // blue first in the network
      in.data[channel * 20 + i] = (static_cast<float>(value) * 0.5f - mean[channel]) / 2;
    }
  const std::vector<float> expected = session.run(in.data);
  EXPECT_EQ(session.run_pixels(pixels, 4, 5), expected);
  EXPECT_THROW(session.run_pixels(pixels, 5, 4), Error);
  EXPECT_THROW(session.run_pixels(std::span(pixels).first(20), 4, 5), Error);
}

TEST(Session, TellsItsStepsAndRefusesBadOptions) {
  const Model model = model_of(colour_net());
  const std::vector<StepInfo> steps = Session(model).steps();
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0].kernel, "to_pixels");
  EXPECT_EQ(steps[1].kernel, "conv");
  EXPECT_EQ(steps[1].activation, "relu1");
  EXPECT_EQ(steps[2].kernel, "to_planes");
  EXPECT_EQ(steps[3].kernel, "linear");
  EXPECT_THROW(Session(model, {.threads = -1}), Error);
  EXPECT_THROW(Session(model, {.threads = 1'000'000}), Error);
  EXPECT_THROW(Session(model, {.max_batch = -1}), Error);
}

TEST(Model, RefusesWhatIsNoModel) {
  EXPECT_THROW(Model::load("/no/such/file.nsk"), Error);
  EXPECT_THROW(Model::from_memory({}), Error);
}

TEST(CApi, LoadsRunsAndFrees) {
  const Bytes bytes = write_model(colour_net()).bytes;
  netsuke_model* model = nullptr;
  netsuke_session* session = nullptr;
  ASSERT_EQ(netsuke_model_from_memory(bytes.data(), bytes.size(), &model), NETSUKE_OK)
      << netsuke_last_error();
  EXPECT_STREQ(netsuke_model_name(model), "colours");
  EXPECT_EQ(netsuke_model_input_size(model), 60u);
  EXPECT_EQ(netsuke_model_output_size(model), 2u);
  int64_t dims[4] = {};
  size_t rank = 0;
  ASSERT_EQ(netsuke_model_input_shape(model, dims, 4, &rank), NETSUKE_OK);
  EXPECT_EQ(rank, 4u);
  EXPECT_THAT(dims, ElementsAre(1, 3, 4, 5));
  ASSERT_EQ(netsuke_session_create(model, 1, &session), NETSUKE_OK);
  netsuke_model_free(model);

  std::vector<uint8_t> pixels(60, 100);
  std::vector<float> in(120, 0.5f), out(4), scores(2);
  EXPECT_EQ(netsuke_session_run(session, in.data(), 120, 2, out.data(), 4), NETSUKE_OK);
  EXPECT_EQ(out[0], out[2]);
  EXPECT_EQ(netsuke_session_run_pixels(session, pixels.data(), 60, 4, 5, scores.data(), 2), NETSUKE_OK);
  netsuke_session_free(session);
  EXPECT_EQ(netsuke_version(), version());
}

TEST(CApi, TellsLabelsAndMetadata) {
  Graph graph = colour_net();
  set_labels(graph, {"red", "blue"});
  const Bytes bytes = write_model(graph).bytes;
  netsuke_model* model = nullptr;
  ASSERT_EQ(netsuke_model_from_memory(bytes.data(), bytes.size(), &model), NETSUKE_OK);
  EXPECT_STREQ(netsuke_model_label(model, 1), "blue");
  EXPECT_STREQ(netsuke_model_label(model, 2), "");
  char text[4];
  size_t length = 0;
  ASSERT_EQ(netsuke_model_metadata(model, "labels", text, sizeof text, &length), NETSUKE_OK);
  EXPECT_STREQ(text, "red");
  EXPECT_EQ(length, 8u);
  ASSERT_EQ(netsuke_model_metadata(model, "no.such.key", text, sizeof text, &length), NETSUKE_OK);
  EXPECT_STREQ(text, "");
  EXPECT_EQ(length, 0u);
  EXPECT_EQ(netsuke_model_metadata(model, "labels", nullptr, 4, &length), NETSUKE_ERROR_USAGE);
  netsuke_model_free(model);
}

TEST(CApi, LoadsInAnyResidency) {
  const std::string path = testing::TempDir() + "c-api.nsk";
  write_file(path, write_model(colour_net()).bytes);
  for (const int residency : {NETSUKE_FASTEST, NETSUKE_PACKED, NETSUKE_DENSE, NETSUKE_CODED}) {
    netsuke_model* model = nullptr;
    EXPECT_EQ(netsuke_model_load_as(path.c_str(), residency, nullptr, &model), NETSUKE_OK);
    EXPECT_EQ(netsuke_model_output_size(model), 2u);
    netsuke_model_free(model);
  }
  netsuke_model* model = nullptr;
  EXPECT_EQ(netsuke_model_load_as(path.c_str(), 4, nullptr, &model), NETSUKE_ERROR_USAGE);
  EXPECT_EQ(netsuke_model_load_as(path.c_str(), NETSUKE_FASTEST, "/no/such/timings", &model),
            NETSUKE_ERROR_INPUT);
  EXPECT_EQ(model, nullptr);
}

TEST(CApi, ReturnsTheErrorsCodeAndKeepsItsSentence) {
  netsuke_model* model = nullptr;
  EXPECT_EQ(netsuke_model_load("/no/such/file.nsk", &model), NETSUKE_ERROR_INPUT);
  EXPECT_EQ(model, nullptr);
  EXPECT_THAT(netsuke_last_error(), HasSubstr("/no/such/file.nsk"));
  EXPECT_EQ(netsuke_model_load(nullptr, &model), NETSUKE_ERROR_USAGE);
  EXPECT_EQ(netsuke_session_run(nullptr, nullptr, 0, 0, nullptr, 0), NETSUKE_ERROR_USAGE);
  netsuke_model_free(nullptr);
  netsuke_session_free(nullptr);
}

}  // namespace
}  // namespace netsuke
