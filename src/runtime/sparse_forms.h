// Weights that are not zero, and the compressed forms that kernels read them in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "kernels/sparse/sparse_linear.h"
#include "kernels/sparse/sparse_rows.h"
#include "kernels/sparse/sparse_tiles.h"
#include "tensor/weight.h"

namespace netsuke::runtime {

/// The weights that are not zero, with their places in row-major order.
struct Kept {
  std::vector<uint32_t> positions;
  std::vector<float> values;
};
Kept nonzero(const std::vector<float>& values);
/// Those that pruning kept, where the encoding tells, else those that are not zero. Shared values are looked
/// up.
Kept kept(const Weight& weight);
/// How many weights these are, or fewer if kept ones of a dense encoding are zero.
size_t kept_weights(const Weight& weight);

/// How many values dense_codes() would have, or none.
std::optional<size_t> shared_values(const Weight& weight);
/// The weights as codes of at most kernels::kMostCentroids values, zero among them where some are pruned;
/// none where they have more values.
std::optional<Codebook> dense_codes(const Weight& weight);

/// A linear layer's weights [rows, columns], with their shared values where they share them: tile by tile
/// where the machine looks inputs up in registers faster than it gathers them, row by row where it gathers
/// them fast, else column by column. `bias` has `rows` values or none.
using SparseLinearForm = std::variant<kernels::SparseTiles, kernels::SparseRows, kernels::SparseLinear>;
SparseLinearForm pack_sparse(const Weight& weight, std::span<const float> bias);

}  // namespace netsuke::runtime
