// Working on the kept elements of a weight, whatever its encoding.
#pragma once

#include <vector>

#include "tensor/weight.h"

namespace netsuke::compress {

/// True if the encoding leaves elements out: Sparse and SparseCodebook.
bool is_pruned(const Weight& weight);

/// Flat positions of the kept elements, ascending: all of them for Dense and Codebook.
std::vector<uint32_t> kept_positions(const Weight& weight);

/// Flags for the `count` largest scores; equal ones are taken in order.
std::vector<bool> largest(const std::vector<float>& scores, size_t count);

/// The weight with only those kept elements whose flag in `keep` (one for each, in position order) is set:
/// Sparse, or SparseCodebook with the same centroids for shared weights.
WeightPtr keep_only(const Weight& weight, const std::vector<bool>& keep);

/// The values that `original` has at the places that `pruned`, of the same shape, keeps: Dense or Sparse.
WeightPtr kept_of(const Weight& original, const Weight& pruned);

/// The weight with kept element i taking the value centroids[codes[i]]: Codebook, or SparseCodebook if it is
/// pruned.
WeightPtr with_codebook(const Weight& weight, std::vector<float> centroids, std::vector<uint16_t> codes);

/// The same values without a codebook, Dense or Sparse, so that training may move each by itself.
WeightPtr without_codebook(const Weight& weight);

}  // namespace netsuke::compress
