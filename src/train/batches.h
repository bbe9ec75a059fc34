// Images on their way from a data set into a network.
#pragma once

#include <cstdint>
#include <future>
#include <vector>

#include "base/threads.h"
#include "graph/preprocess.h"
#include "train/train.h"
#include "train/world.h"

namespace netsuke::train {

struct Batch {
  std::vector<float> images;                       ///< NCHW, preprocessed
  std::vector<std::vector<float>> teacher_images;  ///< the same pixels as each teacher wants them
  std::vector<int64_t> indices;                    ///< of the images in the data set
  int64_t version = 0;                             ///< of all of them (Options::versions)
  std::vector<int64_t> labels;
  /// Of mixed images (mixup): what the rest of each image shows.
  std::vector<int64_t> other_labels;
  double share = 1;  ///< of the image of `labels`; the rest is that of `other_labels`
};

/// `count` images from `first` on, in order and unchanged.
Batch plain_batch(const Dataset& data, const Preprocess& preprocess, int64_t first, int64_t count);

/// The same images as an epoch that shows this version of them has them, in the data set's order.
Batch version_batch(const Dataset& data, const Preprocess& preprocess, const Options& options,
                    int64_t version, int64_t first, int64_t count);

/// The training batches of a run by number. Order and augmentation are functions of (seed, epoch, image)
/// alone, so a resumed run sees what the uninterrupted one would have, whatever the number of threads. Images
/// left over after the last whole batch wait for the next epoch's shuffle.
class Batches {
 public:
  Batches(const Dataset& data, Preprocess preprocess, std::vector<Preprocess> teachers,
          const Options& options, const World& world = {});

  /// Images of a step, over all processes.
  int64_t batch_size() const { return batch_size_; }
  int64_t per_epoch() const { return data_.size() / batch_size_; }
  /// This process's part of batch `step` of the whole run, from 0; calls must not overlap.
  Batch make(int64_t step);

 private:
  void shuffle(int64_t epoch);
  void fill_image(int64_t place, uint64_t epoch_seed, size_t at, Batch& batch) const;
  int64_t sound_image(int64_t place, std::span<uint8_t> pixels) const;

  const Dataset& data_;
  Preprocess preprocess_;
  std::vector<Preprocess> teachers_;
  const Options& options_;
  World world_;
  int64_t batch_size_;
  int64_t shuffled_epoch_ = -1;
  std::vector<int64_t> order_;
  Threads threads_;
};

/// Makes the next batch on other threads while the current one is used.
class Prefetch {
 public:
  /// Batches `first` to `end` - 1; `batches` outlives this.
  Prefetch(Batches& batches, int64_t first, int64_t end) : batches_(batches), at_(first), end_(end) {
    start();
  }
  /// The next batch. Throws what making it threw.
  Batch next();
  /// Seconds that batches took to make, and that next() waited for them: the second is what data cost the
  /// run.
  double making() const { return making_; }
  double waiting() const { return waiting_; }

 private:
  void start();

  Batches& batches_;
  int64_t at_, end_;
  double making_ = 0, waiting_ = 0;
  std::future<std::pair<Batch, double>> coming_;  ///< its destructor waits for the thread
};

}  // namespace netsuke::train
