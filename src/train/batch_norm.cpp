#include "train/batch_norm.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "kernels/training/norm.h"
#include "train/walk.h"

namespace netsuke::train {
namespace {

using at::Tensor;
using kernels::NormRows;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// [C] each.
struct Moments {
  Tensor mean, variance;
};

Moments moments_of(const Tensor& x, const Walk& walk) {
  // About a value of the batch: squares about zero would lose what is small beside the mean.
  const Tensor about = x.dim() == 4 ? x.select(0, 0).select(1, 0).select(1, 0) : x.select(0, 0);
  const Tensor centre = about.to(at::kFloat).contiguous();
  const std::vector<float> centres = walk.repeated(centre);
  Sums sums(walk, 2);
  with_type(x, [&](auto type) {
    const auto* values = data(x, type);
    const NormRows rows{static_cast<size_t>(walk.row), centres.data()};
    walk.each([&](int64_t run, int64_t first, size_t count) {
      kernels::norm_moments(rows, values + first, count, sums.of(run, 0), sums.of(run, 1));
    });
  });
  const std::vector<double> sum = sums.total(0), squares = sums.total(1);
  Moments out{at::empty({walk.channels}), at::empty({walk.channels})};
  float *mean = out.mean.data_ptr<float>(), *variance = out.variance.data_ptr<float>();
  const auto pixels = static_cast<double>(walk.pixels());
  for (size_t c = 0; c < sum.size(); ++c) {
    const double from_centre = sum[c] / pixels;
    mean[c] = static_cast<float>(static_cast<double>(centre.data_ptr<float>()[c]) + from_centre);
    variance[c] = static_cast<float>(std::max(0.0, squares[c] / pixels - from_centre * from_centre));
  }
  return out;
}

/// As torch: the running variance is that of the population, estimated.
void follow(const BatchNormState& state, const Moments& moments, const Walk& walk) {
  const at::NoGradGuard no_gradients;
  const auto pixels = static_cast<double>(walk.pixels());
  state.running_mean.lerp_(moments.mean, state.momentum);
  state.running_variance.lerp_(moments.variance * (pixels / (pixels - 1)), state.momentum);
}

/// What NormRows points at.
struct Rows {
  std::vector<float> mean, scale, shift;
  NormRows rows;

  Rows(const Walk& walk, const Tensor& mean_of, const Tensor& scale_of, const Tensor& shift_of, bool relu)
      : mean(walk.repeated(mean_of)),
        scale(walk.repeated(scale_of)),
        shift(walk.repeated(shift_of)),
        rows{static_cast<size_t>(walk.row), mean.data(), scale.data(), shift.data(), relu} {}
};

Tensor applied(const Tensor& x, const Walk& walk, const Rows& r) {
  Tensor y = at::empty_like(x);
  with_type(x, [&](auto type) {
    const auto* from = data(x, type);
    auto* to = data(y, type);
    walk.each([&](int64_t, int64_t first, size_t count) {
      kernels::norm_apply(r.rows, from + first, count, to + first);
    });
  });
  return y;
}

struct BatchNormFunction : torch::autograd::Function<BatchNormFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& given, const Tensor& gamma,
                        const Tensor& beta, const BatchNormState& state, bool relu) {
    const Tensor x = channels_last(given);
    const Walk walk(x);
    const Moments moments = moments_of(x, walk);
    follow(state, moments, walk);
    const Tensor deviation = (moments.variance + state.epsilon).sqrt();
    const Rows r(walk, moments.mean, gamma / deviation, beta, relu);
    Tensor y = applied(x, walk, r);
    context->save_for_backward({x, gamma, beta, moments.mean, deviation});
    context->saved_data["relu"] = relu;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &gamma = saved[1], &beta = saved[2], &mean = saved[3], &deviation = saved[4];
    const Tensor dy = channels_last(gradients[0]);
    const Walk walk(x);
    const Tensor scale = gamma / deviation;
    const Rows r(walk, mean, scale, beta, context->saved_data["relu"].toBool());
    Sums sums(walk, 2);
    with_type(x, [&](auto type) {
      const auto *from = data(x, type), *g = data(dy, type);
      walk.each([&](int64_t run, int64_t first, size_t count) {
        kernels::norm_gradient_sums(r.rows, from + first, g + first, count, sums.of(run, 0), sums.of(run, 1));
      });
    });
    const Tensor of_beta = channel_values(sums.total(0));
    const Tensor of_gamma = channel_values(sums.total(1)) / deviation;
    const auto pixels = static_cast<double>(walk.pixels());
    const std::vector<float> slope = walk.repeated(-scale * of_gamma / (deviation * pixels)),
                             offset = walk.repeated(-scale * of_beta / pixels);
    Tensor dx = at::empty_like(x);
    with_type(x, [&](auto type) {
      const auto *from = data(x, type), *g = data(dy, type);
      auto* to = data(dx, type);
      walk.each([&](int64_t, int64_t first, size_t count) {
        kernels::norm_gradient(r.rows, slope.data(), offset.data(), from + first, g + first, count,
                               to + first);
      });
    });
    return {dx, of_gamma, of_beta, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor normalised(const Tensor& given, const BatchNormState& state, bool relu) {
  const Tensor x = channels_last(given);
  const Walk walk(x);
  const Tensor deviation = (state.running_variance + state.epsilon).sqrt();
  return applied(x, walk, Rows(walk, state.running_mean, state.scale / deviation, state.shift, relu));
}

Tensor batch_norm(const Tensor& x, const BatchNormState& state, bool relu) {
  return BatchNormFunction::apply(x, state.scale, state.shift, state, relu);
}

}  // namespace netsuke::train
