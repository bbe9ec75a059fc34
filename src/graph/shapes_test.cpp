#include "graph/shapes.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "graph/builder.h"

namespace netsuke {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Shape shape(const Op& op, const std::vector<Shape>& in) { return output_shape(op, in, "n"); }

TEST(Shapes, convolution_counts_its_windows) {
  // SqueezeNet v1.0's first layer: 227 in, 7x7 stride 2, 111 out.
  EXPECT_EQ(shape(Conv2d{.stride = {2, 2}}, {{1, 3, 227, 227}, {96, 3, 7, 7}, {96}}),
            (Shape{1, 96, 111, 111}));
  EXPECT_EQ(shape(Conv2d{.pad = {1, 1, 1, 1}, .groups = 8}, {{4, 8, 5, 5}, {8, 1, 3, 3}}),
            (Shape{4, 8, 5, 5}));
  EXPECT_EQ(shape(Conv2d{.dilation = {2, 2}}, {{1, 1, 9, 9}, {1, 1, 3, 3}}), (Shape{1, 1, 5, 5}));
}

TEST(Shapes, ceil_pools_keep_a_last_partial_window_but_none_in_the_padding) {
  const MaxPool three{.kernel = {3, 3}, .stride = {2, 2}, .ceil = true};
  EXPECT_EQ(shape(three, {{1, 1, 111, 111}})[2], 55);
  EXPECT_EQ(shape(three, {{1, 1, 28, 28}})[2], 14);
  EXPECT_EQ(window_count(4, 2, 3, 1, 0, 1, true), 2);
  EXPECT_EQ(shape(three, {{1, 1, 2, 2}}), (Shape{1, 1, 1, 1})) << "a window that hangs over a smaller image";
  EXPECT_EQ(window_count(1, 3, 2, 1, 0, 0, true), 0) << "by a whole stride: PyTorch refuses it too";
  EXPECT_EQ(window_count(3, 1, 4, 1, 0, 2, true), 1) << "a window that starts in the far padding is dropped";
}

TEST(Shapes, arithmetic_repeats_dimensions_of_one) {
  EXPECT_EQ(shape(Mul{}, {{2, 3, 4, 5}, {2, 3, 1, 1}}), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(shape(Sub{}, {{3, 1, 1}, {2, 3, 4, 5}}), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(shape(Div{}, {{2, 3, 4, 5}, {}}), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(shape(Add{}, {{2, 3, 1, 5}, {2, 1, 4, 1}}), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(shape(PRelu{}, {{2, 3, 4, 5}, {3, 1, 1}}), (Shape{2, 3, 4, 5}));
}

TEST(Shapes, arithmetic_never_touches_the_batch) {
  const auto refused = [](const Shape& constant, const Op& op) {
    Builder b("g");
    const ValueId x = b.input("data", {3, 4, 4});
    const Graph g = b.finish({b.apply("layer7", op, {x, b.constant("c", Tensor(constant))})});
    EXPECT_THROW(infer_shapes(g), Error) << to_text(constant);
  };
  for (const Op& op : {Op(Add{}), Op(Mul{}), Op(Sub{}), Op(Div{})}) {
    refused({2, 3, 4, 4}, op);
    refused({1, 1, 3, 4, 4}, op);
  }
  Builder b("g");
  const ValueId x = b.input("data", {4, 4}), y = b.input("flat", {4});
  const Graph g = b.finish({b.apply("sum", Add{}, {x, y})});
  EXPECT_THROW(infer_shapes(g), Error);
}

TEST(Shapes, transposed_convolution_undoes_a_convolution) {
  const Conv2d down{.stride = {2, 3}, .pad = {1, 0, 1, 2}, .dilation = {1, 2}};
  const ConvTranspose2d up{.stride = {2, 3}, .pad = {1, 0, 1, 2}, .dilation = {1, 2}, .output_pad = {0, 1}};
  const Shape small = shape(down, {{1, 4, 9, 12}, {6, 4, 3, 3}});
  EXPECT_EQ(small, (Shape{1, 6, 5, 4}));
  EXPECT_EQ(shape(up, {small, {6, 4, 3, 3}}), (Shape{1, 4, 9, 13}));
}

TEST(Shapes, slices_count_their_steps) {
  const auto count = [](int begin, int end, int step) {
    return shape(Slice{2, begin, end, step}, {{1, 3, 10}})[2];
  };
  EXPECT_EQ(count(0, 10, 1), 10);
  EXPECT_EQ(count(1, 10, 4), 3);
  EXPECT_EQ(count(9, -1, -1), 10);
  EXPECT_EQ(count(9, 0, -3), 3);
  EXPECT_EQ(count(9, -1, -3), 4);
}

TEST(Shapes, what_does_not_fit_is_named) {
  const std::vector<std::pair<Op, std::vector<Shape>>> bad = {
      {Conv2d{}, {{1, 3, 8, 8}, {4, 2, 3, 3}}},
      {Conv2d{}, {{1, 3, 2, 2}, {4, 3, 3, 3}}},
      {Conv2d{.groups = 3}, {{1, 3, 8, 8}, {4, 1, 3, 3}}},
      {Conv2d{.stride = {0, 1}}, {{1, 3, 8, 8}, {4, 3, 3, 3}}},
      {Conv2d{}, {{1, 3, 8, 8}, {4, 3, 3, 3}, {5}}},
      {Linear{}, {{1, 5}, {10, 6}}},
      {Linear{}, {{1, 1, 5}, {10, 5}}},
      {MaxPool{.pad = {2, 0, 0, 0}}, {{1, 1, 8, 8}}},
      {Add{}, {{1, 2}, {1, 3}}},
      {Concat{}, {{1, 2, 4, 4}, {1, 2, 5, 4}}},
      {ChannelShuffle{.groups = 3}, {{1, 4, 2, 2}}},
      {Mul{}, {{1, 3, 4, 4}, {1, 2, 1, 1}}},
      {PRelu{}, {{1, 3, 1, 1}, {3, 4, 1}}},
      {LeakyRelu{kInfinity}, {{1, 3}}},
      {Clip{kNan, 1}, {{1, 3}}},
      {Pad{.value = kNan}, {{1, 1, 3, 3}}},
      {GlobalMaxPool{}, {{1, 3}}},
      {Slice{.axis = 0, .end = 1}, {{1, 3}}},
      {Slice{.axis = 2, .end = 1}, {{1, 3}}},
      {Slice{.end = 4}, {{1, 3}}},
      {Slice{.begin = 2, .end = 2}, {{1, 3}}},
      {Slice{.end = 3, .step = 0}, {{1, 3}}},
      {Slice{.begin = 3, .end = -1, .step = -1}, {{1, 3}}},
      {Slice{.begin = 2, .end = -2, .step = -1}, {{1, 3}}},
      {Slice{.begin = 1, .end = 1, .step = -1}, {{1, 3}}},
      {Pad{.pad = {-2, 0, -1, 0}}, {{1, 1, 3, 3}}},
      {Pad{.pad = {3, 0, 0, 0}, .mode = 1}, {{1, 1, 3, 3}}},
      {Pad{.mode = 3}, {{1, 1, 3, 3}}},
      {Transpose{{{1, 0}}}, {{1, 3}}},
      {Transpose{{{0, 1, 1}}}, {{1, 3, 3}}},
      {Transpose{{{0, 1}}}, {{1, 3, 3}}},
      {Transpose{}, {{1, 3}}},
      {Reshape{{{5}}}, {{1, 2, 3}}},
      {Reshape{{{-6}}}, {{1, 2, 3}}},
      {Reshape{{{1, 1, 1, 1, 1, 1, 1, 6}}}, {{1, 2, 3}}},
      {Resize{.size = {0, 1}}, {{1, 1, 3, 3}}},
      {Resize{.mode = 2}, {{1, 1, 3, 3}}},
      {Resize{.coordinates = 4}, {{1, 1, 3, 3}}},
      {Resize{.rounding = -1}, {{1, 1, 3, 3}}},
      {Resize{.size = {1 << 20, 1 << 20}}, {{1, 1, 3, 3}}},
      {DepthToSpace{}, {{1, 6, 2, 2}}},
      {DepthToSpace{.block = 0}, {{1, 4, 2, 2}}},
      {ConvTranspose2d{}, {{1, 3, 2, 2}, {4, 3, 3, 3}}},
      {ConvTranspose2d{.groups = 2}, {{1, 3, 2, 2}, {3, 3, 3, 3}}},
      {ConvTranspose2d{.output_pad = {1, 0}}, {{1, 3, 2, 2}, {3, 3, 3, 3}}},
      {ConvTranspose2d{.pad = {2, 0, 2, 0}}, {{1, 3, 2, 2}, {3, 3, 3, 3}}},
      {ConvTranspose2d{}, {{1, 3, 2, 2}, {3, 4, 3, 3}, {3}}},
  };
  for (const auto& [op, in] : bad) {
    try {
      output_shape(op, in, "layer7");
      ADD_FAILURE() << op_name(op) << " was accepted";
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("layer7"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace netsuke
