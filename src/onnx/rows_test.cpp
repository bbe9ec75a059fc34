// Networks of rows of values, whose convolutions have one dimension.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "graph/evaluate.h"
#include "onnx/test_model.h"

namespace netsuke::onnx {
namespace {

using testing::HasSubstr;

std::vector<float> random_values(Random& random, const Shape& shape) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  for (float& v : values) v = static_cast<float>(random.uniform(-1, 1));
  return values;
}

/// A network as it is written for rows, [1, 3, 20], or for images of height 1, of the same weights.
class Twin {
 public:
  explicit Twin(bool rows) : rows_(rows), random_(5) {
    model_.input("x", shape({1, 3}, 20));
    conv("a", "x", 4, 3, 5, {2}, {1, 2});
    node("MaxPool", {"a"}, "pool", {{"kernel_shape", {3}}, {"strides", {2}}});
    conv("b", "pool", 4, 4, 3, {1}, {1, 1});
    model_.with("Add", {"b", "pool"}, "sum").with("Relu", {"sum"}, "relu");
    node("AveragePool", {"relu"}, "mean", {{"kernel_shape", {3}}, {"pads", {1, 1}}});
    model_.floats("slope", rows ? Shape{4, 1} : Shape{4, 1, 1}, {0.1f, -0.2f, 0.3f, 0.4f});
    model_.with("PRelu", {"mean", "slope"}, "prelu");
    auto& axis = *model_.node("Concat", {"prelu", "relu"}, "both").add_attribute();
    axis.set_name("axis"), axis.set_type(pb::AttributeProto::INT), axis.set_i(1);
    model_.ints("pads",
                rows ? std::vector<int64_t>{0, 0, 2, 0, 0, 1} : std::vector<int64_t>{0, 0, 0, 2, 0, 0, 0, 1});
    model_.with("Pad", {"both", "pads"}, "padded");
    model_.ints("sizes", rows ? std::vector<int64_t>{1, 8, 14} : std::vector<int64_t>{1, 8, 1, 14});
    model_.with("Resize", {"padded", "", "", "sizes"}, "larger");
    transposed("up", "larger", 8, 2, 4);
    model_.with("GlobalMaxPool", {"up"}, "most").with("Flatten", {"most"}, "y").output("y");
  }
  const Model& model() const { return model_; }

 private:
  /// With a length, and for images with a height of 1 before it.
  Shape shape(Shape front, int64_t length) const {
    if (!rows_) front.push_back(1);
    front.push_back(length);
    return front;
  }
  void node(const char* op, const std::vector<std::string>& inputs, const char* output,
            const std::vector<std::pair<const char*, std::vector<int64_t>>>& lists) {
    auto& made = model_.node(op, inputs, output);
    for (auto [name, list] : lists) {
      const std::string_view key = name;
      const int64_t height = key == "pads" || key == "output_padding" ? 0 : 1;
      if (!rows_) list.insert(list.begin(), height);
      if (!rows_ && key == "pads") list.insert(list.begin() + 2, height);
      set_ints(made, name, list);
    }
  }
  void conv(const char* name, const char* x, int64_t out, int64_t in, int64_t kernel,
            const std::vector<int64_t>& stride, const std::vector<int64_t>& pads) {
    const Shape weight = shape({out, in}, kernel);
    model_.floats(std::string(name) + ".weight", weight, random_values(random_, weight));
    node("Conv", {x, std::string(name) + ".weight"}, name, {{"strides", stride}, {"pads", pads}});
  }
  void transposed(const char* name, const char* x, int64_t in, int64_t out, int64_t kernel) {
    const Shape weight = shape({in, out}, kernel);
    model_.floats("up.weight", weight, random_values(random_, weight));
    node("ConvTranspose", {x, "up.weight"}, name, {{"strides", {2}}, {"output_padding", {1}}});
  }

