#include "train/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/clock.h"
#include "base/error.h"
#include "base/function_ref.h"
#include "train/augment.h"

namespace netsuke::train {
namespace {

// Streams of the run's seed (base/random.h): what each kind of chance is drawn from.
constexpr uint64_t kShuffleStream = 1;
constexpr uint64_t kMixStream = 4;  // 2 is augment.cpp's, 3 trainer.cpp's

void put(const Preprocess& preprocess, const Shape& shape, std::span<const uint8_t> pixels, float* to) {
  apply(preprocess, pixels.data(), static_cast<int>(shape[0]), shape[1] * shape[2], to);
}

/// From Beta(a, a), a at most 1 (Joehnk 1964).
double draw_share(double a, Random& random) {
  for (;;) {
    const double x = std::pow(random.uniform(), 1 / a), y = std::pow(random.uniform(), 1 / a);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

/// Each image with the one behind it in the batch, whose order is random already; the last with the first.
void mix_images(double share, size_t count, std::vector<float>& images) {
  const size_t size = images.size() / count;
  const std::vector<float> first(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(size));
  const auto own = static_cast<float>(share);
  for (size_t i = 0; i < images.size(); ++i) {
    const float other = i + size < images.size() ? images[i + size] : first[i + size - images.size()];
    images[i] = own * images[i] + (1 - own) * other;
  }
}

void mix(double share, Batch& batch) {
  batch.share = share;
  batch.other_labels = batch.labels;
  std::rotate(batch.other_labels.begin(), batch.other_labels.begin() + 1, batch.other_labels.end());
  mix_images(share, batch.labels.size(), batch.images);
  for (std::vector<float>& images : batch.teacher_images) mix_images(share, batch.labels.size(), images);
}

using Change = FunctionRef<void(int64_t, std::vector<uint8_t>&)>;

/// `count` images from `first` on, in order, each after change(index, pixels).
Batch batch_in_order(const Dataset& data, const Preprocess& preprocess, int64_t first, int64_t count,
                     Change change) {
  Batch batch;
  std::vector<uint8_t> pixels(static_cast<size_t>(element_count(data.image_shape())));
  batch.images.resize(static_cast<size_t>(count) * pixels.size());
  for (int64_t i = first; i < first + count; ++i) {
    const bool sound = data.sound_pixels(i, pixels);
    change(i, pixels);
    put(preprocess, data.image_shape(), pixels,
        batch.images.data() + static_cast<size_t>(i - first) * pixels.size());
    batch.labels.push_back(sound ? data.label(i) : -1);
  }
  return batch;
}

}  // namespace

Batch plain_batch(const Dataset& data, const Preprocess& preprocess, int64_t first, int64_t count) {
  return batch_in_order(data, preprocess, first, count, [](int64_t, std::vector<uint8_t>&) {});
}

Batch version_batch(const Dataset& data, const Preprocess& preprocess, const Options& options,
                    int64_t version, int64_t first, int64_t count) {
  const uint64_t seed = augmentation_seed(options, version);
  return batch_in_order(data, preprocess, first, count, [&](int64_t index, std::vector<uint8_t>& pixels) {
    if (augments(options)) augment(options, data.image_shape(), seed, index, pixels);
  });
}

Batches::Batches(const Dataset& data, Preprocess preprocess, std::vector<Preprocess> teachers,
                 const Options& options, const World& world)
    : data_(data),
      preprocess_(std::move(preprocess)),
      teachers_(std::move(teachers)),
      options_(options),
      world_(world),
      batch_size_(std::min<int64_t>(options.batch, data.size() / world.size) * world.size),
      order_(static_cast<size_t>(data.size())),
      threads_(options.threads) {
  if (data.size() < world.size)
    fail(ErrorCode::usage, data.name(), ": ", data.size(), " images for ", world.size,
         " processes, expected at least one each");
}

void Batches::shuffle(int64_t epoch) {
  if (shuffled_epoch_ == epoch) return;
  std::iota(order_.begin(), order_.end(), int64_t{0});
  Random random(Random(options_.seed, kShuffleStream).next(), static_cast<uint64_t>(epoch));
  random.shuffle(std::span(order_));
  shuffled_epoch_ = epoch;
}

/// The image at this place of the epoch's order; where it is damaged, the next sound one.
int64_t Batches::sound_image(int64_t place, std::span<uint8_t> pixels) const {
  for (int64_t tries = 0; tries < std::ssize(order_); ++tries, ++place) {
    const int64_t image = order_[static_cast<size_t>(place % std::ssize(order_))];
    if (data_.sound_pixels(image, pixels)) return image;
  }
  fail(ErrorCode::input, data_.name(), ": has no image that can be decoded");
}

/// Image `at` of the batch: the one at this place of the epoch's order.
void Batches::fill_image(int64_t place, uint64_t epoch_seed, size_t at, Batch& batch) const {
  const Shape& shape = data_.image_shape();
  const auto size = static_cast<size_t>(element_count(shape));
  std::vector<uint8_t> pixels(size);
  const int64_t image = sound_image(place, pixels);
  if (augments(options_)) augment(options_, shape, epoch_seed, image, pixels);
  put(preprocess_, shape, pixels, batch.images.data() + at * size);
  for (size_t t = 0; t < teachers_.size(); ++t)
    put(teachers_[t], shape, pixels, batch.teacher_images[t].data() + at * size);
  batch.indices[at] = image;
  batch.labels[at] = data_.label(image);
}

Batch Batches::make(int64_t step) {
  const int64_t part = batch_size_ / world_.size, epoch = step / per_epoch();
  const int64_t first = step % per_epoch() * batch_size_ + world_.rank * part;
  shuffle(epoch);
  const uint64_t epoch_seed = augmentation_seed(options_, epoch);
  Batch batch;
  batch.version = version_of(options_, epoch);
  const auto count = static_cast<size_t>(part);
  const auto floats = count * static_cast<size_t>(element_count(data_.image_shape()));
  batch.images.resize(floats);
  batch.teacher_images.assign(teachers_.size(), std::vector<float>(floats));
  batch.indices.resize(count);
  batch.labels.resize(count);
  threads_.each(count, [&](size_t i) { fill_image(first + static_cast<int64_t>(i), epoch_seed, i, batch); });
  if (options_.mixup > 0) {
    Random random(Random(options_.seed, kMixStream).next(), static_cast<uint64_t>(step));
    mix(draw_share(options_.mixup, random), batch);
  }
  return batch;
}

void Prefetch::start() {
  if (at_ < end_)
    coming_ = std::async(std::launch::async, [this, step = at_] {
      const auto begin = Clock::now();
      Batch batch = batches_.make(step);
      return std::pair(std::move(batch), seconds_since(begin));
    });
}

Batch Prefetch::next() {
  const auto begin = Clock::now();
  auto [batch, seconds] = coming_.get();
  waiting_ += seconds_since(begin);
  making_ += seconds;
  ++at_;
  start();
  return std::move(batch);
}

}  // namespace netsuke::train
