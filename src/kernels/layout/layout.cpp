#include "kernels/layout/layout.h"

#include <algorithm>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layout/layout.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/channels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A block is one cache line of pixels times one of channels, so that lines of either side are used up while
// they are near.
inline constexpr size_t kBlock = 16;

inline void transpose_values(const float* HWY_RESTRICT in, size_t in_step, size_t rows, size_t columns,
                             float* HWY_RESTRICT out, size_t out_step) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c) out[c * out_step + r] = in[r * in_step + c];
}

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void transpose4(const float* in, size_t in_step, float* out, size_t out_step) {
  transpose_values(in, in_step, 4, 4, out, out_step);
}
#else
HWY_INLINE void transpose4(const float* HWY_RESTRICT in, size_t in_step, float* HWY_RESTRICT out,
                           size_t out_step) {
  const channels::Four d;
  const hn::Repartition<double, channels::Four> pairs;
  const auto a = hn::LoadU(d, in), b = hn::LoadU(d, in + in_step);
  const auto e = hn::LoadU(d, in + 2 * in_step), f = hn::LoadU(d, in + 3 * in_step);
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(d, a, b)),
             ab_high = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b)),
             ef_low = hn::BitCast(pairs, hn::InterleaveLower(d, e, f)),
             ef_high = hn::BitCast(pairs, hn::InterleaveUpper(d, e, f));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_low, ef_low)), d, out);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_low, ef_low)), d, out + out_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab_high, ef_high)), d, out + 2 * out_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab_high, ef_high)), d, out + 3 * out_step);
}
#endif

// out[c][r] = in[r][c]; steps are those between rows.
inline void transpose_block(const float* HWY_RESTRICT in, size_t in_step, size_t rows, size_t columns,
                            float* HWY_RESTRICT out, size_t out_step) {
  const size_t whole_rows = rows / 4 * 4, whole_columns = columns / 4 * 4;
  for (size_t r = 0; r < whole_rows; r += 4) {
    for (size_t c = 0; c < whole_columns; c += 4)
      transpose4(in + r * in_step + c, in_step, out + c * out_step + r, out_step);
  }
  transpose_values(in + whole_columns, in_step, whole_rows, columns - whole_columns,
                   out + whole_columns * out_step, out_step);
  transpose_values(in + whole_rows * in_step, in_step, rows - whole_rows, columns, out + whole_rows,
                   out_step);
}

// Pictures: three planes to red, green, blue.
size_t interleave_colours(const float* in, size_t pixels, float* out, size_t first, size_t last) {
  const channels::Wide d;
  for (; first + hn::Lanes(d) <= last; first += hn::Lanes(d))
    hn::StoreInterleaved3(hn::LoadU(d, in + first), hn::LoadU(d, in + pixels + first),
                          hn::LoadU(d, in + 2 * pixels + first), d, out + 3 * first);
  return first;
}

void run_to_nhwc(const float* in, size_t channels, size_t pixels, float* out, size_t out_stride, size_t first,
                 size_t last) {
  if (channels == 3 && out_stride == 3) first = interleave_colours(in, pixels, out, first, last);
  for (size_t p = first; p < last; p += kBlock)
    for (size_t c = 0; c < channels; c += kBlock)
      transpose_block(in + c * pixels + p, pixels, std::min(kBlock, channels - c), std::min(kBlock, last - p),
                      out + p * out_stride + c, out_stride);
}

void run_to_nchw(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out, size_t first,
                 size_t last) {
  for (size_t p = first; p < last; p += kBlock)
    for (size_t c = 0; c < channels; c += kBlock)
      transpose_block(in + p * in_stride + c, in_stride, std::min(kBlock, last - p),
                      std::min(kBlock, channels - c), out + c * pixels + p, pixels);
}

void run_copy_channels(const float* in, size_t in_stride, size_t channels, float* out, size_t out_stride,
                       size_t first, size_t last) {
  for (size_t p = first; p < last; ++p) {
    const float* HWY_RESTRICT from = in + p * in_stride;
    float* HWY_RESTRICT to = out + p * out_stride;
    channels::cover(channels, [&](auto d, size_t c) { hn::StoreU(hn::LoadU(d, from + c), d, to + c); });
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_to_nhwc);
HWY_EXPORT(run_to_nchw);
HWY_EXPORT(run_copy_channels);

void to_nhwc(const float* in, size_t channels, size_t pixels, float* out, size_t out_stride, size_t first,
             size_t last) {
  if (scalar_only()) return to_nhwc_scalar(in, channels, pixels, out, out_stride, first, last);
  HWY_DYNAMIC_DISPATCH(run_to_nhwc)(in, channels, pixels, out, out_stride, first, last);
}

void to_nchw(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out, size_t first,
             size_t last) {
  if (scalar_only()) return to_nchw_scalar(in, in_stride, channels, pixels, out, first, last);
  HWY_DYNAMIC_DISPATCH(run_to_nchw)(in, in_stride, channels, pixels, out, first, last);
}

void copy_channels(const float* in, size_t in_stride, size_t channels, float* out, size_t out_stride,
                   size_t first, size_t last) {
  if (in_stride == channels && out_stride == channels) {
    std::copy(in + first * channels, in + last * channels, out + first * channels);
    return;
  }
  if (scalar_only()) return copy_channels_scalar(in, in_stride, channels, out, out_stride, first, last);
  HWY_DYNAMIC_DISPATCH(run_copy_channels)(in, in_stride, channels, out, out_stride, first, last);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
