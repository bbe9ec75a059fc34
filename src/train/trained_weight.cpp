#include "train/trained_weight.h"

#include <algorithm>
#include <type_traits>

namespace netsuke::train {
namespace {

/// Sums in double: a centroid may have hundreds of thousands of weights. `position_of(i)` is the element that
/// codes[i] stands for.
template <class PositionOf>
void sum_by_code(const std::vector<uint16_t>& codes, std::span<const float> gradient,
                 std::vector<double>& sums, PositionOf position_of) {
  std::ranges::fill(sums, 0.0);
  for (size_t i = 0; i < codes.size(); ++i) sums[codes[i]] += static_cast<double>(gradient[position_of(i)]);
}

}  // namespace

TrainedWeight::TrainedWeight(const Weight& weight)
    : shape_(weight.shape), encoding_(weight.encoding), dense_(to_dense(weight).data) {
  if (auto* dense = std::get_if<Dense>(&encoding_)) dense->values.clear();
  if (auto* sparse = std::get_if<Sparse>(&encoding_)) gradient_.resize(sparse->values.size());
  if (shared()) {
    gradient_.resize(free_values().size());
    sums_.resize(gradient_.size());
  }
}

bool TrainedWeight::shared() const {
  return std::holds_alternative<Codebook>(encoding_) || std::holds_alternative<SparseCodebook>(encoding_);
}

std::span<float> TrainedWeight::free_values() {
  return std::visit(
      [&](auto& e) -> std::span<float> {
        using Form = std::remove_cvref_t<decltype(e)>;
        if constexpr (std::is_same_v<Form, Dense>)
          return dense_;
        else if constexpr (std::is_same_v<Form, Sparse>)
          return e.values;
        else
          return e.centroids;
      },
      encoding_);
}

std::span<const float> TrainedWeight::free_gradient(std::span<const float> dense_gradient) {
  if (std::holds_alternative<Dense>(encoding_)) return dense_gradient;
  if (const auto* sparse = std::get_if<Sparse>(&encoding_)) {
    for (size_t i = 0; i < gradient_.size(); ++i) gradient_[i] = dense_gradient[sparse->positions[i]];
    return gradient_;
  }
  if (const auto* both = std::get_if<SparseCodebook>(&encoding_)) {
    sum_by_code(both->codes, dense_gradient, sums_, [&](size_t i) { return both->positions[i]; });
  } else {
    sum_by_code(std::get<Codebook>(encoding_).codes, dense_gradient, sums_, [](size_t i) { return i; });
  }
  std::ranges::transform(sums_, gradient_.begin(), [](double sum) { return static_cast<float>(sum); });
  return gradient_;
}

void TrainedWeight::expand() {
  if (const auto* sparse = std::get_if<Sparse>(&encoding_)) {
    for (size_t i = 0; i < sparse->positions.size(); ++i) dense_[sparse->positions[i]] = sparse->values[i];
  } else if (const auto* book = std::get_if<Codebook>(&encoding_)) {
    for (size_t i = 0; i < book->codes.size(); ++i) dense_[i] = book->centroids[book->codes[i]];
  } else if (const auto* both = std::get_if<SparseCodebook>(&encoding_)) {
    for (size_t i = 0; i < both->codes.size(); ++i)
      dense_[both->positions[i]] = both->centroids[both->codes[i]];
  }
}

Encoding TrainedWeight::encoding() const {
  if (std::holds_alternative<Dense>(encoding_)) return Dense{dense_};
  return encoding_;
}

}  // namespace netsuke::train
