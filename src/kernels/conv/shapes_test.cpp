// The layers that the benchmarks time, cut down to small images: every kernel computes them right.
#include "kernels/conv/conv.h"
#include "kernels/conv/test_support.h"
#include "kernels/sparse/sparse_conv.h"
#include "kernels/winograd/winograd.h"
#include "shapes/shape_lines.h"

namespace netsuke::kernels {
namespace {

// The slow twin takes a nanosecond or so for each.
constexpr size_t kMostMacs = 40'000'000;

bool cut_down(ConvShape& s) {
  s.height = std::min(s.height, s.kernel_h + 6 * s.stride_h),
  s.width = std::min(s.width, s.kernel_w + 6 * s.stride_w);
  return set_out_size(s, s.pad_top, s.pad_left) && s.out_plane() * s.out_channels * s.depth() <= kMostMacs;
}

std::vector<float> sparse(const ConvShape& s, const ConvProblem& problem) {
  std::vector<uint32_t> positions(problem.weights.size());
  for (uint32_t i = 0; i < positions.size(); ++i) positions[i] = i;
  const SparseConvWeights packed = pack_sparse_conv(s, positions, problem.weights, problem.bias);
  std::vector<float> scratch(sparse_conv_scratch(s));
  return problem.solve([&](const ImageArguments& image) {
    sparse_conv(s, packed, image, 0, sparse_conv_tiles(s), scratch.data());
  });
}

std::vector<float> winograd_of(const ConvShape& s, const ConvProblem& problem, size_t m) {
  const WinogradWeights packed = pack_winograd(s, problem.weights.data(), problem.bias, m);
  std::vector<float> scratch(winograd_scratch(s, m, winograd_tiles(s, m)));
  return problem.solve([&](const ImageArguments& image) {
    winograd(s, packed, image, {0, winograd_tiles(s, m), 0, packed.panels()}, scratch.data());
  });
}

TEST(Shapes, OfTheBenchmarksAreComputedRight) {
  Random random(1);
  size_t checked = 0;
  for (bench::ShapeLine& line : bench::read_shapes(NETSUKE_SHAPES)) {
    ConvShape& s = line.shape;
    if (s.is_depthwise() || !cut_down(s)) continue;
    SCOPED_TRACE(line.text);
    const ConvProblem problem(s, random);
    const std::vector<float> slow = problem.solve_slowly();
    const float tolerance = 1e-5f * static_cast<float>(s.depth());
    const ConvWeights packed = pack_conv(s, problem.weights.data(), problem.bias);
    std::vector<float> scratch(conv2d_scratch(s));
    expect_near(problem.solve([&](const ImageArguments& image) {
      conv2d(s, packed, image, {0, s.out_plane(), 0, packed.panels()}, scratch.data());
    }),
                slow, tolerance);
    expect_near(sparse(s, problem), slow, tolerance);
    for (size_t m : {size_t{2}, size_t{4}, size_t{6}})
      if (winograd_fits(s, m)) expect_near(winograd_of(s, problem, m), slow, tolerance);
    ++checked;
  }
  EXPECT_GT(checked, 100u);
}

}  // namespace
}  // namespace netsuke::kernels
