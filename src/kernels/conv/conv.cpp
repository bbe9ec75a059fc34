#include "kernels/conv/conv.h"

#include <cstring>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/conv.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

// Builds the panels of the matrix B[depth, pixels] of which column p holds all input values under the window
// of output pixel p (im2col), a block at a time, so that the matrix as a whole never exists.
class ImagePanels {
 public:
  // `padded` is the group's part of the padded image, readable for kLanes floats beyond its end.
  ImagePanels(const ConvShape& shape, const float* padded) : shape_(shape), padded_(padded) {}

  const float* operator()(const Block& block, size_t column, size_t columns) {
    find_runs(column, columns);
    const size_t window = shape_.kernel_h * shape_.kernel_w;
    size_t channel = block.start / window;
    size_t ky = block.start % window / shape_.kernel_w, kx = block.start % shape_.kernel_w;
    for (size_t i = 0; i < block.depth; ++i) {
      const size_t row = channel * shape_.padded_height() + ky * shape_.dilation_h;
      copy_runs(padded_ + row * shape_.padded_width() + kx * shape_.dilation_w, panel_ + i * kPanelWidth);
      if (++kx == shape_.kernel_w) kx = 0, ++ky;
      if (ky == shape_.kernel_h) ky = 0, ++channel;
    }
    return panel_;
  }

 private:
  // Neighbouring output pixels whose inputs are a constant step apart.
  struct Run {
    size_t to = 0;    // column in the panel
    size_t from = 0;  // offset in a padded plane of the first pixel's window
    size_t count = 0;
  };

  void find_runs(size_t column, size_t columns) {
    runs_ = 0;
    for (size_t done = 0; done < columns; done += run_[runs_++].count) {
      const size_t y = (column + done) / shape_.out_width, x = (column + done) % shape_.out_width;
      const size_t from = y * shape_.stride_h * shape_.padded_width() + x * shape_.stride_w;
      run_[runs_] = {done, from, std::min(columns - done, shape_.out_width - x)};
    }
  }

  void copy_runs(const float* HWY_RESTRICT from, float* HWY_RESTRICT to) const {
    for (size_t r = 0; r < runs_; ++r) {
      const Run& run = run_[r];
      if (shape_.stride_w == 1)
        copy_whole_vectors(from + run.from, run.count, to + run.to);
      else
        for (size_t i = 0; i < run.count; ++i) to[run.to + i] = from[run.from + i * shape_.stride_w];
    }
  }

  // May write past the run's end, where the next run or the panel's next row is still to be written.
  static void copy_whole_vectors(const float* HWY_RESTRICT from, size_t count, float* HWY_RESTRICT to) {
    const FloatTag d;
    for (size_t i = 0; i < count; i += kLanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  }

  const ConvShape& shape_;
  const float* padded_;
  size_t runs_ = 0;
  Run run_[kPanelWidth];
  // Columns beyond the last pixel keep what an earlier block left there; their sums are never stored.
  alignas(kCacheLine) float panel_[kBlockFloats + kLanes];
};

void pad_image(const ConvShape& shape, const float* image, float* padded) {
  const size_t height = shape.padded_height(), width = shape.padded_width();
  const size_t bottom = std::min(height, shape.pad_top + shape.height);
  const size_t right = std::min(width, shape.pad_left + shape.width);
  for (size_t c = 0; c < shape.channels; ++c) {
    for (size_t y = 0; y < height; ++y, padded += width) {
      if (y < shape.pad_top || y >= bottom || right <= shape.pad_left) {
        std::fill_n(padded, width, 0.0f);
        continue;
      }
      const float* row = image + (c * shape.height + y - shape.pad_top) * shape.width;
      std::fill_n(padded, shape.pad_left, 0.0f);
      std::copy_n(row, right - shape.pad_left, padded + shape.pad_left);
      std::fill_n(padded + right, width - right, 0.0f);
    }
  }
  std::fill_n(padded, kLanes, 0.0f);
}

void run_conv2d(const Convolution& conv, const float* image, float* out, size_t first, size_t last,
                float* padded) {
  const ConvShape& shape = conv.shape;
  pad_image(shape, image, padded);
  const size_t plane = shape.out_plane(), depth = shape.depth();
  const size_t group_outputs = shape.out_channels / shape.groups;
  const size_t group_image = shape.channels / shape.groups * shape.padded_height() * shape.padded_width();
  for (size_t g = 0; g < shape.groups; ++g) {
    const size_t output = g * group_outputs;
    ImagePanels panels(shape, padded + g * group_image);
    const Finish finish{conv.bias ? conv.bias + output : nullptr, nullptr, conv.clamp};
    product(group_outputs, depth, conv.weights + output * depth, depth, out + output * plane, plane, first,
            last, finish, panels);
  }
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_conv2d);

size_t conv2d_scratch(const ConvShape& shape) {
  constexpr size_t kLongestVector = 64;
  return shape.channels * shape.padded_height() * shape.padded_width() + kLongestVector;
}

void conv2d(const Convolution& conv, const float* image, float* out, size_t first_pixel, size_t last_pixel,
            float* scratch) {
  if (scalar_only()) return conv2d_scalar(conv, image, out, first_pixel, last_pixel);
  HWY_DYNAMIC_DISPATCH(run_conv2d)(conv, image, out, first_pixel, last_pixel, scratch);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
