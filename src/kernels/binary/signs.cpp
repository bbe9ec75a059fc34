#include "kernels/binary/signs.h"

#include <algorithm>
#include <cstring>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/binary/signs.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

// Channels [c, c + count) of a pixel; where kNormed, scaled and shifted.
template <bool kNormed>
HWY_INLINE hn::Vec<FloatTag> values_at(FloatTag d, const RealPixels& image, const float* pixel, size_t c,
                                       size_t count) {
  const auto x = load_first(d, pixel + c, count);
  if (!kNormed) return x;
  const auto scale = image.scale ? load_first(d, image.scale + c, count) : hn::Set(d, 1.0f);
  const auto shift = image.shift ? load_first(d, image.shift + c, count) : hn::Zero(d);
  return hn::MulAdd(x, scale, shift);
}

// A bit for each lane that is 0 or more.
HWY_INLINE uint64_t sign_bits(FloatTag d, hn::Vec<FloatTag> x) {
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(d, hn::Ge(x, hn::Zero(d)), bytes);
  uint64_t bits;
  std::memcpy(&bits, bytes, sizeof(bits));
  return bits;
}

// The signs of channels [c, c + 64).
template <bool kNormed>
HWY_INLINE uint64_t whole_word(const RealPixels& image, const float* pixel, size_t c) {
  const FloatTag d;
  uint64_t bits = 0;
  HWY_UNROLL(16)
  for (size_t i = 0; i < 64; i += kLanes)
    bits |= sign_bits(d, values_at<kNormed>(d, image, pixel, c + i, kLanes)) << i;
  return bits;
}

// The signs of channels [c, end), fewer than 64.
template <bool kNormed>
HWY_INLINE uint64_t last_word(const RealPixels& image, const float* pixel, size_t c, size_t end) {
  const FloatTag d;
  uint64_t bits = 0;
  for (size_t i = 0; c + i < end; i += kLanes)
    bits |= sign_bits(d, values_at<kNormed>(d, image, pixel, c + i, std::min(kLanes, end - c - i))) << i;
  return bits & ((uint64_t{1} << (end - c)) - 1);
}

template <bool kNormed>
HWY_NOINLINE void pack_all(const RealPixels& image, uint64_t* out) {
  const size_t whole = image.channels / 64 * 64;
  for (size_t p = 0; p < image.pixels; ++p) {
    const float* pixel = image.in + p * image.in_stride;
    for (size_t c = 0; c < whole; c += 64) *out++ = whole_word<kNormed>(image, pixel, c);
    if (whole < image.channels) *out++ = last_word<kNormed>(image, pixel, whole, image.channels);
  }
}

void run_pack_signs(const RealPixels& image, uint64_t* out) {
  if (image.scale || image.shift)
    pack_all<true>(image, out);
  else
    pack_all<false>(image, out);
}

void run_mean_abs(const RealPixels& image, float* out) {
  const FloatTag d;
  const float factor = 1.0f / static_cast<float>(image.channels);
  for (size_t p = 0; p < image.pixels; ++p) {
    const float* pixel = image.in + p * image.in_stride;
    auto sum = hn::Zero(d);
    for (size_t c = 0; c < image.channels; c += kLanes)
      sum = hn::Add(sum, hn::Abs(values_at<true>(d, image, pixel, c, std::min(kLanes, image.channels - c))));
    out[p] = hn::GetLane(hn::SumOfLanes(d, sum)) * factor;
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_pack_signs);
HWY_EXPORT(run_mean_abs);

void pack_signs(const RealPixels& image, uint64_t* out) {
  if (scalar_only()) return pack_signs_scalar(image, out);
  HWY_DYNAMIC_DISPATCH(run_pack_signs)(image, out);
}

void mean_abs(const RealPixels& image, float* out) {
  if (scalar_only()) return mean_abs_scalar(image, out);
  HWY_DYNAMIC_DISPATCH(run_mean_abs)(image, out);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
