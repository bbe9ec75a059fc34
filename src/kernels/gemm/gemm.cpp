#include "kernels/gemm/gemm.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/gemm.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/codes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {  // names of this file only: other files have theirs in the same HWY_NAMESPACE

using RowSums = Sums<1, kRowPanels * kTileVectors>;

// The sums of one block for kRowPanels panels.
template <class Values>
HWY_INLINE void sum_row(RowSums& sums, const Product& p, const Block& block, const Values& values) {
  const FloatTag d;
  HWY_UNROLL(16)
  for (size_t v = 0; v < kRowPanels * kTileVectors; ++v) sums.at[0][v] = hn::Zero(d);
  size_t from = 0;
  const size_t panel = p.b->k * kPanelWidth;
  for (size_t piece = block.first_piece; piece < block.first_piece + block.pieces; ++piece) {
    const float* HWY_RESTRICT a = p.a[piece * p.a_step] + block.offset;
    for (size_t i = 0; i < block.length; ++i, from += kPanelWidth) {
      const auto x = hn::Set(d, a[i]);
      HWY_UNROLL(8)
      for (size_t j = 0; j < kRowPanels; ++j) {
        HWY_UNROLL(8)
        for (size_t v = 0; v < kTileVectors; ++v) {
          auto& sum = sums.at[0][j * kTileVectors + v];
          sum = hn::MulAdd(x, values.at(j * panel + from + v * kLanes), sum);
        }
      }
    }
  }
}

// Adds up in the order of the tiles, so that the result is the same to the bit.
template <class Values>
HWY_NOINLINE void row_product(const Product& p, size_t first_panel) {
  const size_t column = first_panel * kPanelWidth;
  each_block(p, [&](const Block& block, size_t before) {
    RowSums sums;
    sum_row(sums, p, block, Values(*p.b, p.b_offset + (first_panel * p.b->k + before) * kPanelWidth));
    finish(sums, block,
           {p.c + column, p.c_stride, p.add ? p.add + column : nullptr, p.add_stride,
            p.b->bias.data() + column, p.clamp, kLanes});
  });
}

template <class Values>
HWY_INLINE void multiply_panels(const Product& p, size_t first, size_t last) {
  if (p.m == 1)
    for (; first + kRowPanels <= last && (first + kRowPanels) * kPanelWidth <= p.b->n; first += kRowPanels)
      row_product<Values>(p, first);
  product<Values>(p, first, last);
}

void run_multiply(const Product& p, size_t first, size_t last) {
  if (NETSUKE_NEVER_RUNS) return;
  if (!p.b->shared()) return multiply_panels<Floats>(p, first, last);
  with_codes(*p.b,
             [&](auto* kind) { multiply_panels<std::remove_pointer_t<decltype(kind)>>(p, first, last); });
}

size_t panel_width() { return kPanelWidth; }

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_multiply);
HWY_EXPORT(panel_width);

size_t panel_columns() { return scalar_only() ? 1 : HWY_DYNAMIC_DISPATCH(panel_width)(); }

void multiply_scalar(const Product& p, size_t first_panel, size_t last_panel) {
  const Panels& b = *p.b;
  const size_t last_column = std::min(last_panel * b.width, b.n);
  for (size_t row = 0; row < p.m; ++row) {
    for (size_t column = first_panel * b.width; column < last_column; ++column) {
      const size_t first = p.b_offset + column / b.width * b.width * b.k + column % b.width;
      float sum = 0;
      for (size_t i = 0; i < b.k; ++i)
        sum += p.a[i / p.length * p.a_step + row][p.a_offset + i % p.length] * b.value(first + i * b.width);
      if (p.add) sum += p.add[row * p.add_stride + column];
      p.c[row * p.c_stride + column] = p.clamp(sum + b.bias[column]);
    }
  }
}

void multiply(const Product& product, size_t first_panel, size_t last_panel) {
  if (scalar_only()) return multiply_scalar(product, first_panel, last_panel);
  HWY_DYNAMIC_DISPATCH(run_multiply)(product, first_panel, last_panel);
}

void linear(const Panels& panels, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride,
            Clamp clamp, size_t first_panel, size_t last_panel) {
  const float* rows[kProductRows];
  for (size_t row = 0; row < m; row += kProductRows) {
    const size_t count = std::min(kProductRows, m - row);
    for (size_t i = 0; i < count; ++i) rows[i] = x + (row + i) * x_stride;
    multiply({&panels, count, rows, count, 0, 1, panels.k, y + row * y_stride, y_stride, nullptr, 0, clamp},
             first_panel, last_panel);
  }
}

namespace {

Panels shaped_panels(size_t n, size_t k, std::span<const float> bias) {
  Panels panels{k, n, panel_columns(), {}, {}, {}, 0, {}};
  panels.bias.resize(panels.count() * panels.width, 0.0f);
  std::copy(bias.begin(), bias.end(), panels.bias.begin());
  return panels;
}

// The transpose of `rows`, [n, k], as these panels lie.
void lay_out(const Panels& panels, const auto* rows, auto* out) {
  using Item = std::remove_reference_t<decltype(*out)>;
  for (size_t column = 0; column < panels.n; ++column) {
    Item* to = out + column / panels.width * panels.width * panels.k + column % panels.width;
    for (size_t i = 0; i < panels.k; ++i)
      to[i * panels.width] = static_cast<Item>(rows[column * panels.k + i]);
  }
}

}  // namespace

Panels blank_panels(size_t n, size_t k, size_t matrices) {
  Panels panels = shaped_panels(n, k, {});
  panels.values.resize(matrices * panels.size(), 0.0f);
  return panels;
}

Panels pack_panels(const float* weights, size_t n, size_t k, std::span<const float> bias) {
  Panels panels = shaped_panels(n, k, bias);
  panels.values.resize(panels.size(), 0.0f);
  lay_out(panels, weights, panels.values.data());
  return panels;
}

Panels pack_panels(const uint16_t* codes, size_t n, size_t k, std::span<const float> centroids,
                   std::span<const float> bias) {
  Panels panels = shaped_panels(n, k, bias);
  panels.codes.resize(panels.size(), uint8_t{0});
  lay_out(panels, codes, panels.codes.data());
  panels.distinct = centroids.size();
  panels.centroids.resize(kMostCentroids, 0.0f);
  std::ranges::copy(centroids, panels.centroids.begin());
  return panels;
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
