// How training moves the real weights W behind binary ones, W~ = alpha sign(W) with alpha the mean of |W|
// over each filter (XNOR-Net, arXiv 1603.05279, section 3.1).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace netsuke::train {

/// One filter's values, in the order in which the weight has them.
struct BinaryFilter {
  std::span<const float> real;      ///< W
  std::span<const float> gradient;  ///< dC/dW~
  float alpha = 0;
  size_t channels = 1;  ///< of the filter
};

struct BinaryGradient {
  std::string_view name;
  /// dC/dW.
  void (*apply)(const BinaryFilter& filter, std::span<float> out);
  /// Before the signs are taken: the mean over the channels is subtracted at each place of the filter, and
  /// what is left limited to [-1, 1].
  bool centres = false;
};

/// "paper": dC/dW = dC/dW~ (1/n + alpha [|W| < 1]), its equation in section 3.1, both terms;
/// "clipped": dC/dW~ [|W| < 1], the plain straight-through estimator;
/// "released": as the authors' released code does: weights are centred and limited, and the paper's gradient
/// is multiplied by n (1 - 1 / channels).
std::span<const BinaryGradient> binary_gradients();

}  // namespace netsuke::train
