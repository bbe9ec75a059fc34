#include "kernels/training/filter_gradient.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/training/filter_gradient.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/training/outer-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

/// The products of a panel of one group of dy with what the places of the kernel meet in x.
void add_panel(const ConvShape& s, const float* dy, size_t pixels,
               std::span<const std::vector<PixelRun>> places, size_t columns, float* sums, float* panel) {
  if (NETSUKE_NEVER_RUNS) return;
  const size_t inputs = s.channels / s.groups, outputs = s.out_channels / s.groups;
  outer::fill_panel(dy, s.out_channels, pixels, columns, panel);
  for (size_t place = 0; place < places.size(); ++place)
    outer::add_products(places[place], s.stride_w * s.channels, inputs, panel, columns,
                        sums + place * inputs * outputs, outputs);
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/conv/window.h"
#include "kernels/cpu.h"

namespace netsuke::kernels {
namespace {

HWY_EXPORT(add_panel);

/// Results whose panel stays in the first-level cache, in whole rows.
size_t rows_at_once(const ConvShape& s) {
  constexpr size_t kPixels = 256;
  return std::max<size_t>(1, kPixels / s.out_width);
}

/// What place (ky, kx) of the kernel meets in rows [first, last) of the results, counted over all images.
std::vector<PixelRun> meetings(const ConvShape& s, const float* x, size_t ky, size_t kx, size_t first,
                               size_t last) {
  const size_t column = kx * s.dilation_w, step = s.stride_w * s.channels;
  const auto results_before = [&](size_t input) {  // whose window's place lies left of it
    return input + s.pad_left > column
               ? std::min(s.out_width, (input + s.pad_left - column + s.stride_w - 1) / s.stride_w)
               : 0;
  };
  const size_t left = results_before(0), right = results_before(s.width);
  std::vector<PixelRun> runs;
  for (size_t row = first; row < last && left < right; ++row) {
    // Unsigned wrap-around makes a position above the image a very large one.
    const size_t y = row % s.out_height * s.stride_h + ky * s.dilation_h - s.pad_top;
    if (y >= s.height) continue;
    const size_t in_row = row / s.out_height * s.height + y;
    const PixelRun next{x + (in_row * s.width + left * s.stride_w + column - s.pad_left) * s.channels,
                        (row - first) * s.out_width + left, right - left};
    PixelRun* before = runs.empty() ? nullptr : &runs.back();
    if (before && before->x + before->count * step == next.x && before->first + before->count == next.first)
      before->count += next.count;
    else
      runs.push_back(next);
  }
  return runs;
}

}  // namespace

size_t filter_gradient_scratch(const ConvShape& s) { return rows_at_once(s) * s.out_width * panel_columns(); }

size_t filter_gradient_panels(const ConvShape& s) {
  return s.groups * ((s.out_channels / s.groups + panel_columns() - 1) / panel_columns());
}

void filter_gradient(const ConvShape& s, const float* x, const float* dy, size_t images, float* sums,
                     size_t first_panel, size_t last_panel, float* scratch) {
  const size_t rows = images * s.out_height, most = rows_at_once(s);
  const size_t inputs = s.channels / s.groups, outputs = s.out_channels / s.groups, width = panel_columns();
  const size_t panels = filter_gradient_panels(s) / s.groups;
  std::vector<std::vector<PixelRun>> places(s.kernel_h * s.kernel_w);
  for (size_t first = 0; first < rows; first += most) {
    const size_t last = std::min(rows, first + most);
    for (size_t panel = first_panel; panel < last_panel; ++panel) {
      const size_t group = panel / panels, column = panel % panels * width;
      if (panel == first_panel || column == 0)
        for (size_t place = 0; place < places.size(); ++place)
          places[place] =
              meetings(s, x + group * inputs, place / s.kernel_w, place % s.kernel_w, first, last);
      HWY_DYNAMIC_DISPATCH(add_panel)
      (s, dy + first * s.out_width * s.out_channels + group * outputs + column, (last - first) * s.out_width,
       places, std::min(width, outputs - column), sums + group * s.depth() * outputs + column, scratch);
    }
  }
}

void filter_gradient_scalar(const ConvShape& s, const float* x, const float* dy, size_t images, float* sums) {
  const size_t inputs = s.channels / s.groups, outputs = s.out_channels / s.groups;
  std::vector<double> total(s.groups * s.depth() * outputs);
  for (size_t image = 0; image < images; ++image)
    for (size_t y = 0; y < s.out_height; ++y)
      for (size_t column = 0; column < s.out_width; ++column) {
        const float* g = dy + ((image * s.out_height + y) * s.out_width + column) * s.out_channels;
        each_tap_inside(s, y, column, [&](size_t tap, size_t pixel) {
          const float* in = x + (image * s.height * s.width + pixel) * s.channels;
          for (size_t c = 0; c < s.channels; ++c)
            for (size_t o = 0; o < outputs; ++o) {
              const size_t group = c / inputs, row = group * s.depth() + tap * inputs + c % inputs;
              total[row * outputs + o] += static_cast<double>(in[c]) * g[group * outputs + o];
            }
        });
      }
  for (size_t i = 0; i < total.size(); ++i) sums[i] += static_cast<float>(total[i]);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
