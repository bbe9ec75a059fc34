// Finds what lies under a convolution's windows, for kernels that read images by pointers ("indirect
// convolution", Dukhan, arXiv 1907.02129).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/aligned.h"
#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// An NHWC image of any type.
template <class T>
struct Pixels {
  const T* at = nullptr;
  size_t stride = 0;           ///< T's between pixels
  const T* outside = nullptr;  ///< a pixel of zeros: what is seen beside the image
};

/// Pixels whose windows a TapTable holds at once: enough that a strip of weights, once in the first-level
/// cache, is used often; few enough that the table stays there too.
inline constexpr size_t kTapPixels = 96;

/// The windows of some pixels.
template <class T>
class TapTable {
 public:
  /// Floats of memory that a table takes.
  static size_t scratch(const ConvShape& s) {
    const size_t entries = s.kernel_h * s.kernel_w * kTapPixels;
    return (entries * (sizeof(const T*) + sizeof(uint32_t)) + kCacheLine) / sizeof(float);
  }

  TapTable(const ConvShape& shape, const Pixels<T>& image, float* scratch)
      : shape_(shape),
        image_(image),
        taps_(shape.kernel_h * shape.kernel_w),
        rows_(reinterpret_cast<const T**>(scratch)),
        outside_(reinterpret_cast<uint32_t*>(rows_ + taps_ * kTapPixels)) {}

  /// Finds the windows of `count` output pixels, at most kTapPixels, from `first` on: row by row of the
  /// output.
  void find(size_t first, size_t count) {
    count_ = count;
    size_t y = first / shape_.out_width, x = first % shape_.out_width;
    for (size_t i = 0; i < count; ++y, x = 0) {
      const size_t run = std::min(count - i, shape_.out_width - x);
      find_run(y, x, run, i);
      i += run;
    }
  }

  size_t taps() const { return taps_; }
  /// Tap t of pixel i is at [t * step() + i].
  const T* const* rows() const { return rows_; }
  size_t step() const { return count_; }
  /// How many taps of pixel i lie inside of the image.
  size_t inside(size_t i) const { return inside_[i]; }
  /// Those that do not.
  std::span<const uint32_t> outside(size_t i) const { return {outside_ + i * taps_, taps_ - inside_[i]}; }

 private:
  // Pixels [x, x + run) of output row y, which are those of the table from `i` on. Unsigned wrap-around makes
  // a position left of or above the image a very large one.
  void find_run(size_t y, size_t x, size_t run, size_t i) {
    const ConvShape& s = shape_;
    const T** to = rows_ + i;
    for (size_t ky = 0; ky < s.kernel_h; ++ky) {
      const size_t in_y = y * s.stride_h + ky * s.dilation_h - s.pad_top;
      for (size_t kx = 0; kx < s.kernel_w; ++kx, to += count_) {
        const size_t in_x = x * s.stride_w + kx * s.dilation_w - s.pad_left;
        if (in_y < s.height)
          find_tap(in_y, in_x, run, to);
        else
          std::fill_n(to, run, image_.outside);
      }
    }
    const bool rows_inside = is_inside(y * s.stride_h, s.pad_top, (s.kernel_h - 1) * s.dilation_h, s.height);
    const size_t reach = (s.kernel_w - 1) * s.dilation_w;
    for (; run > 0; --run, ++x, ++i) {
      inside_[i] = static_cast<uint32_t>(taps_);
      if (!rows_inside || !is_inside(x * s.stride_w, s.pad_left, reach, s.width)) list_outside(i);
    }
  }

  // One tap of neighbouring output pixels.
  void find_tap(size_t in_y, size_t in_x, size_t run, const T** to) const {
    const size_t row = in_y * shape_.width;
    for (size_t j = 0; j < run; ++j, in_x += shape_.stride_w)
      to[j] = in_x < shape_.width ? image_.at + (row + in_x) * image_.stride : image_.outside;
  }

  static bool is_inside(size_t start, size_t pad, size_t reach, size_t size) {
    return start >= pad && start - pad + reach < size;
  }

  // Without a branch, which nobody could predict.
  void list_outside(size_t i) {
    uint32_t* const list = outside_ + i * taps_;
    size_t count = 0;
    for (size_t tap = 0; tap < taps_; ++tap) {
      list[count] = static_cast<uint32_t>(tap);
      count += rows_[tap * count_ + i] == image_.outside;
    }
    inside_[i] = static_cast<uint32_t>(taps_ - count);
  }

  const ConvShape& shape_;
  const Pixels<T> image_;
  const size_t taps_;
  const T** rows_;
  uint32_t* outside_;
  size_t count_ = 0;
  uint32_t inside_[kTapPixels] = {};
};

/// Calls work(first, count) for pieces of [first, last), none above `most`, of sizes that differ by 1 at
/// most.
template <class Work>
void in_even_pieces(size_t first, size_t last, size_t most, const Work& work) {
  if (first >= last) return;
  const size_t pieces = (last - first + most - 1) / most;
  const size_t size = (last - first) / pieces, larger = (last - first) % pieces;
  for (size_t i = 0; i < pieces; ++i) {
    const size_t count = size + (i < larger);
    work(first, count);
    first += count;
  }
}

}  // namespace netsuke::kernels
