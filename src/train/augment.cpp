#include "train/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace netsuke::train {
namespace {

/// One channel of an image; zero outside it.
struct Plane {
  const uint8_t* pixels;
  int64_t height, width;

  double at(int64_t y, int64_t x) const {
    return y >= 0 && y < height && x >= 0 && x < width ? static_cast<double>(pixels[y * width + x]) : 0.0;
  }
  double bilinear(double y, double x) const {
    const double top = std::floor(y), left = std::floor(x), down = y - top, right = x - left;
    const auto row = static_cast<int64_t>(top), column = static_cast<int64_t>(left);
    return (1 - down) * ((1 - right) * at(row, column) + right * at(row, column + 1)) +
           down * ((1 - right) * at(row + 1, column) + right * at(row + 1, column + 1));
  }
};

void shift_plane(const Motion& motion, const Plane& in, uint8_t* out) {
  for (int64_t y = 0; y < in.height; ++y) {
    const int64_t from_y = y - motion.down;
    for (int64_t x = 0; x < in.width; ++x) {
      const int64_t shifted = x - motion.right, from_x = motion.flip ? in.width - 1 - shifted : shifted;
      *out++ = static_cast<uint8_t>(in.at(from_y, from_x));
    }
  }
}

/// Each output pixel is fetched from where the inverse of the motion takes it.
void warp_plane(const Motion& motion, const Plane& in, uint8_t* out) {
  const double middle_y = static_cast<double>(in.height - 1) / 2,
               middle_x = static_cast<double>(in.width - 1) / 2;
  const double cosine = std::cos(motion.angle) / motion.scale, sine = std::sin(motion.angle) / motion.scale;
  for (int64_t y = 0; y < in.height; ++y) {
    for (int64_t x = 0; x < in.width; ++x) {
      const double v = static_cast<double>(y - motion.down) - middle_y;
      const double u = static_cast<double>(x - motion.right) - middle_x;
      const double from_x = cosine * u + sine * v, from_y = cosine * v - sine * u;
      const double value = in.bilinear(from_y + middle_y, (motion.flip ? -from_x : from_x) + middle_x);
      *out++ = static_cast<uint8_t>(std::lround(value));
    }
  }
}

}  // namespace

bool augments(const Options& options) {
  return options.shift > 0 || options.flip || options.rotate > 0 || options.zoom > 0;
}

Motion draw_motion(const Options& options, Random& random) {
  const auto shift = [&] {
    return static_cast<int>(random.below(static_cast<uint64_t>(2 * options.shift + 1))) - options.shift;
  };
  Motion motion;
  motion.right = shift();
  motion.down = shift();
  motion.flip = options.flip && random.below(2) == 1;
  motion.angle = random.uniform(-1, 1) * options.rotate * std::numbers::pi / 180;
  motion.scale = random.uniform(1 - options.zoom, 1 + options.zoom);
  return motion;
}

void move_image(const Motion& motion, const Shape& shape, std::span<const uint8_t> in,
                std::span<uint8_t> out) {
  const bool whole_pixels = motion.angle == 0 && motion.scale == 1;
  const int64_t plane = shape[1] * shape[2];
  for (int64_t channel = 0; channel < shape[0]; ++channel) {
    const Plane from{in.data() + channel * plane, shape[1], shape[2]};
    uint8_t* to = out.data() + channel * plane;
    whole_pixels ? shift_plane(motion, from, to) : warp_plane(motion, from, to);
  }
}

}  // namespace netsuke::train
