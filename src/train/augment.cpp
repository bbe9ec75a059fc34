#include "train/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace netsuke::train {
namespace {

constexpr uint64_t kAugmentStream = 2;  // of the run's seed; batches.cpp has the others

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
      const double shown_y = (static_cast<double>(y) - middle_y) * motion.height + motion.centre_down;
      const double shown_x = (static_cast<double>(x) - middle_x) * motion.width + motion.centre_right;
      const double v = shown_y - motion.down, u = shown_x - motion.right;
      const double from_x = cosine * u + sine * v, from_y = cosine * v - sine * u;
      const double value = in.bilinear(from_y + middle_y, (motion.flip ? -from_x : from_x) + middle_x);
      *out++ = static_cast<uint8_t>(std::lround(value));
    }
  }
}

/// A part of at least `least` of the area, as torchvision's RandomResizedCrop draws it.
void draw_window(double least, const Shape& shape, Random& random, Motion& motion) {
  const double area = random.uniform(least, 1);
  const double aspect = std::exp(random.uniform(std::log(3.0 / 4), std::log(4.0 / 3)));
  motion.height = std::min(1.0, std::sqrt(area / aspect));
  motion.width = std::min(1.0, std::sqrt(area * aspect));
  const auto place = [&](int64_t size, double share) {
    const double room = static_cast<double>(size - 1) * (1 - share) / 2;
    return random.uniform(-room, room);
  };
  motion.centre_down = place(shape[1], motion.height);
  motion.centre_right = place(shape[2], motion.width);
}

uint8_t to_pixel(double value) { return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))); }

double mean(std::span<const uint8_t> pixels) {
  return static_cast<double>(std::accumulate(pixels.begin(), pixels.end(), uint64_t{0})) /
         static_cast<double>(pixels.size());
}

void saturate(double factor, int64_t plane, std::span<uint8_t> pixels) {
  const auto size = static_cast<size_t>(plane);
  for (size_t i = 0; i < size; ++i) {
    // The eye's weights (ITU-R BT.601).
    const double grey = 0.299 * pixels[i] + 0.587 * pixels[size + i] + 0.114 * pixels[2 * size + i];
    for (size_t channel = 0; channel < 3; ++channel) {
      uint8_t& value = pixels[channel * size + i];
      value = to_pixel(grey + factor * (value - grey));
    }
  }
}

void cut_out(const Paint& paint, const Shape& shape, std::span<uint8_t> pixels) {
  const auto clamped = [](int64_t at, int64_t size) { return std::clamp<int64_t>(at, 0, size); };
  const int64_t top = clamped(paint.top, shape[1]), bottom = clamped(paint.top + paint.side, shape[1]);
  const int64_t left = clamped(paint.left, shape[2]), right = clamped(paint.left + paint.side, shape[2]);
  const auto plane = static_cast<size_t>(shape[1] * shape[2]);
  for (size_t start = 0; start < pixels.size(); start += plane) {
    const uint8_t grey = to_pixel(mean(pixels.subspan(start, plane)));
    for (int64_t y = top; y < bottom; ++y)
      std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(start) + y * shape[2] + left, right - left,
                  grey);
  }
}

}  // namespace

bool augments(const Options& options) {
  return options.shift > 0 || options.flip || options.rotate > 0 || options.zoom > 0 || options.crop > 0 ||
         options.jitter > 0 || options.cutout > 0;
}

Options augmentation_of(const Options& options) {
  Options only;
  only.shift = options.shift, only.flip = options.flip, only.rotate = options.rotate;
  only.zoom = options.zoom, only.crop = options.crop, only.jitter = options.jitter;
  only.cutout = options.cutout, only.versions = options.versions;
  return only;
}

int64_t version_of(const Options& options, int64_t epoch) {
  return options.versions > 0 && augments(options) ? epoch % options.versions : 0;
}

uint64_t augmentation_seed(const Options& options, int64_t epoch) {
  const bool versions = options.versions > 0;
  const uint64_t run = Random(versions ? 0 : options.seed, kAugmentStream).next();
  return Random(run, static_cast<uint64_t>(versions ? version_of(options, epoch) : epoch)).next();
}

void augment(const Options& options, const Shape& shape, uint64_t seed, int64_t index,
             std::vector<uint8_t>& pixels) {
  Random random(seed, static_cast<uint64_t>(index));
  std::vector<uint8_t> moved(pixels.size());
  move_image(draw_motion(options, shape, random), shape, pixels, moved);
  pixels.swap(moved);
  paint_image(draw_paint(options, shape, random), shape, pixels);
}

Motion draw_motion(const Options& options, const Shape& shape, Random& random) {
  const auto shift = [&] {
    return static_cast<int>(random.below(static_cast<uint64_t>(2 * options.shift + 1))) - options.shift;
  };
  Motion motion;
  motion.right = shift();
  motion.down = shift();
  motion.flip = options.flip && random.below(2) == 1;
  motion.angle = random.uniform(-1, 1) * options.rotate * std::numbers::pi / 180;
  motion.scale = random.uniform(1 - options.zoom, 1 + options.zoom);
  if (options.crop > 0) draw_window(options.crop, shape, random, motion);
  return motion;
}

Paint draw_paint(const Options& options, const Shape& shape, Random& random) {
  Paint paint;
  if (options.jitter > 0)
    for (double* factor : {&paint.brightness, &paint.contrast, &paint.saturation})
      *factor = random.uniform(1 - options.jitter, 1 + options.jitter);
  paint.side = options.cutout;
  if (paint.side > 0) {
    const auto place = [&](int64_t size) {
      return static_cast<int64_t>(random.below(static_cast<uint64_t>(size))) - paint.side / 2;
    };
    paint.top = place(shape[1]);
    paint.left = place(shape[2]);
  }
  return paint;
}

void paint_image(const Paint& paint, const Shape& shape, std::span<uint8_t> pixels) {
  if (paint.brightness != 1 || paint.contrast != 1) {
    const double grey = paint.brightness * mean(pixels);
    for (uint8_t& value : pixels) value = to_pixel(grey + paint.contrast * (paint.brightness * value - grey));
  }
  if (paint.saturation != 1 && shape[0] == 3) saturate(paint.saturation, shape[1] * shape[2], pixels);
  if (paint.side > 0) cut_out(paint, shape, pixels);
}

void move_image(const Motion& motion, const Shape& shape, std::span<const uint8_t> in,
                std::span<uint8_t> out) {
  const bool whole_pixels = motion.angle == 0 && motion.scale == 1 && motion.height == 1 && motion.width == 1;
  const int64_t plane = shape[1] * shape[2];
  for (int64_t channel = 0; channel < shape[0]; ++channel) {
    const Plane from{in.data() + channel * plane, shape[1], shape[2]};
    uint8_t* to = out.data() + channel * plane;
    whole_pixels ? shift_plane(motion, from, to) : warp_plane(motion, from, to);
  }
}

}  // namespace netsuke::train
