// What signs are multiplied by.
#pragma once

#include <span>

namespace netsuke {

/// alpha of a filter: the mean of |W| (XNOR-Net, equation 6), as a float of 16 bits, so that a file holds
/// what was trained. 0 for no weights.
float sign_scale(std::span<const float> filter);

}  // namespace netsuke
