#include "train/rectified_sum.h"

#include <torch/csrc/autograd/custom_function.h>

#include "kernels/training/rectified_sum.h"
#include "train/tensors.h"

namespace netsuke::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct RectifiedSum : torch::autograd::Function<RectifiedSum> {
  static Tensor forward(AutogradContext* context, const Tensor& first_summand, const Tensor& second_summand) {
    const Tensor a = channels_last(first_summand), b = channels_last(second_summand);
    const Tensor y = at::empty_like(a);
    with_type(a, [&](auto type) {
      each_run(y, [x1 = data(a, type), x2 = data(b, type), to = data(y, type)](int64_t first, size_t count) {
        kernels::rectified_sum(x1 + first, x2 + first, count, to + first);
      });
    });
    context->save_for_backward({y});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Tensor y = context->get_saved_variables()[0], dy = channels_last(gradients[0]);
    const Tensor dx = at::empty_like(y);
    with_type(y, [&](auto type) {
      each_run(y, [of = data(y, type), g = data(dy, type), to = data(dx, type)](int64_t first, size_t count) {
        kernels::rectified_gradient(of + first, g + first, count, to + first);
      });
    });
    return {dx, dx};
  }
};

}  // namespace

bool has_rectified_sum(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type();
}

Tensor rectified_sum(const Tensor& a, const Tensor& b) { return RectifiedSum::apply(a, b); }

}  // namespace netsuke::train
