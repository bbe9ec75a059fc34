#include "data/synthetic.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "data/memory.h"

namespace netsuke {
namespace {

struct Blob {
  double y, x, radius;  ///< in shares of the image's height
  int64_t channel;
};

/// Three blobs; drawn from the class alone, so that train and test sets agree on what a class looks like.
std::vector<Blob> blobs_of(int label, const Shape& shape) {
  Random random(static_cast<uint64_t>(label), /*stream=*/3);
  std::vector<Blob> blobs(3);
  for (Blob& blob : blobs) {
    blob = {random.uniform(0.15, 0.85), random.uniform(0.15, 0.85), random.uniform(0.08, 0.16),
            static_cast<int64_t>(random.below(static_cast<uint64_t>(shape[0])))};
  }
  return blobs;
}

void draw(const std::vector<Blob>& blobs, const Shape& shape, Random& random, uint8_t* out) {
  const int64_t height = shape[1], width = shape[2];
  const double dy = random.uniform(-0.06, 0.06), dx = random.uniform(-0.06, 0.06);
  const double brightness = random.uniform(120, 220);
  for (int64_t c = 0; c < shape[0]; ++c)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        double value = 24 * random.normal();
        for (const Blob& blob : blobs) {
          const double v = static_cast<double>(y) / static_cast<double>(height) - blob.y - dy;
          const double u = static_cast<double>(x) / static_cast<double>(width) - blob.x - dx;
          if (blob.channel == c)
            value += brightness * std::exp(-(u * u + v * v) / (blob.radius * blob.radius));
        }
        *out++ = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
      }
}

}  // namespace

DatasetPtr make_synthetic(int64_t images, const Shape& shape, int classes, uint64_t seed) {
  if (images < 1 || classes < 1 || classes > 256 || shape.size() != 3)
    fail(ErrorCode::usage, "synthetic images: ", images, " of ", to_text(shape), " in ", classes,
         " classes, expected at least one, channels x height x width and 1 to 256 classes");
  Shape all = shape;
  all.insert(all.begin(), images);
  MemoryImages set{.name = "synthetic", .shape = shape, .pixels = {}, .labels = {}, .classes = {}};
  set.pixels.resize(static_cast<size_t>(element_count(all)));
  std::vector<std::vector<Blob>> blobs;
  for (int label = 0; label < classes; ++label) {
    set.classes.push_back(cat("blobs", label));
    blobs.push_back(blobs_of(label, shape));
  }
  Random random(seed);
  const int64_t bytes = element_count(shape);
  for (int64_t i = 0; i < images; ++i) {
    const auto label = static_cast<size_t>(i % classes);
    draw(blobs[label], shape, random, set.pixels.data() + i * bytes);
    set.labels.push_back(static_cast<uint8_t>(label));
  }
  return make_memory_dataset(std::move(set));
}

}  // namespace netsuke
