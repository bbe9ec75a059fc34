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

void run(const ConvShape& s, const float* x, const float* dy, size_t pixels, float* sums, size_t first_panel,
         size_t last_panel, size_t block, float* panel) {
  if (NETSUKE_NEVER_RUNS) return;
  const size_t inputs = s.channels / s.groups, outputs = s.out_channels / s.groups;
  const size_t panels = (outputs + kPanelWidth - 1) / kPanelWidth;
  for (size_t first = 0; first < pixels; first += block) {
    const size_t count = std::min(block, pixels - first);
    for (size_t p = first_panel; p < last_panel; ++p) {
      const size_t group = p / panels, column = p % panels * kPanelWidth;
      const size_t columns = std::min(kPanelWidth, outputs - column);
      outer::fill_panel(dy + first * s.out_channels + group * outputs + column, s.out_channels, count,
                        columns, panel);
      outer::add_products({x + first * s.channels + group * inputs, s.channels, panel, count}, inputs,
                          columns, sums + group * inputs * outputs + column, outputs);
    }
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/conv/window.h"
#include "kernels/cpu.h"

namespace netsuke::kernels {
namespace {

HWY_EXPORT(run);

constexpr size_t kPixels = 256;  // whose panel stays in the first-level cache

}  // namespace

size_t gradient_panels(const ConvShape& s) {
  return s.groups * ((s.out_channels / s.groups + panel_columns() - 1) / panel_columns());
}

size_t pointwise_gradient_scratch() { return kPixels * panel_columns(); }

void pointwise_gradient(const ConvShape& s, const float* x, const float* dy, size_t images, float* sums,
                        size_t first_panel, size_t last_panel, float* scratch) {
  HWY_DYNAMIC_DISPATCH(run)
  (s, x, dy, images * s.out_plane(), sums, first_panel, last_panel, kPixels, scratch);
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