  bool rows_;
  Random random_;
  Model model_;
};

TEST(Rows, are_computed_as_images_of_height_1) {
  const Graph rows = Twin(true).model().import(), images = Twin(false).model().import();
  // They become an image once, and nothing turns back.
  std::vector<std::string> expected = ops_of(images);
  expected.insert(expected.begin(), "reshape");
  EXPECT_EQ(ops_of(rows), expected);

  Random random(7);
  Tensor x({1, 3, 20}, random_values(random, {1, 3, 20}));
  const Tensor from_rows = evaluate(rows, {x})[0];
  x.shape = {1, 3, 1, 20};
  EXPECT_EQ(from_rows.data, evaluate(images, {x})[0].data);
}

TEST(Rows, of_an_output_are_rows) {
  Model m;
  m.input("x", {1, 1, 4}).floats("w", {2, 1, 1}, {1, 10}).with("Conv", {"x", "w"}, "y").output("y");
  const Tensor y = evaluate(m.import(), {Tensor({1, 1, 4}, {1, 2, 3, 4})})[0];
  EXPECT_EQ(y.shape, (Shape{1, 2, 4}));
  EXPECT_EQ(y.data, (std::vector<float>{1, 2, 3, 4, 10, 20, 30, 40}));
}

TEST(Rows, with_channels_last_are_turned_once_or_never) {
  Model m;
  m.input("x", {1, 2, 3}).floats("w", {2, 2, 1}, {1, 2, 3, 4}).floats("m", {2, 1}, {1, 10});
  m.floats("b", {1}, {0.5f}).with("Conv", {"x", "w"}, "c");
  set_ints(m.node("Transpose", {"c"}, "t"), "perm", {0, 2, 1});
  m.with("MatMul", {"t", "m"}, "p").with("Add", {"p", "b"}, "s").with("Relu", {"s"}, "r");
  set_ints(m.node("Transpose", {"r"}, "back"), "perm", {0, 2, 1});
  m.with("GlobalAveragePool", {"back"}, "y").output("y");
  const Graph graph = m.import();
  EXPECT_THAT(ops_of(graph), testing::ElementsAre("reshape", "conv2d", "conv2d", "add", "relu",
                                                  "global_avg_pool", "reshape"));
  const Tensor y = evaluate(graph, {Tensor({1, 2, 3}, {1, 2, 3, 1, 1, 1})})[0];
  EXPECT_EQ(y.shape, (Shape{1, 1, 1}));
  // c = [3 4 5], [7 10 13]; times [1 10]: 73, 104, 135.
  EXPECT_FLOAT_EQ(y.data[0], 104.5f);
}

TEST(Rows, have_their_last_axis_by_either_number) {
  for (const int64_t axis : {2, -1}) {
    Model m(17);
    m.input("x", {1, 3, 2}).floats("s", {2}, {1, 1}).output("y");
    auto& attribute = *m.node("LayerNormalization", {"x", "s"}, "y").add_attribute();
    attribute.set_name("axis"), attribute.set_type(pb::AttributeProto::INT), attribute.set_i(axis);
    const Tensor y = evaluate(m.import(), {Tensor({1, 3, 2}, {1, 3, 5, 1, 0, 9})})[0];
    EXPECT_EQ(y.shape, (Shape{1, 3, 2}));
    const std::vector<float> expected{-1, 1, 1, -1, -1, 1};
    for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(y.data[i], expected[i], 1e-3) << i;
  }
}

TEST(Rows, and_a_constant_of_more_dimensions_are_refused) {
  Model m;
  m.input("x", {1, 3, 2}).floats("m", {2, 2}, {1, 2, 3, 4}).floats("c", {1, 1, 1, 2}, {1, 2});
  m.with("MatMul", {"x", "m"}, "p").with("Add", {"p", "c"}, "y").output("y");
  EXPECT_NE(m.error(), "no error");  // an Error, whatever it says
}

TEST(Rows, share_the_weights_that_two_layers_share) {
  Model m;
  m.input("x", {1, 1, 4}).floats("w", {1, 1, 3}, {1, 2, 3});
  set_ints(m.node("Conv", {"x", "w"}, "a"), "pads", {1, 1});
  set_ints(m.node("Conv", {"a", "w"}, "y"), "pads", {1, 1});
  m.output("y");
  const Graph graph = m.import();
  ASSERT_EQ(graph.nodes.size(), 4u);  // an image of rows, two layers, rows again
  EXPECT_EQ(graph.nodes[1].inputs[1], graph.nodes[2].inputs[1]);
}

TEST(Rows, have_lists_of_one_number) {
  Model m;
  m.input("x", {1, 1, 4}).floats("w", {1, 1, 3}, {1, 2, 3}).output("y");
  set_ints(m.node("Conv", {"x", "w"}, "y"), "strides", {1, 2});
  EXPECT_THAT(m.error(), HasSubstr("node y (Conv): strides has 2 entries, expected 1 (length)"));
  Model padded;
  padded.input("x", {1, 1, 4}).floats("w", {1, 1, 3}, {1, 2, 3}).output("y");
  set_ints(padded.node("Conv", {"x", "w"}, "y"), "pads", {0, 1, 0, 1});
  EXPECT_THAT(padded.error(), HasSubstr("pads has 4 entries, expected 2 (left, right)"));
}

TEST(Import, a_list_of_slopes_is_one_a_channel) {
  Model m(7);  // as PyTorch wrote them before opset 7
  m.input("x", {1, 2, 3, 1}).floats("s", {2}, {2, 3}).with("PRelu", {"x", "s"}, "y").output("y");
  const Tensor y = evaluate(m.import(), {Tensor({1, 2, 3, 1}, {1, -1, -2, 3, -1, 0})})[0];
  EXPECT_EQ(y.data, (std::vector<float>{1, -2, -4, 3, -3, 0}));
}

}  // namespace
}  // namespace netsuke::onnx
