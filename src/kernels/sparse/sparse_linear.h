// Linear layers whose weights are mostly zeros, computed on the compressed form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/clamp.h"

namespace netsuke::kernels {

/// A sparse matrix W[rows, columns] column by column, so that a column whose input is zero costs nothing, as
/// in EIE (Han et al., "EIE: Efficient Inference Engine on Compressed Deep Neural Network", 2016). Rows are
/// cut into blocks whose sums stay in the first-level cache; threads share a layer by blocks.
///
/// An entry is one stored weight: its low `code_bits` bits are the code of its value, the others the number
/// of rows since the entry above it in the block. Two bytes do for up to 256 centroids.
struct SparseLinear {
  size_t rows = 0, columns = 0;
  size_t block_rows = 1;
  unsigned code_bits = 0;
  std::vector<uint32_t> starts;  ///< [blocks(), columns + 1]: where a column's entries begin in its block
  std::vector<uint16_t> narrow;  ///< the entries, or
  std::vector<uint32_t> wide;    ///< the entries if there are more than 256 centroids
  AlignedFloats centroids;       ///< values by code; one more, a zero, if gaps had to be bridged
  AlignedFloats values;          ///< one an entry where values are not shared (code_bits is 0), else empty
  AlignedFloats bias;            ///< `rows` values, zeros where there is none

  size_t blocks() const { return (rows + block_rows - 1) / block_rows; }
  /// Bytes of memory that the matrix takes.
  size_t bytes() const;
};

/// Packs weights that share values: weight i lies at positions[i] (row * columns + column, ascending) and is
/// centroids[codes[i]]. `bias` has `rows` values or none. Every code is below the number of centroids, which
/// is at most 65536.
SparseLinear pack_sparse_linear(size_t rows, size_t columns, std::span<const uint32_t> positions,
                                std::span<const uint16_t> codes, std::span<const float> centroids,
                                std::span<const float> bias);
/// Packs weights that have a value each.
SparseLinear pack_sparse_linear(size_t rows, size_t columns, std::span<const uint32_t> positions,
                                std::span<const float> values, std::span<const float> bias);

/// y[m, rows] = clamp(x[m, columns] transpose(W) + bias) for the rows in the blocks [first_block,
/// last_block); strides are floats between images.
void sparse_linear(const SparseLinear& weights, const float* x, size_t x_stride, size_t m, float* y,
                   size_t y_stride, Clamp clamp, size_t first_block, size_t last_block);
/// The slow twin: one entry after the other, zero inputs too.
void sparse_linear_scalar(const SparseLinear& weights, const float* x, size_t x_stride, size_t m, float* y,
                          size_t y_stride, Clamp clamp, size_t first_block, size_t last_block);

}  // namespace netsuke::kernels
