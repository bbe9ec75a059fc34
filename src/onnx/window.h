// What Conv, ConvTranspose and the pools have in common.
#pragma once

#include "onnx/site.h"

namespace netsuke::onnx {

/// A node's kernel, strides, dilations and pads over two spatial dimensions.
struct Window {
  Pair kernel{}, stride{}, dilation{};
  Pads pad{};
};

/// Reads the attributes. `kernel` is the weight's for convolutions, whose kernel_shape is optional. Refuses
/// images that are not [N, C, H, W].
Window read_window(Site& site, std::optional<Pair> kernel);

/// A pair from a list of two, or of rows from one of one with `height` for the other; `height` twice where
/// there is no list. Refuses other lengths.
Pair pair_of(const Site& site, const std::vector<int64_t>& values, std::string_view name, int height);
/// The number as an int of ours; refuses what is negative without `signed_too` or absurdly large.
int small_int(const Site& site, int64_t value, std::string_view name, bool signed_too = false);

}  // namespace netsuke::onnx
