// The reference is the oracle of all else, so its answers here are worked out by hand.
#include "graph/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "graph/builder.h"

namespace netsuke {
namespace {

Tensor run(const Op& op, const std::vector<Tensor>& in) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& t : in) pointers.push_back(&t);
  return evaluate(op, pointers, "n");
}

const Tensor kNine({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});

TEST(Evaluate, convolution_is_a_correlation_with_padding_and_stride) {
  const Tensor kernel({1, 1, 2, 2}, {1, 10, 100, 1000}), bias({1}, {0.5f});
  EXPECT_EQ(run(Conv2d{}, {kNine, kernel, bias}).data,
            (std::vector<float>{5421.5f, 6532.5f, 8754.5f, 9865.5f}));
  const Tensor padded = run(Conv2d{.stride = {2, 2}, .pad = {1, 1, 0, 0}}, {kNine, kernel});
  EXPECT_EQ(padded.data, (std::vector<float>{1000, 3200, 7040, 9865}));
}

TEST(Evaluate, grouped_convolution_reads_only_its_own_channels) {
  const Tensor x({1, 2, 1, 1}, {3, 5}), w({2, 1, 1, 1}, {10, 100});
  EXPECT_EQ(run(Conv2d{.groups = 2}, {x, w}).data, (std::vector<float>{30, 500}));
}

TEST(Evaluate, dilated_convolution_skips_pixels) {
  EXPECT_EQ(run(Conv2d{.dilation = {2, 2}}, {kNine, Tensor({1, 1, 2, 2}, {1, 1, 1, 1})}).data,
            (std::vector<float>{20}));
}

TEST(Evaluate, linear_adds_its_bias) {
  const Tensor x({2, 2}, {1, 2, 3, 4}), w({1, 2}, {10, 1}), b({1}, {0.25f});
  EXPECT_EQ(run(Linear{}, {x, w, b}).data, (std::vector<float>{12.25f, 34.25f}));
}

TEST(Evaluate, batch_norm_uses_its_running_statistics) {
  const Tensor x({1, 2, 1, 1}, {3, 10}), scale({2}, {2, 1}), bias({2}, {1, 0}), mean({2}, {1, 10}),
      variance({2}, {4, 1});
  EXPECT_EQ(run(BatchNorm{0}, {x, scale, bias, mean, variance}).data, (std::vector<float>{3, 0}));
}

TEST(Evaluate, layer_norm_sees_the_channels_of_each_position) {
  const Tensor x({1, 2, 1, 2}, {1, 10, 3, 4}), scale({2}, {1, 2}), bias({2}, {0, 0.5f});
  EXPECT_EQ(run(LayerNorm{0}, {x, scale, bias}).data, (std::vector<float>{-1, 1, 2.5f, -1.5f}));
}

TEST(Evaluate, group_norm_sees_all_positions_of_its_channels) {
  const Tensor x({1, 4, 1, 2}, {1, 3, 1, 3, 10, 10, 30, 30}), scale({4}, {1, 2, 1, 1}),
      bias({4}, {0, 0.5f, 0, 7});
  EXPECT_EQ(run(GroupNorm{2, 0}, {x, scale, bias}).data,
            (std::vector<float>{-1, 1, -1.5f, 2.5f, -1, -1, 8, 8}));
  EXPECT_EQ(run(GroupNorm{4, 1}, {x, scale, bias}).data[4], 0) << "a constant channel is its bias";
  EXPECT_THROW(run(GroupNorm{3, 0}, {x, scale, bias}), Error);
}

TEST(Evaluate, max_pool_never_picks_padding_and_ceil_keeps_the_rest) {
  const Tensor negative({1, 1, 2, 2}, {-4, -3, -2, -1});
  EXPECT_EQ(run(MaxPool{.pad = {1, 1, 1, 1}}, {negative}).data, (std::vector<float>{-4, -3, -2, -1}));
  EXPECT_EQ(run(MaxPool{.ceil = true}, {kNine}).data, (std::vector<float>{5, 6, 8, 9}));
}

