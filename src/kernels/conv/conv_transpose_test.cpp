#include "kernels/conv/conv_transpose.h"

#include "kernels/conv/test_support.h"

namespace netsuke::kernels {
namespace {

ConvShape any_transposed(Random& random) {
  ConvShape s = any_conv(random);
  const auto out = [&](size_t in, size_t kernel, size_t stride, size_t dilation, size_t before) {
    const size_t all = (in - 1) * stride + (kernel - 1) * dilation + 1 + random.below(stride),
                 left_out = before + random.below(3);
    return all > left_out ? all - left_out : 0;
  };
  s.height = pick(random, 1, 8), s.width = pick(random, 1, 20);
  s.out_height = out(s.height, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top);
  s.out_width = out(s.width, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
  return s.out_height && s.out_width ? s : any_transposed(random);
}

TEST(ConvTranspose, EqualsItsScalarTwinHoweverItIsSplit) {
  on_every_level(300, [](Random& random) {
    const ConvShape s = any_transposed(random);
    const ConvProblem problem(s, random);
    const TransposedConv packed = pack_conv_transpose(s, problem.weights.data(), problem.bias);
    std::vector<float> scratch(conv_transpose_scratch(packed), NAN);
    const size_t row = pick(random, 0, s.out_height);
    const std::vector<float> fast = problem.solve([&](const ImageArguments& image) {
      conv_transpose(packed, image, 0, row, scratch.data());
      conv_transpose(packed, image, row, s.out_height, scratch.data());
    });
    const std::vector<float> slow = problem.solve([&](const ImageArguments& image) {
      conv_transpose_scalar(s, problem.weights.data(), problem.bias.empty() ? nullptr : problem.bias.data(),
                            image);
    });
    expect_near(fast, slow, 1e-4f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
