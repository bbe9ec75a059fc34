#include "runtime/sparse_forms.h"

#include <algorithm>

#include "kernels/gemm/gemm.h"

namespace netsuke::runtime {
namespace {

// What both forms are packed from: values that are shared, or one for each weight.
template <class... Values>
SparseLinearForm pack(const Weight& weight, std::span<const uint32_t> positions, size_t centroids,
                      const Values&... values_and_bias) {
  const size_t rows = size(weight.shape[0]), columns = size(weight.shape[1]);
  if (kernels::gathers_fast() && kernels::sparse_rows_fit(columns, positions, centroids))
    return kernels::pack_sparse_rows(rows, columns, positions, values_and_bias...);
  return kernels::pack_sparse_linear(rows, columns, positions, values_and_bias...);
}

}  // namespace

Kept nonzero(const std::vector<float>& values) {
  Kept result;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) continue;
    result.positions.push_back(static_cast<uint32_t>(i));
    result.values.push_back(values[i]);
  }
  return result;
}

Kept kept(const Weight& weight) {
  if (const auto* sparse = std::get_if<Sparse>(&weight.encoding)) return {sparse->positions, sparse->values};
  if (const auto* shared = std::get_if<SparseCodebook>(&weight.encoding))
    return {shared->positions, kept_values(weight)};
  return nonzero(to_dense(weight).data);
}

size_t kept_weights(const Weight& weight) {
  const auto nonzeros = [](const std::vector<float>& values) {
    return values.size() - size(std::count(values.begin(), values.end(), 0.0f));
  };
  if (const auto* dense = std::get_if<Dense>(&weight.encoding)) return nonzeros(dense->values);
  if (std::holds_alternative<Codebook>(weight.encoding)) return nonzeros(to_dense(weight).data);
  return size(kept_count(weight));
}

std::optional<size_t> shared_values(const Weight& weight) {
  size_t count = 0;
  if (const auto* book = std::get_if<Codebook>(&weight.encoding)) count = book->centroids.size();
  if (const auto* pruned = std::get_if<SparseCodebook>(&weight.encoding))
    count = pruned->centroids.size() + 1;
  if (count == 0 || count > kernels::kMostCentroids) return std::nullopt;
  return count;
}

std::optional<Codebook> dense_codes(const Weight& weight) {
  if (!shared_values(weight)) return std::nullopt;
  if (const auto* book = std::get_if<Codebook>(&weight.encoding)) return *book;
  const auto* shared = std::get_if<SparseCodebook>(&weight.encoding);
  Codebook book{shared->centroids, {}};
  book.codes.resize(size(weight_count(weight)), static_cast<uint16_t>(book.centroids.size()));
  book.centroids.push_back(0);
  for (size_t i = 0; i < shared->positions.size(); ++i) book.codes[shared->positions[i]] = shared->codes[i];
  return book;
}

SparseLinearForm pack_sparse(const Weight& weight, std::span<const float> bias) {
  const auto* shared = std::get_if<SparseCodebook>(&weight.encoding);
  if (shared && shared->centroids.size() <= kernels::kMostCentroids && kernels::tiles_beat_gathers())
    return kernels::pack_sparse_tiles(size(weight.shape[0]), size(weight.shape[1]), shared->positions,
                                      shared->codes, shared->centroids, bias);
  if (shared)
    return pack(weight, shared->positions, shared->centroids.size(), std::span<const uint16_t>(shared->codes),
                std::span<const float>(shared->centroids), bias);
  if (const auto* sparse = std::get_if<Sparse>(&weight.encoding))
    return pack(weight, sparse->positions, 0, std::span<const float>(sparse->values), bias);
  const Kept all = kept(weight);
  return pack(weight, all.positions, 0, std::span<const float>(all.values), bias);
}

}  // namespace netsuke::runtime
