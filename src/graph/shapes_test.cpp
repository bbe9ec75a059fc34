#include "graph/shapes.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace netsuke {
namespace {

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
  EXPECT_EQ(window_count(3, 1, 4, 1, 0, 2, true), 1) << "a window that starts in the far padding is dropped";
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
