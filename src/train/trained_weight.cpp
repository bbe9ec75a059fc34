#include "train/trained_weight.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <type_traits>

#include "tensor/sign_scale.h"

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

/// The mean over the channels is subtracted at each place of a filter [channels, places].
void centre(std::span<float> filter, size_t channels) {
  const size_t places = filter.size() / channels;
  for (size_t p = 0; p < places; ++p) {
    double sum = 0;
    for (size_t c = 0; c < channels; ++c) sum += static_cast<double>(filter[c * places + p]);
    const auto mean = static_cast<float>(sum / static_cast<double>(channels));
    for (size_t c = 0; c < channels; ++c) {
      float& value = filter[c * places + p];
      value = std::clamp(value - mean, -1.0f, 1.0f);
    }
  }
}

}  // namespace

TrainedWeight::TrainedWeight(const Weight& weight, const BinaryGradient& binary, bool surgery)
    : shape_(weight.shape), encoding_(weight.encoding), binary_(&binary), dense_(to_dense(weight).data) {
  if (auto* dense = std::get_if<Dense>(&encoding_)) dense->values.clear();
  if (auto* sparse = std::get_if<Sparse>(&encoding_)) {
    gradient_.resize(sparse->values.size());
    if (surgery) all_ = dense_;
  }
  if (auto* signs = std::get_if<Signs>(&encoding_)) {
    gradient_.resize(dense_.size());
    if (signs->latent.empty()) signs->latent = dense_;
    expand();
  }
  if (shared()) {
    gradient_.resize(free_values().size());
    sums_.resize(gradient_.size());
  }
}

bool TrainedWeight::shared() const {
  return std::holds_alternative<Codebook>(encoding_) || std::holds_alternative<SparseCodebook>(encoding_);
}

std::span<float> TrainedWeight::free_values() {
  if (!all_.empty()) return all_;
  return std::visit(
      [&](auto& e) -> std::span<float> {
        using Form = std::remove_cvref_t<decltype(e)>;
        if constexpr (std::is_same_v<Form, Dense>)
          return dense_;
        else if constexpr (std::is_same_v<Form, Sparse>)
          return e.values;
        else if constexpr (std::is_same_v<Form, Signs>)
          return e.latent;
        else if constexpr (std::is_same_v<Form, Recorded>)
          return {};  // a model is read whole before it learns
        else
          return e.centroids;
      },
      encoding_);
}

std::span<const float> TrainedWeight::free_gradient(std::span<const float> dense_gradient) {
  if (std::holds_alternative<Dense>(encoding_) || !all_.empty()) return dense_gradient;
  if (const auto* sparse = std::get_if<Sparse>(&encoding_)) {
    for (size_t i = 0; i < gradient_.size(); ++i) gradient_[i] = dense_gradient[sparse->positions[i]];
    return gradient_;
  }
  if (const auto* signs = std::get_if<Signs>(&encoding_)) {
    const size_t n = filter_size(), channels = static_cast<size_t>(shape_[1]);
    for (size_t f = 0; f < signs->scales.size(); ++f)
      binary_->apply({std::span(signs->latent).subspan(f * n, n), dense_gradient.subspan(f * n, n),
                      signs->scales[f], channels},
                     std::span(gradient_).subspan(f * n, n));
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
  if (auto* sparse = std::get_if<Sparse>(&encoding_)) {
    if (!all_.empty()) keep_largest(*sparse);
    for (size_t i = 0; i < sparse->positions.size(); ++i) dense_[sparse->positions[i]] = sparse->values[i];
  } else if (const auto* book = std::get_if<Codebook>(&encoding_)) {
    for (size_t i = 0; i < book->codes.size(); ++i) dense_[i] = book->centroids[book->codes[i]];
  } else if (const auto* both = std::get_if<SparseCodebook>(&encoding_)) {
    for (size_t i = 0; i < both->codes.size(); ++i)
      dense_[both->positions[i]] = both->centroids[both->codes[i]];
  } else if (auto* signs = std::get_if<Signs>(&encoding_)) {
    take_signs(*signs);
  }
}

void TrainedWeight::take_signs(Signs& signs) {
  const size_t n = filter_size();
  for (size_t f = 0; f < signs.scales.size(); ++f) {
    const std::span<float> filter = std::span(signs.latent).subspan(f * n, n);
    if (binary_->centres) centre(filter, static_cast<size_t>(shape_[1]));
    const float scale = sign_scale(filter);
    signs.scales[f] = scale;
    for (size_t i = 0; i < n; ++i) dense_[f * n + i] = filter[i] >= 0 ? scale : -scale;
  }
  signs.words = sign_words(signs.latent);
}

/// Of equal magnitudes the first are kept.
void TrainedWeight::keep_largest(Sparse& sparse) {
  const size_t count = sparse.values.size();
  std::ranges::fill(dense_, 0.0f);
  if (count == 0) return;
  std::ranges::transform(all_, dense_.begin(), [](float value) { return std::fabs(value); });
  const auto last = dense_.begin() + static_cast<std::ptrdiff_t>(count) - 1;
  std::nth_element(dense_.begin(), last, dense_.end(), std::greater<>());
  const float least = *last;
  size_t equal = count;  // of those that are exactly as large as the least so many may stay
  for (auto larger = dense_.begin(); larger <= last; ++larger) equal -= *larger > least;
  std::ranges::fill(dense_, 0.0f);
  size_t kept = 0;
  for (size_t i = 0; i < all_.size() && kept < count; ++i) {
    const float magnitude = std::fabs(all_[i]);
    if (magnitude < least || (magnitude == least && equal == 0)) continue;
    if (magnitude == least) --equal;
    sparse.positions[kept] = static_cast<uint32_t>(i);
    sparse.values[kept++] = all_[i];
  }
}

Encoding TrainedWeight::encoding() const {
  if (std::holds_alternative<Dense>(encoding_)) return Dense{dense_};
  return encoding_;
}

}  // namespace netsuke::train
