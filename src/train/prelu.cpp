#include "train/prelu.h"

#include <torch/csrc/autograd/custom_function.h>

#include "kernels/training/slopes.h"
#include "train/walk.h"

namespace netsuke::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct PReluByChannel : torch::autograd::Function<PReluByChannel> {
  static Tensor forward(AutogradContext* context, const Tensor& given, const Tensor& slope) {
    const Tensor x = channels_last(given);
    context->save_for_backward({x, slope});
    const Walk walk(x);
    const std::vector<float> slopes = walk.repeated(slope);
    Tensor y = at::empty_like(x);
    with_type(x, [&](auto type) {
      const auto* from = data(x, type);
      auto* to = data(y, type);
      walk.each([&](int64_t, int64_t first, size_t count) {
        kernels::slopes_apply(slopes.data(), slopes.size(), from + first, count, to + first);
      });
    });
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &slope = saved[1];
    const Tensor dy = channels_last(gradients[0]);
    const Walk walk(x);
    const std::vector<float> slopes = walk.repeated(slope);
    Sums sums(walk, 1);
    Tensor dx = at::empty_like(x);
    with_type(x, [&](auto type) {
      const auto *from = data(x, type), *g = data(dy, type);
      auto* to = data(dx, type);
      walk.each([&](int64_t run, int64_t first, size_t count) {
        kernels::slopes_gradient(slopes.data(), slopes.size(), from + first, g + first, count, to + first,
                                 sums.of(run, 0));
      });
    });
    return {dx, channel_values(sums.total(0)).view(slope.sizes())};
  }
};

}  // namespace

Tensor prelu_by_channel(const Tensor& x, const Tensor& slope) { return PReluByChannel::apply(x, slope); }

}  // namespace netsuke::train
