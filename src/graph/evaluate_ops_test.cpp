// The ops of ONNX import: answers worked out by hand, or by a second formulation.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "graph/cost.h"
#include "graph/evaluate.h"
#include "graph/text.h"

namespace netsuke {
namespace {

using Values = std::vector<float>;

Tensor run(const Op& op, const std::vector<Tensor>& in) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& t : in) pointers.push_back(&t);
  return evaluate(op, pointers, "n");
}

Tensor random_tensor(Random& random, const Shape& shape) {
  Tensor t(shape);
  for (float& value : t.data) value = static_cast<float>(random.normal());
  return t;
}

// Row, in one channel.
Tensor row(const Values& values) { return Tensor({1, 1, 1, static_cast<int64_t>(values.size())}, values); }

TEST(Evaluate, arithmetic_repeats_what_is_small) {
  const Tensor x({1, 2, 1, 2}, {1, 2, 3, 4});
  EXPECT_EQ(run(Mul{}, {x, Tensor({1, 2, 1, 1}, {10, 100})}).data, (Values{10, 20, 300, 400}));
  EXPECT_EQ(run(Add{}, {x, Tensor({2}, {10, 100})}).data, (Values{11, 102, 13, 104}));
  EXPECT_EQ(run(Sub{}, {Tensor({}, {1}), x}).data, (Values{0, -1, -2, -3}));
  EXPECT_EQ(run(Div{}, {x, Tensor({2, 1, 1}, {2, 4})}).data, (Values{0.5f, 1, 0.75f, 1}));
  const Tensor images({2, 1, 2}, {1, 2, 3, 4}), rows({2, 3, 1}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run(Mul{}, {images, rows}).data, (Values{1, 2, 2, 4, 3, 6, 12, 16, 15, 20, 18, 24}));
}

TEST(Evaluate, activations) {
  const Tensor x({1, 4}, {-4, -1, 0.5f, 4});
  EXPECT_EQ(run(LeakyRelu{0.25f}, {x}).data, (Values{-1, -0.25f, 0.5f, 4}));
  EXPECT_EQ(run(PRelu{}, {x, Tensor({4}, {1, 2, 3, 4})}).data, (Values{-4, -2, 0.5f, 4}));
  EXPECT_EQ(run(HardSigmoid{0.25f, 0.5f}, {x}).data, (Values{0, 0.25f, 0.625f, 1}));
  EXPECT_EQ(run(HardSwish{}, {Tensor({1, 4}, {-4, 0, 3, 6})}).data, (Values{0, 0, 3, 6}));
  EXPECT_NEAR(run(HardSwish{}, {x}).data[1], -1.0 / 3, 1e-6);
  EXPECT_NEAR(run(Sigmoid{}, {x}).data[0], 1 / (1 + std::exp(4.0)), 1e-7);
  EXPECT_NEAR(run(Tanh{}, {x}).data[2], 0.46211716, 1e-7);
  EXPECT_EQ(run(Sigmoid{}, {Tensor({1, 2}, {-1e30f, 1e30f})}).data, (Values{0, 1}));
}

TEST(Evaluate, log_softmax_is_the_logarithm_of_softmax) {
  const Tensor out = run(LogSoftmax{}, {Tensor({1, 2}, {1000, 1000 + std::log(3.0f)})});
  EXPECT_NEAR(out.data[0], std::log(0.25), 1e-4);
  EXPECT_EQ(run(LogSoftmax{}, {Tensor({1, 2}, {0, -1000})}).data, (Values{0, -1000}))
      << "no logarithm of zero";
}

TEST(Evaluate, global_max_pool) {
  EXPECT_EQ(run(GlobalMaxPool{}, {Tensor({1, 2, 1, 2}, {-3, -1, 5, 4})}).data, (Values{-1, 5}));
}

TEST(Evaluate, SignOfZeroIsOne) {
  EXPECT_EQ(run(Sign{}, {row({-2, -0.0f, 0, 3})}).data, (Values{-1, 1, 1, 1}));
}

