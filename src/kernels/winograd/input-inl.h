// Winograd's transform of the input, B^T d B: of the convolution, and of the gradient of its weights.

#if defined(NETSUKE_KERNELS_WINOGRAD_INPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_WINOGRAD_INPUT_INL_H_
#undef NETSUKE_KERNELS_WINOGRAD_INPUT_INL_H_
#else
#define NETSUKE_KERNELS_WINOGRAD_INPUT_INL_H_
#endif

#include "kernels/channels-inl.h"
#include "kernels/gemm/gemm-inl.h"
#include "kernels/winograd/transform.h"
#include "kernels/winograd/winograd.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE::winograd_input {

using V = hn::Vec<FloatTag>;

// The first column from kFrom on, in steps of kStep, where a row is not zero; the row's length if there is
// none.
template <size_t kSize>
constexpr size_t next_nonzero(const float (&row)[kSize], size_t from, size_t step) {
  while (from < kSize && row[from] == 0) from += step;
  return from < kSize ? from : kSize;
}

// The sum of row[i] x[i] over i = kAt, kAt + kStep, ..., with no operation for zeros and none but an addition
// for ones. kAt is the first that is not zero.
template <size_t m, size_t kRow, size_t kAt, size_t kStep>
HWY_INLINE V combine(const V* x) {
  constexpr auto& row = WinogradMatrices<m>::input[kRow];
  constexpr float factor = row[kAt];
  constexpr size_t next = next_nonzero(row, kAt + kStep, kStep);
  if constexpr (next == m + 2) {
    if constexpr (factor == 1) return x[kAt];
    return hn::Mul(hn::Set(FloatTag(), factor), x[kAt]);
  } else {
    const V rest = combine<m, kRow, next, kStep>(x);
    if constexpr (factor == 1) return hn::Add(rest, x[kAt]);
    if constexpr (factor == -1) return hn::Sub(rest, x[kAt]);
    return hn::MulAdd(hn::Set(FloatTag(), factor), x[kAt], rest);
  }
}

template <size_t m, size_t kRow, size_t kFirst, size_t kStep>
HWY_INLINE V row_sum(const V* x) {
  constexpr size_t at = next_nonzero(WinogradMatrices<m>::input[kRow], kFirst, kStep);
  return combine<m, kRow, at, kStep>(x);
}

template <size_t m, size_t kRow = 1>
HWY_INLINE void input_pairs(const V* x, V* out) {
  if constexpr (kRow < m + 1) {
    const V even = row_sum<m, kRow, 0, 2>(x), odd = row_sum<m, kRow, 1, 2>(x);
    out[kRow] = hn::Add(even, odd);
    out[kRow + 1] = hn::Sub(even, odd);
    input_pairs<m, kRow + 2>(x, out);
  }
}

// out = B^T x.
template <size_t m>
HWY_INLINE void along(const V* x, V* out) {
  out[0] = row_sum<m, 0, 0, 1>(x);
  input_pairs<m>(x, out);
  out[m + 1] = row_sum<m, m + 1, 0, 1>(x);
}

/// B^T d B of a tile of m x m results: place p goes to to[p * place_step]. Tiles are counted over all images,
/// one behind the other at `in`; `zeros` is what lies beside them.
template <size_t m>
void transform(const ConvShape& s, const float* in, size_t in_stride, const float* zeros, size_t tile,
               float* to, size_t place_step) {
  constexpr size_t kSide = m + 2;
  const size_t across = (s.out_width + m - 1) / m, down = (s.out_height + m - 1) / m;
  // Unsigned wrap-around makes a position left of or above the image a very large one.
  const size_t top = tile / across % down * m - s.pad_top, left = tile % across * m - s.pad_left;
  const size_t first_row = tile / (across * down) * s.height + top;
  const float* d[kSide][kSide];
  for (size_t y = 0; y < kSide; ++y)
    for (size_t x = 0; x < kSide; ++x)
      d[y][x] = top + y < s.height && left + x < s.width
                    ? in + ((first_row + y) * s.width + left + x) * in_stride
                    : zeros;
  channels::cover_with(FloatTag(), s.channels, [&](FloatTag tag, size_t c) HWY_ATTR {
    V rows[kSide][kSide];  // of B^T d, transposed
    HWY_UNROLL(8)
    for (size_t x = 0; x < kSide; ++x) {
      V column[kSide];
      HWY_UNROLL(8)
      for (size_t y = 0; y < kSide; ++y) column[y] = hn::LoadU(tag, d[y][x] + c);
      along<m>(column, rows[x]);
    }
    HWY_UNROLL(8)
    for (size_t y = 0; y < kSide; ++y) {
      V row[kSide], out[kSide];
      HWY_UNROLL(8)
      for (size_t x = 0; x < kSide; ++x) row[x] = rows[x][y];
      along<m>(row, out);
      HWY_UNROLL(8)
      for (size_t x = 0; x < kSide; ++x) hn::StoreU(out[x], tag, to + (y * kSide + x) * place_step + c);
    }
  });
}

}  // namespace netsuke::kernels::HWY_NAMESPACE::winograd_input
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
