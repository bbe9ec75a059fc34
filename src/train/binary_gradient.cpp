#include "train/binary_gradient.h"

#include <cmath>

namespace netsuke::train {
namespace {

void straight_through(const BinaryFilter& f, float inside, float outside, std::span<float> out) {
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = f.gradient[i] * (std::abs(f.real[i]) < 1 ? inside : outside);
}

void clipped(const BinaryFilter& filter, std::span<float> out) { straight_through(filter, 1, 0, out); }

void paper(const BinaryFilter& filter, std::span<float> out) {
  const float share = 1 / static_cast<float>(out.size());
  straight_through(filter, share + filter.alpha, share, out);
}

void released(const BinaryFilter& filter, std::span<float> out) {
  const auto n = static_cast<float>(out.size());
  const float factor = n * (1 - 1 / static_cast<float>(filter.channels));
  straight_through(filter, (1 / n + filter.alpha) * factor, factor / n, out);
}

constexpr BinaryGradient kGradients[] = {
    {"paper", paper},
    {"clipped", clipped},
    {"released", released, true},
};

}  // namespace

std::span<const BinaryGradient> binary_gradients() { return kGradients; }

}  // namespace netsuke::train
