// ReLU(a + b) in training, faster than torch's own two.
#pragma once

#include <ATen/core/Tensor.h>

namespace netsuke::train {

/// Whether rectified_sum takes these: one shape, one type (float or bfloat16), no other tensor to spread.
bool has_rectified_sum(const at::Tensor& a, const at::Tensor& b);

/// max(0, a + b), images in channels-last order.
at::Tensor rectified_sum(const at::Tensor& a, const at::Tensor& b);

}  // namespace netsuke::train
