#include "kernels/elementwise/strided_copy.h"

#include <algorithm>

namespace netsuke::kernels {
namespace {

// Copies dimensions `d` and inner, from `in` on; returns the end of what it wrote.
float* copy_from(const StridedView& view, size_t d, const float* in, float* out) {
  const size_t size = view.sizes[d];
  const std::ptrdiff_t step = view.steps[d];
  if (d + 1 < view.sizes.size()) {
    for (size_t i = 0; i < size; ++i)
      out = copy_from(view, d + 1, in + static_cast<std::ptrdiff_t>(i) * step, out);
    return out;
  }
  if (step == 1) return std::copy_n(in, size, out);
  for (size_t i = 0; i < size; ++i) out[i] = in[static_cast<std::ptrdiff_t>(i) * step];
  return out + size;
}

}  // namespace

StridedView merged(const StridedView& view) {
  StridedView out{{}, {}, view.first};
  for (size_t d = 0; d < view.sizes.size(); ++d) {
    if (view.sizes[d] == 1) continue;
    const auto span = static_cast<std::ptrdiff_t>(view.sizes[d]) * view.steps[d];
    if (!out.sizes.empty() && out.steps.back() == span) {
      out.sizes.back() *= view.sizes[d];
      out.steps.back() = view.steps[d];
    } else {
      out.sizes.push_back(view.sizes[d]);
      out.steps.push_back(view.steps[d]);
    }
  }
  if (out.sizes.empty()) out.sizes = {1}, out.steps = {1};
  return out;
}

void strided_copy(const StridedView& view, const float* in, float* out) {
  copy_from(view, 0, in + view.first, out);
}

}  // namespace netsuke::kernels
