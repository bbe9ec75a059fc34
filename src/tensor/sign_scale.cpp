#include "tensor/sign_scale.h"

#include <cmath>

#include "tensor/half.h"

namespace netsuke {

float sign_scale(std::span<const float> filter) {
  if (filter.empty()) return 0;
  double sum = 0;
  for (const float value : filter) sum += std::abs(static_cast<double>(value));
  return round_to_half(static_cast<float>(sum / static_cast<double>(filter.size())));
}

}  // namespace netsuke
