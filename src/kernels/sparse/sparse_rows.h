// Linear layers whose weights are mostly zeros, several rows at a time: for machines that gather floats fast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/clamp.h"

namespace netsuke::kernels {

/// A sparse matrix W[rows, columns] in slices of `lanes` rows that are walked along together, one in each
/// lane of a vector: SELL-C-sigma (Kreutzer et al., "A unified sparse matrix data format for efficient
/// general sparse matrix-vector multiply on modern processors with wide SIMD units", 2014), with sigma =
/// rows. Rows are sorted by how many weights they have, so that those of a slice end at about the same step.
///
/// An entry is one stored weight, as in SparseLinear: its low `code_bits` bits are the code of its value, the
/// others the number of columns since the entry before it in its row.
struct SparseRows {
  size_t rows = 0, columns = 0;
  size_t lanes = 1;
  unsigned code_bits = 0;
  std::vector<uint32_t> order;   ///< [slices() * lanes]: a lane's row; `rows` where there is none
  std::vector<uint32_t> counts;  ///< [slices() * lanes]: entries of that row, never more than the lane before
  std::vector<uint32_t> starts;  ///< [slices() + 1]: where a slice's entries begin, in steps of `lanes`
  std::vector<uint16_t> entries;  ///< step by step; zeros behind a row's last one
  AlignedFloats centroids;        ///< values by code, 32 at least, or
  AlignedFloats values;           ///< one an entry, where values are not shared (code_bits is 0)
  AlignedFloats bias;             ///< `rows` values, zeros where there is none

  size_t slices() const { return order.size() / lanes; }
  /// Bytes of memory that the matrix takes.
  size_t bytes() const;
};

/// Rows of a slice: floats of a vector at the CPU level in use.
size_t sparse_rows_lanes();
/// True if this machine gathers floats fast enough for sparse_rows to beat sparse_linear, at the CPU level in
/// use: processors of one instruction set differ tenfold in it.
bool gathers_fast();
/// What one gathered float takes here: the best of many short measurements, until one is so fast that it does
/// not matter more. Made once, in some milliseconds.
double gather_nanoseconds();

/// True if no gap between a row's weights is too wide for an entry. Weight i lies at positions[i] (row *
/// columns + column, ascending); `centroids` is how many values they share, 0 if they have one each.
bool sparse_rows_fit(size_t columns, std::span<const uint32_t> positions, size_t centroids);

/// Packs weights for which sparse_rows_fit holds: weight i is centroids[codes[i]]. `bias` has `rows` values
/// or none. There are at most 256 centroids.
SparseRows pack_sparse_rows(size_t rows, size_t columns, std::span<const uint32_t> positions,
                            std::span<const uint16_t> codes, std::span<const float> centroids,
                            std::span<const float> bias);
/// Packs weights that have a value each.
SparseRows pack_sparse_rows(size_t rows, size_t columns, std::span<const uint32_t> positions,
                            std::span<const float> values, std::span<const float> bias);

/// y[m, rows] = clamp(x[m, columns] transpose(W) + bias) for the rows of the slices [first_slice,
/// last_slice); strides are floats between images.
void sparse_rows(const SparseRows& weights, const float* x, size_t x_stride, size_t m, float* y,
                 size_t y_stride, Clamp clamp, size_t first_slice, size_t last_slice);
/// The slow twin: one entry after the other.
void sparse_rows_scalar(const SparseRows& weights, const float* x, size_t x_stride, size_t m, float* y,
                        size_t y_stride, Clamp clamp, size_t first_slice, size_t last_slice);

}  // namespace netsuke::kernels
