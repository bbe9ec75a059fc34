#include "kernels/pool/image_pool.h"

#include <algorithm>
#include <limits>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool/image_pool.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/channels-inl.h"
#include "kernels/pool/pool_window.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

struct Largest {
  static constexpr float kNone = -std::numeric_limits<float>::infinity();
  // NaN where either is: see clamp-inl.h for what Max makes of it.
  template <class V>
  static HWY_INLINE V join(V a, V b) {
#if HWY_ARCH_X86
    return hn::Or(hn::Max(a, b), hn::Max(b, a));
#else
    return hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::IsNaN(b)), b, a);
#endif
  }
};

struct Sum {
  static constexpr float kNone = 0;
  template <class V>
  static HWY_INLINE V join(V a, V b) {
    return hn::Add(a, b);
  }
};

// The part of an image under one window.
struct Window {
  const float* in;  // its first pixel
  size_t rows, columns;
  size_t pixel_step, row_step;
};

inline Window window_at(const PoolShape& s, const float* in, size_t in_stride, size_t out_y, size_t out_x) {
  const Span rows = window_span(out_y, s.stride_h, s.kernel_h, s.pad_top, s.height);
  const Span columns = window_span(out_x, s.stride_w, s.kernel_w, s.pad_left, s.width);
  // One that hangs over an edge as a whole has no first pixel.
  if (rows.first >= rows.last || columns.first >= columns.last) return {in, 0, 0, 0, 0};
  return {in + (rows.first * s.width + columns.first) * in_stride, rows.last - rows.first,
          columns.last - columns.first, in_stride, s.width * in_stride};
}

// kDeep vectors of channels from `c` on, joined over a window.
template <class Join, size_t kDeep, class D>
HWY_INLINE void join_window(D d, const Window& window, size_t c, hn::Vec<D> (&joined)[kDeep]) {
  HWY_UNROLL(8)
  for (size_t v = 0; v < kDeep; ++v) joined[v] = hn::Set(d, Join::kNone);
  for (size_t y = 0; y < window.rows; ++y) {
    const float* HWY_RESTRICT from = window.in + y * window.row_step + c;
    for (size_t x = 0; x < window.columns; ++x, from += window.pixel_step) {
      HWY_UNROLL(8)
      for (size_t v = 0; v < kDeep; ++v)
        joined[v] = Join::join(joined[v], hn::LoadU(d, from + v * hn::Lanes(d)));
    }
  }
}

// All channels of a window times `scale`. Four vectors at a time keep both units busy and the loops' cost
// low.
template <class Join>
HWY_INLINE void pool_window(const Window& window, size_t channels, float scale, float* HWY_RESTRICT out) {
  constexpr size_t kDeep = 4;
  const channels::Wide wide;
  const size_t lanes = hn::Lanes(wide);
  size_t c = 0;
  for (; c + kDeep * lanes <= channels; c += kDeep * lanes) {
    hn::Vec<channels::Wide> joined[kDeep];
    join_window<Join>(wide, window, c, joined);
    HWY_UNROLL(8)
    for (size_t v = 0; v < kDeep; ++v)
      hn::StoreU(hn::Mul(joined[v], hn::Set(wide, scale)), wide, out + c + v * lanes);
  }
  if (c == channels) return;
  channels::cover(channels - c, [&](auto d, size_t rest) {
    hn::Vec<decltype(d)> joined[1];
    join_window<Join>(d, window, c + rest, joined);
    hn::StoreU(hn::Mul(joined[0], hn::Set(d, scale)), d, out + c + rest);
  });
}

void run_image_max_pool(const PoolShape& shape, size_t channels, const float* in, size_t in_stride,
                        float* out, size_t out_stride, size_t first_row, size_t last_row) {
  for (size_t y = first_row; y < last_row; ++y)
    for (size_t x = 0; x < shape.out_width; ++x)
      pool_window<Largest>(window_at(shape, in, in_stride, y, x), channels, 1.0f,
                           out + (y * shape.out_width + x) * out_stride);
}

void run_image_avg_pool(const PoolShape& shape, size_t channels, const float* in, size_t in_stride,
                        float* out, size_t out_stride, size_t first_row, size_t last_row) {
  for (size_t y = first_row; y < last_row; ++y)
    for (size_t x = 0; x < shape.out_width; ++x)
      pool_window<Sum>(window_at(shape, in, in_stride, y, x), channels, 1.0f / window_area(shape, y, x),
                       out + (y * shape.out_width + x) * out_stride);
}

// Pixels that are summed before they are added to the sums of others: a float that grows with every one of
// many thousands would lose their last digits.
inline constexpr size_t kRun = 128;

// The whole image is one window, cut into runs of kRun pixels.
template <class Join>
void pool_image(const float* in, size_t in_stride, size_t channels, size_t pixels, float* HWY_RESTRICT out) {
  pool_window<Join>({in, 1, std::min(kRun, pixels), in_stride, 0}, channels, 1.0f, out);
  for (size_t first = kRun; first < pixels; first += kRun) {
    const Window run{in + first * in_stride, 1, std::min(kRun, pixels - first), in_stride, 0};
    channels::visit(channels, [&](auto d, size_t c) {
      hn::Vec<decltype(d)> joined[1];
      join_window<Join>(d, run, c, joined);
      hn::StoreU(Join::join(hn::LoadU(d, out + c), joined[0]), d, out + c);
    });
  }
}

void run_image_means(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out) {
  pool_image<Sum>(in, in_stride, channels, pixels, out);
  for (size_t c = 0; c < channels; ++c) out[c] /= static_cast<float>(pixels);
}

void run_image_maxima(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out) {
  pool_image<Largest>(in, in_stride, channels, pixels, out);
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_image_max_pool);
HWY_EXPORT(run_image_avg_pool);
HWY_EXPORT(run_image_means);
HWY_EXPORT(run_image_maxima);

void image_max_pool(const PoolShape& shape, size_t channels, const float* in, size_t in_stride, float* out,
                    size_t out_stride, size_t first_row, size_t last_row) {
  if (scalar_only())
    return image_max_pool_scalar(shape, channels, in, in_stride, out, out_stride, first_row, last_row);
  HWY_DYNAMIC_DISPATCH(run_image_max_pool)
  (shape, channels, in, in_stride, out, out_stride, first_row, last_row);
}

void image_avg_pool(const PoolShape& shape, size_t channels, const float* in, size_t in_stride, float* out,
                    size_t out_stride, size_t first_row, size_t last_row) {
  if (scalar_only())
    return image_avg_pool_scalar(shape, channels, in, in_stride, out, out_stride, first_row, last_row);
  HWY_DYNAMIC_DISPATCH(run_image_avg_pool)
  (shape, channels, in, in_stride, out, out_stride, first_row, last_row);
}

void image_means(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out) {
  if (scalar_only()) return image_means_scalar(in, in_stride, channels, pixels, out);
  HWY_DYNAMIC_DISPATCH(run_image_means)(in, in_stride, channels, pixels, out);
}

void image_maxima(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out) {
  if (scalar_only()) return image_maxima_scalar(in, in_stride, channels, pixels, out);
  HWY_DYNAMIC_DISPATCH(run_image_maxima)(in, in_stride, channels, pixels, out);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
