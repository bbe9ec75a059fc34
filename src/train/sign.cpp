#include "train/sign.h"

#include <torch/csrc/autograd/custom_function.h>

#include "kernels/training/sign.h"
#include "train/tensors.h"

namespace netsuke::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct SignFunction : torch::autograd::Function<SignFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& given, bool smooth) {
    const Tensor x = channels_last(given);
    const Tensor y = at::empty_like(x);
    with_type(x, [&](auto type) {
      each_run(x, [from = data(x, type), to = data(y, type)](int64_t first, size_t count) {
        kernels::sign_apply(from + first, count, to + first);
      });
    });
    context->save_for_backward({x});
    context->saved_data["smooth"] = smooth;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const Tensor x = context->get_saved_variables()[0], dy = channels_last(gradients[0]);
    const bool smooth = context->saved_data["smooth"].toBool();
    const Tensor dx = at::empty_like(x);
    with_type(x, [&](auto type) {
      each_run(x,
               [=, of = data(x, type), g = data(dy, type), to = data(dx, type)](int64_t first, size_t count) {
                 kernels::sign_gradient(of + first, g + first, smooth, count, to + first);
               });
    });
    return {dx, Tensor()};
  }
};

}  // namespace

Tensor sign(const Tensor& x, bool smooth) { return SignFunction::apply(x, smooth); }

}  // namespace netsuke::train
