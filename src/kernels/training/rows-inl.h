// How the kernels of training walk over pixels whose channels' numbers are repeated until they fill whole
// vectors; compiled once for each instruction set by those who include it.

#if defined(NETSUKE_KERNELS_TRAINING_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_TRAINING_ROWS_INL_H_
#undef NETSUKE_KERNELS_TRAINING_ROWS_INL_H_
#else
#define NETSUKE_KERNELS_TRAINING_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace rows {

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<float>;
using One = hn::CappedTag<float, 1>;

/// work(d, i, j) for vectors of tag `d` that cover values i of [0, count), whose numbers are at j of a row.
template <class Work>
HWY_INLINE void each(size_t row, size_t count, const Work& work) {
  const size_t lanes = hn::Lanes(Wide());
  for (size_t first = 0; first < count; first += row) {
    const size_t here = std::min(row, count - first);
    size_t j = 0;
    for (; j + lanes <= here; j += lanes) work(Wide(), first + j, j);
    for (; j < here; ++j) work(One(), first + j, j);
  }
}

template <class D>
HWY_INLINE void add_to(D d, float* sum, hn::Vec<D> v) {
  hn::StoreU(hn::Add(hn::LoadU(d, sum), v), d, sum);
}

}  // namespace rows
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
