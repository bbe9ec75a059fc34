#include "codec/grid.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace netsuke::codec {
namespace {

// From here on float(i) could be inexact.
constexpr size_t kLongestProgression = size_t{1} << 24;
constexpr double kMostPoints = 65536;

bool same_bits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

bool gives(const Progression& progression, std::span<const float> values) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!same_bits(progression.at(i), values[i])) return false;
  return true;
}

// The places of ascending values on a grid, if they lie on it.
std::optional<std::vector<uint32_t>> places_on(const Progression& points, std::span<const float> values) {
  std::vector<uint32_t> places;
  for (const float value : values) {
    const double place = std::round((static_cast<double>(value) - static_cast<double>(points.low)) /
                                    static_cast<double>(points.step));
    if (!(place >= 0 && place < kMostPoints)) return std::nullopt;
    const auto at = static_cast<uint32_t>(place);
    if (!same_bits(points.at(at), value) || (!places.empty() && at <= places.back())) return std::nullopt;
    places.push_back(at);
  }
  return places;
}

// A rounded difference lies within a few units in the last place of the step that made the values.
template <class Found>
auto near(float guess, Found found) -> decltype(found(guess)) {
  float step = guess;
  for (int i = 0; i < 4; ++i) step = std::nextafter(step, -INFINITY);
  for (int i = 0; i < 9; ++i, step = std::nextafter(step, INFINITY))
    if (auto result = found(step)) return result;
  return std::nullopt;
}

}  // namespace

float Progression::at(size_t i) const {
  const float product = static_cast<float>(i) * step;  // this file is compiled without contraction to fma
  return low + product;
}

std::optional<Progression> find_progression(std::span<const float> values) {
  if (values.empty() || values.size() >= kLongestProgression) return std::nullopt;
  if (values.size() == 1) return Progression{values[0], 0};
  const float spread = (values.back() - values[0]) / static_cast<float>(values.size() - 1);
  for (float guess : {0.0f, values[1] - values[0], spread}) {
    auto found = near(guess, [&](float step) -> std::optional<Progression> {
      if (!gives({values[0], step}, values)) return std::nullopt;
      return Progression{values[0], step};
    });
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<Grid> find_grid(std::span<const float> values) {
  if (values.size() < 3) return std::nullopt;
  const double range = static_cast<double>(values.back()) - static_cast<double>(values[0]);
  double gap = range;
  for (size_t i = 1; i < values.size(); ++i)
    gap = std::min(gap, static_cast<double>(values[i]) - static_cast<double>(values[i - 1]));
  // The narrowest gap is one step, or a few where no two neighbours are there.
  for (int steps = 1; gap > 0 && steps <= 4; ++steps) {
    const double points = std::round(range / gap * steps);
    if (points >= kMostPoints) break;
    auto found = near(static_cast<float>(range / points), [&](float step) -> std::optional<Grid> {
      auto places = places_on({values[0], step}, values);
      if (!places) return std::nullopt;
      return Grid{{values[0], step}, std::move(*places)};
    });
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace netsuke::codec
