#include <algorithm>
#include <functional>
#include <numeric>

#include "kernels/sparse/sparse_tiles.h"

namespace netsuke::kernels {
namespace {

using T = SparseTiles;

/// A weight's tile, and where it is within.
struct Spot {
  size_t tile, row, column;
};

Spot spot_of(const T& to, uint32_t position) {
  const size_t row = position / to.columns, column = position % to.columns;
  return {row / T::kRows * to.column_tiles() + column / T::kColumns, row % T::kRows, column % T::kColumns};
}

}  // namespace

size_t SparseTiles::bytes() const {
  return (order.size() + counts.size() + entries.size()) * sizeof(uint16_t) +
         starts.size() * sizeof(uint32_t) + (centroids.size() + bias.size()) * sizeof(float);
}

SparseTiles pack_sparse_tiles(size_t rows, size_t columns, std::span<const uint32_t> positions,
                              std::span<const uint16_t> codes, std::span<const float> centroids,
                              std::span<const float> bias) {
  SparseTiles to;
  to.rows = rows, to.columns = columns;
  to.bias.resize(rows, 0.0f);
  std::ranges::copy(bias, to.bias.begin());
  to.centroids.resize(256, 0.0f);
  std::ranges::copy(centroids, to.centroids.begin());
  to.distinct = centroids.size();

  const size_t tiles = to.blocks() * to.column_tiles();
  std::vector<uint16_t> in_row(tiles * T::kRows);
  for (const uint32_t position : positions) {
    const Spot spot = spot_of(to, position);
    ++in_row[spot.tile * T::kRows + spot.row];
  }
  to.order.resize(tiles * T::kRows);
  to.starts.push_back(0);
  std::vector<size_t> next(tiles * T::kRows);  // where a row's next entry of a tile goes
  for (size_t tile = 0; tile < tiles; ++tile) {
    const auto order = std::span(to.order).subspan(tile * T::kRows, T::kRows);
    const auto count = [&](uint16_t row) { return in_row[tile * T::kRows + row]; };
    std::iota(order.begin(), order.end(), uint16_t{0});
    std::ranges::stable_sort(order, std::greater<>(), count);
    uint32_t steps = to.starts.back();
    for (size_t lane = 0; lane < T::kRows; ++lane) {
      to.counts.push_back(count(order[lane]));
      next[tile * T::kRows + order[lane]] = size_t{steps} * T::kLanes + lane % T::kLanes;
      if (lane % T::kLanes == T::kLanes - 1) steps += count(order[lane + 1 - T::kLanes]);
    }
    to.starts.push_back(steps);
  }
  to.entries.resize(size_t{to.starts.back()} * T::kLanes);
  for (size_t i = 0; i < positions.size(); ++i) {
    const Spot spot = spot_of(to, positions[i]);
    size_t& at = next[spot.tile * T::kRows + spot.row];
    to.entries[at] = static_cast<uint16_t>(size_t{codes[i]} << 8 | spot.column);
    at += T::kLanes;
  }
  return to;
}

}  // namespace netsuke::kernels
