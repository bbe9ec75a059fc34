#include "train/batches.h"

#include <algorithm>
#include <numeric>

#include "train/augment.h"

namespace netsuke::train {
namespace {

// Streams of the run's seed (base/random.h): what each kind of chance is drawn from.
constexpr uint64_t kShuffleStream = 1;
constexpr uint64_t kAugmentStream = 2;

void append(std::vector<float>& images, const Preprocess& preprocess, const Shape& shape,
            const uint8_t* pixels) {
  const auto size = static_cast<size_t>(element_count(shape)), start = images.size();
  images.resize(start + size);
  apply(preprocess, pixels, static_cast<int>(shape[0]), shape[1] * shape[2], images.data() + start);
}

}  // namespace

Batch plain_batch(const Dataset& data, const Preprocess& preprocess, int64_t first, int64_t count) {
  Batch batch;
  std::vector<uint8_t> pixels(static_cast<size_t>(element_count(data.image_shape())));
  for (int64_t i = first; i < first + count; ++i) {
    // A damaged image counts as the one before it: there are too few to matter.
    data.sound_pixels(i, pixels);
    append(batch.images, preprocess, data.image_shape(), pixels.data());
    batch.labels.push_back(data.label(i));
  }
  return batch;
}

Batches::Batches(const Dataset& data, Preprocess preprocess, std::optional<Preprocess> teacher,
                 const Options& options)
    : data_(data),
      preprocess_(std::move(preprocess)),
      teacher_(std::move(teacher)),
      options_(options),
      batch_size_(std::min<int64_t>(options.batch, data.size())),
      order_(static_cast<size_t>(data.size())) {}

void Batches::shuffle(int64_t epoch) {
  if (shuffled_epoch_ == epoch) return;
  std::iota(order_.begin(), order_.end(), int64_t{0});
  Random random(Random(options_.seed, kShuffleStream).next(), static_cast<uint64_t>(epoch));
  random.shuffle(std::span(order_));
  shuffled_epoch_ = epoch;
}

/// The image at this place of the epoch's order; where it is damaged, the next sound one.
int64_t Batches::sound_image(int64_t place, std::span<uint8_t> pixels) const {
  for (;; ++place) {
    const int64_t image = order_[static_cast<size_t>(place % std::ssize(order_))];
    if (data_.sound_pixels(image, pixels)) return image;
  }
}

Batch Batches::make(int64_t step) {
  const int64_t epoch = step / per_epoch(), first = step % per_epoch() * batch_size_;
  shuffle(epoch);
  const uint64_t epoch_seed =
      Random(Random(options_.seed, kAugmentStream).next(), static_cast<uint64_t>(epoch)).next();
  Batch batch;
  std::vector<uint8_t> pixels(static_cast<size_t>(element_count(data_.image_shape()))), moved(pixels.size());
  for (int64_t i = first; i < first + batch_size_; ++i) {
    const int64_t image = sound_image(i, pixels);
    if (augments(options_)) {
      Random random(epoch_seed, static_cast<uint64_t>(image));
      move_image(draw_motion(options_, random), data_.image_shape(), pixels, moved);
      pixels.swap(moved);
    }
    append(batch.images, preprocess_, data_.image_shape(), pixels.data());
    if (teacher_) append(batch.teacher_images, *teacher_, data_.image_shape(), pixels.data());
    batch.labels.push_back(data_.label(image));
  }
  return batch;
}

void Prefetch::start() {
  if (at_ < end_)
    coming_ = std::async(std::launch::async, [this, step = at_] { return batches_.make(step); });
}

Batch Prefetch::next() {
  Batch batch = coming_.get();
  ++at_;
  start();
  return batch;
}

}  // namespace netsuke::train
