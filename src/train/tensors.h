// What our own differentiable functions share.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "kernels/training/bf16.h"

namespace netsuke::train {

inline at::Tensor channels_last(const at::Tensor& x) {
  return x.contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

inline float* data(const at::Tensor& x, float) { return x.data_ptr<float>(); }
inline kernels::Bf16* data(const at::Tensor& x, kernels::Bf16) {
  return reinterpret_cast<kernels::Bf16*>(x.data_ptr<at::BFloat16>());
}

constexpr int64_t kValuesAtOnce = 1 << 15;  ///< which stay in the cache of a core

/// work(first, count) of runs of x's values, on all threads.
template <class Work>
void each_run(const at::Tensor& x, const Work& work) {
  at::parallel_for(0, x.numel(), kValuesAtOnce,
                   [&](int64_t first, int64_t last) { work(first, static_cast<size_t>(last - first)); });
}

/// Calls use with a value of the type of x's elements.
template <class Use>
void with_type(const at::Tensor& x, const Use& use) {
  if (x.scalar_type() == at::kBFloat16)
    use(kernels::Bf16());
  else
    use(float());
}

}  // namespace netsuke::train