TEST(Evaluate, average_pool_counts_padding_only_when_asked) {
  const AvgPool plain{.pad = {1, 1, 0, 0}}, counting{.pad = {1, 1, 0, 0}, .count_pad = true};
  EXPECT_EQ(run(plain, {kNine}).data, (std::vector<float>{1, 2.5f, 5.5f, 7}));
  EXPECT_EQ(run(counting, {kNine}).data, (std::vector<float>{0.25f, 1.25f, 2.75f, 7}));
}

TEST(Evaluate, average_pool_with_ceil_divides_by_what_lies_inside_the_padded_image) {
  const AvgPool op{.ceil = true, .count_pad = true};
  EXPECT_EQ(run(op, {kNine}).data, (std::vector<float>{3, 4.5f, 7.5f, 9}));
}

TEST(Evaluate, softmax_sums_to_one_and_survives_large_scores) {
  const Tensor out = run(Softmax{}, {Tensor({1, 2}, {1000, 1000 + std::log(3.0f)})});
  EXPECT_NEAR(out.data[0], 0.25, 1e-4);
  EXPECT_NEAR(out.data[1], 0.75, 1e-4);
}

TEST(Evaluate, channel_shuffle_transposes_groups) {
  const Tensor x({1, 6, 1, 1}, {0, 1, 2, 3, 4, 5});
  EXPECT_EQ(run(ChannelShuffle{.groups = 2}, {x}).data, (std::vector<float>{0, 3, 1, 4, 2, 5}));
}

TEST(Evaluate, concat_joins_channels_image_by_image) {
  const Tensor a({2, 1, 1, 1}, {1, 2}), b({2, 2, 1, 1}, {3, 4, 5, 6});
  EXPECT_EQ(run(Concat{}, {a, b}).data, (std::vector<float>{1, 3, 4, 2, 5, 6}));
  EXPECT_EQ(run(Concat{}, {Tensor({1, 1, 1, 1}, {9}), b}).data, (std::vector<float>{9, 3, 4, 9, 5, 6}))
      << "a constant has a batch of one";
}

TEST(Evaluate, lrn_divides_by_its_neighbours) {
  const Tensor x({1, 3, 1, 1}, {1, 2, 3});
  const Tensor out = run(Lrn{.size = 3, .alpha = 3, .beta = 1, .k = 1}, {x});
  EXPECT_NEAR(out.data[0], 1.0 / (1 + 1 + 4), 1e-6);
  EXPECT_NEAR(out.data[1], 2.0 / (1 + 1 + 4 + 9), 1e-6);
}

TEST(Evaluate, elementwise_ops) {
  const Tensor x({1, 3}, {-1, 2, 9});
  EXPECT_EQ(run(Relu{}, {x}).data, (std::vector<float>{0, 2, 9}));
  EXPECT_EQ(run(Clip{0, 6}, {x}).data, (std::vector<float>{0, 2, 6}));
  EXPECT_EQ(run(Add{}, {x, x}).data, (std::vector<float>{-2, 4, 18}));
  EXPECT_EQ(run(Dropout{}, {x}).data, x.data);
  EXPECT_EQ(run(GlobalAvgPool{}, {kNine}).data, (std::vector<float>{5}));
  EXPECT_EQ(run(Flatten{}, {kNine}).shape, (Shape{1, 9}));
}

TEST(Evaluate, a_graph_runs_node_by_node) {
  Builder b("tiny");
  const ValueId x = b.input("data", {1, 3, 3});
  const ValueId w = b.constant("c.weight", Tensor({1, 1, 2, 2}, {1, 0, 0, -1}));
  const ValueId c = b.apply("c", Conv2d{}, {x, w});
  const Graph g = b.finish({b.apply("r", Relu{}, {c})});
  EXPECT_EQ(evaluate(g, {kNine})[0].data, (std::vector<float>{0, 0, 0, 0}));
  EXPECT_THROW(evaluate(g, {}), Error);
}

}  // namespace
}  // namespace netsuke
