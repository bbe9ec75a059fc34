// Where a pooling window lies.
#pragma once

#include <algorithm>

#include "kernels/pool/image_pool.h"

namespace netsuke::kernels {

/// Rows or columns [first, last) of a plane.
struct Span {
  size_t first = 0, last = 0;
};

/// The part of window number `index` that lies inside of a plane of `size` rows (or columns).
inline Span window_span(size_t index, size_t stride, size_t kernel, size_t pad, size_t size) {
  const size_t start = index * stride;  // counted from the padding's edge
  const size_t last = std::min(start + kernel, size + pad);
  return {std::max(start, pad) - pad, last < pad ? 0 : last - pad};
}

/// What an average is divided by.
inline float window_area(const PoolShape& s, size_t out_y, size_t out_x) {
  const Span rows = s.count_pad
                        ? window_span(out_y, s.stride_h, s.kernel_h, 0, s.pad_top + s.height + s.pad_bottom)
                        : window_span(out_y, s.stride_h, s.kernel_h, s.pad_top, s.height);
  const Span columns = s.count_pad
                           ? window_span(out_x, s.stride_w, s.kernel_w, 0, s.pad_left + s.width + s.pad_right)
                           : window_span(out_x, s.stride_w, s.kernel_w, s.pad_left, s.width);
  return static_cast<float>((rows.last - rows.first) * (columns.last - columns.first));
}

/// Length of a row with padding, as far as windows reach.
inline size_t padded_row(const PoolShape& s) {
  return std::max((s.out_width - 1) * s.stride_w + s.kernel_w, s.pad_left + 1);
}

/// Floats that may be read or written beyond a row's end because vectors are read and written whole.
inline constexpr size_t kRowSlack = 64;

}  // namespace netsuke::kernels
