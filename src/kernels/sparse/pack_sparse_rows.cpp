#include <algorithm>
#include <bit>
#include <numeric>

#include "kernels/sparse/sparse_rows.h"

namespace netsuke::kernels {

namespace {

constexpr size_t kEntryBits = 16;

unsigned code_bits_for(size_t centroids) {
  return static_cast<unsigned>(std::bit_width(std::max<size_t>(centroids, 1) - 1));
}

// Calls visit(weight, row, gap): gap is the number of columns since the weight before it in its row, or since
// column 0.
template <class Visit>
void visit_weights(size_t columns, std::span<const uint32_t> positions, Visit visit) {
  size_t row = 0, from = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    const size_t of = positions[i] / columns, column = positions[i] % columns;
    if (of != row) row = of, from = 0;
    visit(i, row, column - from);
    from = column;
  }
}

// Sorts the rows into slices and makes room for their entries.
SparseRows empty_matrix(size_t rows, size_t columns, std::span<const uint32_t> positions,
                        std::span<const float> bias) {
  SparseRows to;
  to.rows = rows, to.columns = columns, to.lanes = sparse_rows_lanes();
  to.bias.resize(rows, 0.0f);
  std::copy(bias.begin(), bias.end(), to.bias.begin());
  std::vector<uint32_t> of_row(rows + 1, 0);  // the last one stands for lanes without a row
  visit_weights(columns, positions, [&](size_t, size_t row, size_t) { ++of_row[row]; });
  const size_t slices = (rows + to.lanes - 1) / to.lanes;
  to.order.assign(slices * to.lanes, static_cast<uint32_t>(rows));
  std::iota(to.order.begin(), to.order.begin() + static_cast<std::ptrdiff_t>(rows), 0u);
  std::stable_sort(to.order.begin(), to.order.end(),
                   [&](uint32_t a, uint32_t b) { return of_row[a] > of_row[b]; });
  for (const uint32_t row : to.order) to.counts.push_back(of_row[row]);
  to.starts.push_back(0);
  for (size_t slice = 0; slice < slices; ++slice)
    to.starts.push_back(to.starts.back() + to.counts[slice * to.lanes]);
  to.entries.assign(to.starts.back() * to.lanes, 0);
  return to;
}

// Fills in the entries. code(i, at) is the code of weight i, which becomes entry `at`.
template <class Code>
void place(SparseRows& to, std::span<const uint32_t> positions, Code code) {
  std::vector<size_t> next(to.rows + 1);
  for (size_t lane = 0; lane < to.order.size(); ++lane)
    next[to.order[lane]] = size_t{to.starts[lane / to.lanes]} * to.lanes + lane % to.lanes;
  visit_weights(to.columns, positions, [&](size_t i, size_t row, size_t gap) {
    const size_t at = next[row];
    to.entries[at] = static_cast<uint16_t>(gap << to.code_bits | code(i, at));
    next[row] += to.lanes;
  });
}

}  // namespace

size_t SparseRows::bytes() const {
  return (order.size() + counts.size() + starts.size()) * sizeof(uint32_t) +
         entries.size() * sizeof(uint16_t) + (centroids.size() + values.size() + bias.size()) * sizeof(float);
}

bool sparse_rows_fit(size_t columns, std::span<const uint32_t> positions, size_t centroids) {
  size_t widest = 0;
  visit_weights(columns, positions, [&](size_t, size_t, size_t gap) { widest = std::max(widest, gap); });
  const unsigned bits = code_bits_for(centroids);
  return bits <= 8 && widest < size_t{1} << (kEntryBits - bits);
}

SparseRows pack_sparse_rows(size_t rows, size_t columns, std::span<const uint32_t> positions,
                            std::span<const uint16_t> codes, std::span<const float> centroids,
                            std::span<const float> bias) {
  // Two vectors of the longest kind are looked up in registers.
  constexpr size_t kLeastCentroids = 32;
  SparseRows to = empty_matrix(rows, columns, positions, bias);
  to.code_bits = code_bits_for(centroids.size());
  to.centroids.assign(std::max(centroids.size(), kLeastCentroids), 0.0f);
  std::copy(centroids.begin(), centroids.end(), to.centroids.begin());
  place(to, positions, [&](size_t i, size_t) -> size_t { return codes[i]; });
  return to;
}

SparseRows pack_sparse_rows(size_t rows, size_t columns, std::span<const uint32_t> positions,
                            std::span<const float> values, std::span<const float> bias) {
  SparseRows to = empty_matrix(rows, columns, positions, bias);
  to.values.resize(to.entries.size(), 0.0f);
  place(to, positions, [&](size_t i, size_t at) -> size_t {
    to.values[at] = values[i];
    return 0;
  });
  return to;
}

}  // namespace netsuke::kernels
