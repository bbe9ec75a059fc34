#include <algorithm>
#include <bit>

#include "kernels/sparse/sparse_linear.h"

namespace netsuke::kernels {
namespace {

// Sums of a block take 8 KB, which leaves room for the centroids and the stream in a first-level cache.
constexpr size_t kMostBlockRows = 2048;

// Two threads find work in any layer.
size_t rows_of_a_block(size_t rows) { return std::clamp<size_t>((rows + 1) / 2, 1, kMostBlockRows); }

// Calls visit(weight, block, column, gap) for each weight in the order of its position. The gap is the number
// of rows since the weight above it in its column and block, or since the block's first row.
template <class Visit>
void visit_weights(const SparseLinear& to, std::span<const uint32_t> positions, Visit visit) {
  std::vector<size_t> above(to.columns);
  size_t row = 0, row_end = to.columns, block = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    while (positions[i] >= row_end) ++row, row_end += to.columns;
    if (i == 0 || row / to.block_rows != block) {
      block = row / to.block_rows;
      std::fill(above.begin(), above.end(), block * to.block_rows);
    }
    const size_t column = positions[i] + to.columns - row_end;
    visit(i, block, column, row - above[column]);
    above[column] = row;
  }
}

// Entries that bridge a gap too wide for one: each goes down by the widest gap and adds zero there.
size_t bridges(size_t gap, size_t widest) { return gap > widest ? (gap - 1) / widest : 0; }

size_t widest_gap(const SparseLinear& to, std::span<const uint32_t> positions) {
  size_t widest = 0;
  visit_weights(to, positions, [&](size_t, size_t, size_t, size_t gap) { widest = std::max(widest, gap); });
  return widest;
}

// Sets starts; returns the number of entries.
size_t count_entries(SparseLinear& to, std::span<const uint32_t> positions, size_t widest) {
  const size_t stride = to.columns + 1;
  to.starts.assign(to.blocks() * stride, 0);
  visit_weights(to, positions, [&](size_t, size_t block, size_t column, size_t gap) {
    to.starts[block * stride + column] += static_cast<uint32_t>(1 + bridges(gap, widest));
  });
  uint32_t total = 0;
  for (size_t block = 0; block < to.blocks(); ++block) {
    uint32_t* starts = to.starts.data() + block * stride;
    for (size_t column = 0; column < to.columns; ++column) {
      const uint32_t count = starts[column];
      starts[column] = total;
      total += count;
    }
    starts[to.columns] = total;
  }
  return total;
}

// Fills in `entries`. code(i, at) is the code of weight i, which becomes entry `at`; bridges have the last
// one.
template <class Entry, class Code>
void place(SparseLinear& to, std::span<const uint32_t> positions, size_t widest, std::vector<Entry>& entries,
           Code code) {
  entries.resize(count_entries(to, positions, widest));
  std::vector<uint32_t> next = to.starts;
  const size_t zero = to.centroids.empty() ? 0 : to.centroids.size() - 1;
  visit_weights(to, positions, [&](size_t i, size_t block, size_t column, size_t gap) {
    uint32_t& at = next[block * (to.columns + 1) + column];
    for (; gap > widest; gap -= widest) entries[at++] = static_cast<Entry>(widest << to.code_bits | zero);
    entries[at] = static_cast<Entry>(gap << to.code_bits | code(i, at));
    ++at;
  });
}

SparseLinear empty_matrix(size_t rows, size_t columns, std::span<const float> bias) {
  SparseLinear to{rows, columns, rows_of_a_block(rows), 0, {}, {}, {}, {}, {}, {}};
  to.bias.resize(rows, 0.0f);
  std::copy(bias.begin(), bias.end(), to.bias.begin());
  return to;
}

size_t widest_gap_of(size_t entry_bits, unsigned code_bits) {
  return (size_t{1} << (entry_bits - code_bits)) - 1;
}

}  // namespace

size_t SparseLinear::bytes() const {
  return starts.size() * sizeof(uint32_t) + narrow.size() * sizeof(uint16_t) +
         wide.size() * sizeof(uint32_t) + (centroids.size() + values.size() + bias.size()) * sizeof(float);
}

SparseLinear pack_sparse_linear(size_t rows, size_t columns, std::span<const uint32_t> positions,
                                std::span<const uint16_t> codes, std::span<const float> centroids,
                                std::span<const float> bias) {
  SparseLinear to = empty_matrix(rows, columns, bias);
  to.centroids.assign(centroids.begin(), centroids.end());
  const size_t entry_bits = centroids.size() <= 256 ? 16 : 32;
  to.code_bits = static_cast<unsigned>(std::bit_width(std::max<size_t>(centroids.size(), 1) - 1));
  if (widest_gap(to, positions) > widest_gap_of(entry_bits, to.code_bits)) {
    to.code_bits = static_cast<unsigned>(std::bit_width(centroids.size()));
    to.centroids.push_back(0.0f);
  }
  const size_t widest = widest_gap_of(entry_bits, to.code_bits);
  const auto code = [&](size_t i, size_t) -> size_t { return codes[i]; };
  if (entry_bits == 16)
    place(to, positions, widest, to.narrow, code);
  else
    place(to, positions, widest, to.wide, code);
  return to;
}

SparseLinear pack_sparse_linear(size_t rows, size_t columns, std::span<const uint32_t> positions,
                                std::span<const float> values, std::span<const float> bias) {
  SparseLinear to = empty_matrix(rows, columns, bias);
  to.values.resize(positions.size());
  // A block has fewer rows than the widest gap, so that nothing needs a bridge.
  place(to, positions, widest_gap_of(16, 0), to.narrow, [&](size_t i, size_t at) -> size_t {
    to.values[at] = values[i];
    return 0;
  });
  return to;
}

}  // namespace netsuke::kernels
