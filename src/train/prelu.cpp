#include "train/prelu.h"

#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "train/tensors.h"

namespace netsuke::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kPixelsAtOnce = 512;

/// Calls body(first, last) for runs of pixels, on all threads.
template <class Body>
void each_pixels(const Tensor& x, Body&& body) {
  at::parallel_for(0, x.numel() / x.size(1), kPixelsAtOnce, body);
}

struct PReluByChannel : torch::autograd::Function<PReluByChannel> {
  static Tensor forward(AutogradContext* context, const Tensor& given, const Tensor& slope) {
    const Tensor x = channels_last(given);
    context->save_for_backward({x, slope});
    Tensor y = at::empty_like(x);
    const int64_t channels = x.size(1);
    const float *from = x.data_ptr<float>(), *by = slope.data_ptr<float>();
    float* to = y.data_ptr<float>();
    each_pixels(x, [=](int64_t first, int64_t last) {
      for (int64_t i = first * channels; i < last * channels; i += channels)
        for (int64_t c = 0; c < channels; ++c)
          to[i + c] = from[i + c] > 0 ? from[i + c] : by[c] * from[i + c];
    });
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &slope = saved[1];
    const Tensor gradient = channels_last(gradients[0]);
    const int64_t channels = x.size(1), pixels = x.numel() / channels;
    Tensor of_x = at::empty_like(x);
    // Sums of fixed runs of pixels, added in their order: the result does not depend on the threads.
    const int64_t runs = (pixels + kPixelsAtOnce - 1) / kPixelsAtOnce;
    Tensor sums = at::zeros({runs, channels});
    const float *from = x.data_ptr<float>(), *by = slope.data_ptr<float>(), *g = gradient.data_ptr<float>();
    float *to = of_x.data_ptr<float>(), *sum = sums.data_ptr<float>();
    at::parallel_for(0, runs, 1, [=](int64_t first, int64_t last) {
      for (int64_t run = first; run < last; ++run) {
        const int64_t end = std::min(pixels, (run + 1) * kPixelsAtOnce) * channels;
        float* of_slope = sum + run * channels;
        for (int64_t i = run * kPixelsAtOnce * channels; i < end; i += channels)
          for (int64_t c = 0; c < channels; ++c) {
            const bool positive = from[i + c] > 0;
            to[i + c] = positive ? g[i + c] : by[c] * g[i + c];
            of_slope[c] += positive ? 0 : g[i + c] * from[i + c];
          }
      }
    });
    return {of_x, sums.sum(0).view(slope.sizes())};
  }
};

}  // namespace

Tensor prelu_by_channel(const Tensor& x, const Tensor& slope) { return PReluByChannel::apply(x, slope); }

}  // namespace netsuke::train
