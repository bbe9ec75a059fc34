#include <algorithm>
#include <numeric>

#include "kernels/sparse/sparse_conv.h"

namespace netsuke::kernels {
namespace {

// The row that each weight of an output meets.
std::vector<size_t> rows_of_weights(const ConvShape& shape) {
  const size_t taps = shape.kernel_h * shape.kernel_w, group_channels = shape.channels / shape.groups;
  std::vector<size_t> rows(shape.depth());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = i % taps * group_channels + i / taps;
  return rows;
}

// Calls visit(weight, list, row) for each weight; lists are counted by group, block and output.
template <class Visit>
void visit_weights(const ConvShape& shape, size_t blocks, std::span<const uint32_t> positions, Visit visit) {
  const std::vector<size_t> rows = rows_of_weights(shape);
  const size_t outputs = shape.out_channels / shape.groups;
  size_t output = 0, output_start = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    while (positions[i] >= output_start + shape.depth()) ++output, output_start += shape.depth();
    const size_t row = rows[positions[i] - output_start];
    const size_t block = output / outputs * blocks + row / kSparseBlockRows;
    visit(i, block * outputs + output % outputs, row % kSparseBlockRows);
  }
}

// Puts a block's lists of one length beside each other: the processor then foresees where the loop over a
// list ends. Sets outputs and starts; returns where each list, counted by output, begins.
std::vector<uint32_t> order_lists(SparseConvWeights& to, size_t outputs,
                                  const std::vector<uint32_t>& counts) {
  std::vector<uint32_t> begins(counts.size());
  to.outputs.resize(counts.size());
  to.starts.assign(1, 0);
  for (size_t first = 0; first < counts.size(); first += outputs) {
    const std::span<uint32_t> order(to.outputs.data() + first, outputs);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return counts[first + a] < counts[first + b]; });
    for (uint32_t output : order) {
      begins[first + output] = to.starts.back();
      to.starts.push_back(to.starts.back() + counts[first + output]);
    }
  }
  return begins;
}

}  // namespace

size_t SparseConvWeights::bytes() const {
  return (outputs.size() + starts.size()) * sizeof(uint32_t) + rows.size() +
         (values.size() + bias.size()) * sizeof(float);
}

SparseConvWeights pack_sparse_conv(const ConvShape& shape, std::span<const uint32_t> positions,
                                   std::span<const float> values, std::span<const float> bias) {
  SparseConvWeights to;
  to.blocks = (shape.depth() + kSparseBlockRows - 1) / kSparseBlockRows;
  to.bias.resize(shape.out_channels, 0.0f);
  std::copy(bias.begin(), bias.end(), to.bias.begin());
  std::vector<uint32_t> counts(to.blocks * shape.out_channels);
  visit_weights(shape, to.blocks, positions, [&](size_t, size_t list, size_t) { ++counts[list]; });
  std::vector<uint32_t> next = order_lists(to, shape.out_channels / shape.groups, counts);
  to.rows.resize(positions.size());
  to.values.resize(positions.size());
  visit_weights(shape, to.blocks, positions, [&](size_t i, size_t list, size_t row) {
    to.rows[next[list]] = static_cast<uint8_t>(row);
    to.values[next[list]] = values[i];
    ++next[list];
  });
  return to;
}

}  // namespace netsuke::kernels
