#include "data/drawn.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/random.h"
#include "data/memory.h"

namespace netsuke {
namespace {

/// A disc, or a bar as long as `half_length` on either side of its middle, `radius` thick on either side.
struct Leaf {
  double y, x, radius, half_length, cosine, sine;
  bool covers(double py, double px) const {
    const double along = (px - x) * cosine + (py - y) * sine, across = (py - y) * cosine - (px - x) * sine;
    if (half_length > 0) return std::abs(along) <= half_length && std::abs(across) <= radius;
    return along * along + across * across <= radius * radius;
  }
  double reach() const { return half_length > 0 ? std::hypot(half_length, radius) : radius; }
};

class Painter {
 public:
  Painter(const Shape& shape, Random& random, uint8_t* out)
      : channels_(shape[0]), height_(shape[1]), width_(shape[2]), random_(random), out_(out) {}

  void paint() {
    const auto size = static_cast<double>(std::min(height_, width_));
    std::vector<double> image(static_cast<size_t>(channels_ * height_ * width_), random_.uniform(0, 255));
    const int64_t squares =
        (std::max(height_, width_) + std::min(height_, width_) - 1) / std::min(height_, width_);
    for (int64_t i = 0; i < kLeaves * squares; ++i) cover(image, leaf(size));
    const double noise = random_.uniform(0, 8);
    for (const double value : image)
      *out_++ = static_cast<uint8_t>(std::clamp(std::round(value + noise * random_.normal()), 0.0, 255.0));
  }

 private:
  static constexpr int64_t kLeaves = 400;  // a square, which leave nothing of the ground to be seen

  Leaf leaf(double size) {
    // As many of each size as fill the same area: density of radii r^-3, between the ends.
    const double least = 1 / (0.04 * size), most = 1 / (0.4 * size);
    const double radius = 1 / std::sqrt(random_.uniform(most * most, least * least));
    const double angle = random_.uniform(0, 2 * std::numbers::pi);
    return {.y = random_.uniform(0, static_cast<double>(height_)),
            .x = random_.uniform(0, static_cast<double>(width_)),
            .radius = radius,
            .half_length = random_.uniform() < 0.5 ? radius * random_.uniform(1, 4) : 0,
            .cosine = std::cos(angle),
            .sine = std::sin(angle)};
  }

  void cover(std::vector<double>& image, const Leaf& leaf) {
    // Photographs are more light and dark than coloured.
    const double light = random_.uniform(0, 255), shade = random_.uniform(-0.5, 0.5);
    std::vector<double> colour;
    for (int64_t c = 0; c < channels_; ++c)
      colour.push_back(channels_ == 1 ? light : light + 40 * random_.normal());
    const auto bound = [](double at, int64_t end) {
      return std::clamp(static_cast<int64_t>(std::floor(at)), int64_t{0}, end);
    };
    const double reach = leaf.reach();
    for (int64_t y = bound(leaf.y - reach, height_); y < bound(leaf.y + reach + 1, height_); ++y)
      for (int64_t x = bound(leaf.x - reach, width_); x < bound(leaf.x + reach + 1, width_); ++x) {
        const auto py = static_cast<double>(y), px = static_cast<double>(x);
        if (!leaf.covers(py, px)) continue;
        const double shaded = 1 + shade * (py - leaf.y) / (reach + 1);
        for (int64_t c = 0; c < channels_; ++c)
          image[static_cast<size_t>((c * height_ + y) * width_ + x)] =
              colour[static_cast<size_t>(c)] * shaded;
      }
  }

  int64_t channels_, height_, width_;
  Random& random_;
  uint8_t* out_;
};

}  // namespace

DatasetPtr make_drawn(int64_t images, const Shape& shape, uint64_t seed) {
  if (images < 1 || shape.size() != 3)
    fail(ErrorCode::usage, "drawn pictures: ", images, " of ", to_text(shape),
         ", expected at least one, channels x height x width");
  MemoryImages set{.name = "drawn", .shape = shape, .pixels = {}, .labels = {}, .classes = {"nothing"}};
  const auto bytes = static_cast<size_t>(element_count(shape)), count = static_cast<size_t>(images);
  set.pixels.resize(count * bytes);
  set.labels.resize(count);
  Random random(seed, /*stream=*/4);
  for (size_t i = 0; i < count; ++i) Painter(shape, random, set.pixels.data() + i * bytes).paint();
  return make_memory_dataset(std::move(set));
}

}  // namespace netsuke
