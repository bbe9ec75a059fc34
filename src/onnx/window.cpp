#include "onnx/window.h"

namespace netsuke::onnx {

int small_int(const Site& site, int64_t value, std::string_view name, bool signed_too) {
  constexpr int64_t kMost = 1 << 24;
  if (value > kMost || value < (signed_too ? -kMost : 0)) site.refuse(name, " is ", value);
  return static_cast<int>(value);
}

Pair pair_of(const Site& site, const std::vector<int64_t>& values, std::string_view name, int height) {
  if (values.empty()) return {height, height};
  if (site.of_rows()) {
    if (values.size() != 1) site.refuse(name, " has ", values.size(), " entries, expected 1 (length)");
    return {height, small_int(site, values[0], name)};
  }
  if (values.size() != 2) site.refuse(name, " has ", values.size(), " entries, expected 2 (height, width)");
  return {small_int(site, values[0], name), small_int(site, values[1], name)};
}

namespace {

/// Pads so that the output has ceil(size / stride) elements; an odd one goes to the end for SAME_UPPER.
void same_pads(int64_t size, int kernel, int stride, int dilation, bool upper, int& before, int& after) {
  const int64_t outputs = (size + stride - 1) / stride;
  const int64_t total =
      std::max<int64_t>(0, (outputs - 1) * stride + int64_t{dilation} * (kernel - 1) + 1 - size);
  const auto small = static_cast<int>(total / 2), large = static_cast<int>(total - total / 2);
  before = upper ? small : large;
  after = upper ? large : small;
}

Pads read_pads(Site& site, const Window& window) {
  const std::string automatic = site.text("auto_pad", "NOTSET");
  std::vector<int64_t> list = site.integers("pads");
  Pads pad;
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    const Shape& x = site.shape();
    const bool upper = automatic == "SAME_UPPER";
    same_pads(x[2], window.kernel.h, window.stride.h, window.dilation.h, upper, pad.top, pad.bottom);
    same_pads(x[3], window.kernel.w, window.stride.w, window.dilation.w, upper, pad.left, pad.right);
    return pad;
  }
  if (automatic == "VALID") return pad;
  if (automatic != "NOTSET")
    site.refuse("auto_pad is ", automatic, ", expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  if (list.empty()) return pad;
  if (site.of_rows()) {
    if (list.size() != 2) site.refuse("pads has ", list.size(), " entries, expected 2 (left, right)");
    list = {0, list[0], 0, list[1]};
  }
  if (list.size() != 4)
    site.refuse("pads has ", list.size(), " entries, expected 4 (top, left, bottom, right)");
  return {small_int(site, list[0], "pads"), small_int(site, list[1], "pads"),
          small_int(site, list[2], "pads"), small_int(site, list[3], "pads")};
}

}  // namespace

Window read_window(Site& site, std::optional<Pair> kernel) {
  if (site.shape().size() != 4)
    site.refuse(
        "its input is ", to_text(site.shape()),
        ", supported are images, batch x channels x height x width, and rows, batch x channels x length");
  Window window;
  const std::vector<int64_t> shape = site.integers("kernel_shape");
  if (kernel) window.kernel = *kernel;
  if (!shape.empty()) window.kernel = pair_of(site, shape, "kernel_shape", 1);
  if (kernel && window.kernel != *kernel)
    site.refuse("kernel_shape is ", window.kernel.h, "x", window.kernel.w, ", the weight's is ", kernel->h,
                "x", kernel->w);
  if (!kernel && shape.empty()) site.refuse("kernel_shape is missing");
  window.stride = pair_of(site, site.integers("strides"), "strides", 1);
  window.dilation = pair_of(site, site.integers("dilations"), "dilations", 1);
  if (window.stride.h == 0 || window.stride.w == 0) site.refuse("a stride of 0");
  window.pad = read_pads(site, window);
  return window;
}

}  // namespace netsuke::onnx
