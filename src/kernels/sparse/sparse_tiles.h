// Linear layers whose weights are mostly zeros and share their values, for machines that look inputs up in
// registers faster than they gather them from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/clamp.h"

namespace netsuke::kernels {

/// A sparse matrix W[rows, columns] in tiles of kRows rows and kColumns columns: the inputs of a tile's
/// columns fit into registers. Within a tile rows are sorted by how many weights they have there, and kLanes
/// of them at a time are walked along together, one in each lane of a vector.
struct SparseTiles {
  static constexpr size_t kRows = 512, kColumns = 256, kLanes = 16;

  size_t rows = 0, columns = 0;
  /// Of tile t = block * column_tiles() + (column / kColumns), the rows of its lanes, counted within the
  /// tile.
  std::vector<uint16_t> order;  ///< [tiles * kRows]
  std::vector<uint16_t>
      counts;  ///< [tiles * kRows]: weights of that row, never more than the lane before has
  std::vector<uint32_t> starts;   ///< [tiles + 1]: where a tile's entries begin, in steps of kLanes
  std::vector<uint16_t> entries;  ///< step by step: code << 8 | column within the tile
  AlignedFloats centroids;        ///< 256 by code, zeros behind those there are
  size_t distinct = 0;            ///< so many there are
  AlignedFloats bias;             ///< `rows` values, zeros where there is none

  size_t blocks() const { return (rows + kRows - 1) / kRows; }
  size_t column_tiles() const { return (columns + kColumns - 1) / kColumns; }
  /// Bytes of memory that the matrix takes.
  size_t bytes() const;
};

/// True if sparse_tiles is faster than sparse_rows at the CPU level in use: it has AVX-512, and its gathers
/// were measured to be slow.
bool tiles_beat_gathers();

/// Packs weights: weight i lies at positions[i] (row * columns + column, ascending) and is
/// centroids[codes[i]], of 256 at most. `bias` has `rows` values or none.
SparseTiles pack_sparse_tiles(size_t rows, size_t columns, std::span<const uint32_t> positions,
                              std::span<const uint16_t> codes, std::span<const float> centroids,
                              std::span<const float> bias);

/// y[m, rows] = clamp(x[m, columns] transpose(W) + bias) for the rows of the blocks [first_block,
/// last_block); strides are floats between images.
void sparse_tiles(const SparseTiles& weights, const float* x, size_t x_stride, size_t m, float* y,
                  size_t y_stride, Clamp clamp, size_t first_block, size_t last_block);
/// The slow twin: one entry after the other.
void sparse_tiles_scalar(const SparseTiles& weights, const float* x, size_t x_stride, size_t m, float* y,
                         size_t y_stride, Clamp clamp, size_t first_block, size_t last_block);

}  // namespace netsuke::kernels
