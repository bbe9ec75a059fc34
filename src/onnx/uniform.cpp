#include "onnx/uniform.h"

#include <algorithm>
#include <cmath>

namespace netsuke::onnx {
namespace {

/// A guess of the step: the least distance between centroids, or between one of them and zero.
float least_distance(std::span<const float> centroids) {
  std::vector<float> sorted(centroids.begin(), centroids.end());
  sorted.push_back(0);
  std::sort(sorted.begin(), sorted.end());
  float least = INFINITY;
  for (size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i] > sorted[i - 1]) least = std::min(least, sorted[i] - sorted[i - 1]);
  return least;
}

std::optional<UniformCodes> with_step(std::span<const float> centroids, std::span<const float> multiples,
                                      float step) {
  const auto [lowest, highest] = std::minmax_element(multiples.begin(), multiples.end());
  const float zero = std::clamp(-*lowest, 0.0f, 255.0f);
  if (*lowest + zero < 0 || *highest + zero > 255) return std::nullopt;
  UniformCodes uniform{step, static_cast<uint8_t>(zero), {}};
  for (size_t i = 0; i < centroids.size(); ++i) {
    if (multiples[i] * step != centroids[i]) return std::nullopt;
    uniform.codes.push_back(static_cast<uint8_t>(multiples[i] + zero));
  }
  return uniform;
}

}  // namespace

std::optional<UniformCodes> uniform_codes(std::span<const float> centroids) {
  if (!std::all_of(centroids.begin(), centroids.end(), [](float c) { return std::isfinite(c); }))
    return std::nullopt;
  const float guess = least_distance(centroids);
  if (!std::isfinite(guess)) return std::nullopt;
  std::vector<float> multiples;
  for (float c : centroids) multiples.push_back(std::round(c / guess));
  // A difference of rounded products is near the step; the quotient of the largest is nearer.
  size_t far = 0;
  for (size_t i = 0; i < centroids.size(); ++i)
    if (std::abs(centroids[i]) > std::abs(centroids[far])) far = i;
  const float fine = centroids[far] / multiples[far];
  for (float step : {guess, fine, std::nextafter(fine, 0.0f), std::nextafter(fine, INFINITY)})
    if (auto uniform = with_step(centroids, multiples, step)) return uniform;
  return std::nullopt;
}

}  // namespace netsuke::onnx