TEST(Evaluate, InputScaleIsTheMeanMagnitudeUnderTheWindow) {
  // Two channels, of which |x| has the mean 2, 4, 6; padding counts as 0.
  const Tensor x({1, 2, 1, 3}, {1, -4, 6, -3, 4, -6});
  EXPECT_EQ(run(InputScale{.kernel = {1, 3}, .pad = {0, 1, 0, 1}}, {x}),
            Tensor({1, 1, 1, 3}, {2, 4, 10.0f / 3}));
  EXPECT_EQ(run(InputScale{.kernel = {1, 1}, .stride = {1, 2}}, {x}), Tensor({1, 1, 1, 2}, {2, 6}));
  EXPECT_EQ(run(InputScale{}, {Tensor({2, 3}, {1, -2, 3, 0, 0, -3})}), Tensor({2, 1}, {2, 1}));
}

TEST(Evaluate, slice_takes_steps_in_both_directions) {
  const Tensor x({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run(Slice{.begin = 1, .end = 2}, {x}).data, (Values{4, 5, 6}));
  EXPECT_EQ(run(Slice{.axis = 2, .begin = 0, .end = 3, .step = 2}, {x}).data, (Values{1, 3, 4, 6}));
  EXPECT_EQ(run(Slice{.axis = 2, .begin = 2, .end = -1, .step = -1}, {x}).data, (Values{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(run(Slice{.begin = 1, .end = 0, .step = -1}, {x}).data, (Values{4, 5, 6}));
}

TEST(Evaluate, pad_fills_reflects_repeats_and_crops) {
  const Tensor x = row({1, 2, 3});
  EXPECT_EQ(run(Pad{.pad = {0, 1, 0, 2}, .value = 9}, {x}).data, (Values{9, 1, 2, 3, 9, 9}));
  EXPECT_EQ(run(Pad{.pad = {0, 2, 0, 1}, .mode = 1}, {x}).data, (Values{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(run(Pad{.pad = {0, 2, 0, 1}, .mode = 2}, {x}).data, (Values{1, 1, 1, 2, 3, 3}));
  EXPECT_EQ(run(Pad{.pad = {0, -1, 0, 1}, .value = 9}, {x}).data, (Values{2, 3, 9}));
  EXPECT_EQ(run(Pad{.pad = {1, 0, 0, -2}, .value = 9}, {x}).data, (Values{9, 1}));
}

TEST(Evaluate, transpose_and_reshape) {
  const Tensor x({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run(Transpose{{{0, 2, 1}}}, {x}), Tensor({1, 3, 2}, {1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(run(Reshape{{{3, 2}}}, {x}), Tensor({1, 3, 2}, {1, 2, 3, 4, 5, 6}));
  Random random(7);
  const Tensor y = random_tensor(random, {2, 3, 4, 5});
  EXPECT_EQ(run(Transpose{{{0, 3, 1, 2}}}, {run(Transpose{{{0, 2, 3, 1}}}, {y})}), y);
}

// The figures of ONNX's own examples of Resize.
TEST(Evaluate, resize_finds_the_nearest_pixel_by_its_rounding) {
  const Tensor x = row({1, 2, 3, 4});
  EXPECT_EQ(run(Resize{.size = {1, 8}}, {x}).data, (Values{1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(run(Resize{.size = {1, 2}}, {x}).data, (Values{1, 3})) << "0.5 and 2.5 prefer the floor";
  EXPECT_EQ(run(Resize{.size = {1, 2}, .rounding = 1}, {x}).data, (Values{2, 4}));
  EXPECT_EQ(run(Resize{.size = {1, 3}, .coordinates = 1, .rounding = 2}, {x}).data, (Values{1, 2, 3}));
  EXPECT_EQ(run(Resize{.size = {1, 3}, .coordinates = 1, .rounding = 3}, {x}).data, (Values{1, 3, 4}));
}

TEST(Evaluate, resize_is_linear_between_pixels) {
  const Tensor x = row({1, 2, 3, 4});
  EXPECT_EQ(run(Resize{.size = {1, 8}, .mode = 1}, {x}).data,
            (Values{1, 1.25f, 1.75f, 2.25f, 2.75f, 3.25f, 3.75f, 4}));
  EXPECT_EQ(run(Resize{.size = {1, 7}, .mode = 1, .coordinates = 2}, {x}).data,
            (Values{1, 1.5f, 2, 2.5f, 3, 3.5f, 4}));
  EXPECT_EQ(run(Resize{.size = {1, 8}, .mode = 1, .coordinates = 1}, {x}).data,
            (Values{1, 1.5f, 2, 2.5f, 3, 3.5f, 4, 4}));
  EXPECT_EQ(run(Resize{.size = {1, 1}, .mode = 1}, {x}).data, (Values{2.5f}));
  EXPECT_EQ(run(Resize{.size = {1, 1}, .mode = 1, .coordinates = 3}, {x}).data, (Values{1}));
  const Tensor square({1, 1, 2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(run(Resize{.size = {3, 3}, .mode = 1, .coordinates = 2}, {square}).data,
            (Values{1, 1.5f, 2, 2, 2.5f, 3, 3, 3.5f, 4}));
}

TEST(Evaluate, depth_to_space_in_both_orders) {
  const Tensor x({1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(run(DepthToSpace{}, {x}), Tensor({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7}));
  EXPECT_EQ(run(DepthToSpace{.crd = true}, {x}), Tensor({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Evaluate, transposed_convolution_spreads_its_weight) {
  const Tensor x = row({1, 10}), w({1, 1, 1, 3}, {1, 2, 3}), bias({1}, {0.5f});
  EXPECT_EQ(run(ConvTranspose2d{}, {x, w, bias}).data, (Values{1.5f, 12.5f, 23.5f, 30.5f}));
  EXPECT_EQ(run(ConvTranspose2d{.stride = {1, 2}}, {x, w}).data, (Values{1, 2, 13, 20, 30}));
  EXPECT_EQ(run(ConvTranspose2d{.stride = {1, 2}, .pad = {0, 1, 0, 1}, .output_pad = {0, 1}}, {x, w}).data,
            (Values{2, 13, 20, 30}));
  const Tensor two({1, 2, 1, 1}, {1, 10}), grouped({2, 1, 1, 1}, {2, 3});
  EXPECT_EQ(run(ConvTranspose2d{.groups = 2}, {two, grouped}).data, (Values{2, 30}));
}

// <conv(x, w), y> = <x, conv_transpose(y, w)>: what makes it the transpose, for any attributes.
TEST(Evaluate, transposed_convolution_is_the_adjoint_of_convolution) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const auto pick = [&](int least, int most) {
      return least + static_cast<int>(random.below(static_cast<uint64_t>(most - least + 1)));
    };
    const int groups = pick(1, 2);
    const Pair kernel{pick(1, 3), pick(1, 3)};
    Conv2d down{{pick(1, 3), pick(1, 3)}, {}, {pick(1, 2), pick(1, 2)}, groups};
    down.pad = {pick(0, kernel.h - 1), pick(0, kernel.w - 1), pick(0, kernel.h - 1), pick(0, kernel.w - 1)};
    const Tensor x = random_tensor(random, {2, groups * 2, pick(6, 9), pick(6, 9)});
    const Tensor w = random_tensor(random, {groups * 3, 2, kernel.h, kernel.w});
    const Tensor forward = run(down, {x, w}), y = random_tensor(random, forward.shape);
    // Rows and columns at the far edge that no window reaches.
    const auto rest = [&](size_t axis, int stride, int dilation, int size, int pads) {
      return static_cast<int>((x.dim(axis) + pads - dilation * (size - 1) - 1) % stride);
    };
    const ConvTranspose2d up{
        down.stride,
        down.pad,
        down.dilation,
        {rest(2, down.stride.h, down.dilation.h, kernel.h, down.pad.top + down.pad.bottom),
         rest(3, down.stride.w, down.dilation.w, kernel.w, down.pad.left + down.pad.right)},
        groups};
    const Tensor back = run(up, {y, w});
    ASSERT_EQ(back.shape, x.shape) << "seed " << seed;
    double forwards = 0, backwards = 0;
    for (size_t i = 0; i < y.size(); ++i) forwards += static_cast<double>(forward.data[i]) * y.data[i];
    for (size_t i = 0; i < x.size(); ++i) backwards += static_cast<double>(back.data[i]) * x.data[i];
    EXPECT_NEAR(forwards, backwards, 1e-3) << "seed " << seed;
  }
}

TEST(Cost, transposed_convolution_counts_each_input_value_times_its_row) {
  const Graph g = graph_from_text(
      "graph g\ninput x 1x4x5x6\nweight w 4x3x2x2\ny = conv_transpose2d(x, w) stride=2x2 groups=2\noutput y");
  EXPECT_EQ(total_macs(g), 4 * 5 * 6 * 3 * 2 * 2);
}

}  // namespace
}  // namespace netsuke
