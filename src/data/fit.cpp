#include "data/fit.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace netsuke {
namespace {

/// The pixels that one pixel of the result is made of: `first` and on, by these weights, which add up to 1.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> taps_of(int from, int to) {
  const double scale = static_cast<double>(from) / to, reach = std::max(1.0, scale);
  std::vector<Taps> all(static_cast<size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::floor(centre - reach + 0.5)));
    const int end = std::min(from, static_cast<int>(std::floor(centre + reach + 0.5)));
    std::vector<double> weights;
    double sum = 0;
    for (int k = first; k < end; ++k) {
      weights.push_back(std::max(0.0, 1 - std::abs((k + 0.5 - centre) / reach)));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<size_t>(i)];
    taps.first = first;
    for (double w : weights) taps.weights.push_back(static_cast<float>(w / sum));
  }
  return all;
}

/// Resizes `count` rows of `from` pixels, `step` apart in memory within a row.
void resize_lines(const float* in, float* out, int lines, int line_step_in, int line_step_out, int step_in,
                  int step_out, const std::vector<Taps>& taps) {
  for (int line = 0; line < lines; ++line)
    for (size_t i = 0; i < taps.size(); ++i) {
      float sum = 0;
      const float* pixel = in + line * line_step_in + taps[i].first * step_in;
      for (float w : taps[i].weights) sum += w * *pixel, pixel += step_in;
      out[line * line_step_out + static_cast<int>(i) * step_out] = sum;
    }
}

Image cropped(const Image& image, int height, int width) {
  const int top = (image.size.height - height) / 2, left = (image.size.width - width) / 2;
  Image out{{image.size.channels, height, width}, {}};
  for (int c = 0; c < image.size.channels; ++c)
    for (int y = 0; y < height; ++y) {
      const auto row = image.pixels.begin() + (c * image.size.height + top + y) * image.size.width + left;
      out.pixels.insert(out.pixels.end(), row, row + width);
    }
  return out;
}

/// Sides of a picture differ by this factor at most, or the ends of the longer one are cut off before it is
/// resized: the centre is what a network sees, and a line of pixels would become an image of gigabytes.
constexpr int64_t kMostAspect = 16;

Image without_ends(Image image, int height, int width) {
  const int64_t aspect = kMostAspect * std::max(height, width) / std::min(height, width);
  const int64_t most = aspect * std::min(image.size.height, image.size.width);
  if (std::max(image.size.height, image.size.width) <= most) return image;
  return cropped(image, static_cast<int>(std::min<int64_t>(image.size.height, most)),
                 static_cast<int>(std::min<int64_t>(image.size.width, most)));
}

class FittedDataset final : public Dataset {
 public:
  FittedDataset(DatasetPtr whole, Fit fit) : whole_(std::move(whole)), fit_(std::move(fit)) {}

  int64_t size() const override { return whole_->size(); }
  const Shape& image_shape() const override { return fit_.image; }
  int label(int64_t index) const override { return whole_->label(index); }
  void pixels(int64_t index, std::span<uint8_t> out) const override {
    const Shape& s = whole_->image_shape();
    Image image{{static_cast<int>(s[0]), static_cast<int>(s[1]), static_cast<int>(s[2])},
                Bytes(static_cast<size_t>(element_count(s)))};
    whole_->pixels(index, image.pixels);
    std::ranges::copy(fitted(std::move(image), fit_, whole_->name()).pixels, out.begin());
  }
  const std::vector<std::string>& classes() const override { return whole_->classes(); }
  const std::string& name() const override { return whole_->name(); }

 private:
  DatasetPtr whole_;
  Fit fit_;
};

}  // namespace

Image resized(const Image& image, int height, int width) {
  const ImageSize from = image.size;
  if (from.height == height && from.width == width) return image;
  const auto across = taps_of(from.width, width), down = taps_of(from.height, height);
  const auto plane = static_cast<size_t>(from.height) * static_cast<size_t>(from.width);
  const auto result_plane = static_cast<size_t>(height) * static_cast<size_t>(width);
  std::vector<float> in(plane), wide(static_cast<size_t>(from.height) * static_cast<size_t>(width)),
      out(result_plane);
  Image result{{from.channels, height, width}, Bytes(static_cast<size_t>(from.channels) * result_plane)};
  for (size_t c = 0; c < static_cast<size_t>(from.channels); ++c) {
    std::copy_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(c * plane), plane, in.begin());
    resize_lines(in.data(), wide.data(), from.height, from.width, width, 1, 1, across);
    resize_lines(wide.data(), out.data(), width, 1, 1, width, width, down);
    for (size_t i = 0; i < result_plane; ++i)
      result.pixels[c * result_plane + i] = static_cast<uint8_t>(std::clamp(out[i] + 0.5f, 0.0f, 255.0f));
  }
  return result;
}

Image fitted(Image image, const Fit& fit, std::string_view what) {
  const auto channels = static_cast<int>(fit.image[0]), height = static_cast<int>(fit.image[1]),
             width = static_cast<int>(fit.image[2]);
  image = with_channels(std::move(image), channels, what);
  if (image.size.height == height && image.size.width == width) return image;
  image = without_ends(std::move(image), height, width);
  const int shorter = std::min(image.size.height, image.size.width);
  const auto scaled = [&](int side, int least) {
    const auto rounded =
        static_cast<int>(std::lround(static_cast<double>(side) * fit.shorter_side / shorter));
    return std::max(rounded, least);
  };
  return cropped(resized(image, scaled(image.size.height, height), scaled(image.size.width, width)), height,
                 width);
}

DatasetPtr fitted(DatasetPtr whole, const Fit& fit) {
  if (whole->image_shape() == fit.image) return whole;
  return std::make_shared<const FittedDataset>(std::move(whole), fit);
}

}  // namespace netsuke
