// Several processes that train one network: each computes the gradient of its own images, and all step by the
// mean. Behind this header is torch's c10d, and nothing of it shows here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/world.h"

namespace netsuke::train {

class Group {
 public:
  /// Waits until all processes of `world` are there. Throws Error(usage) if they are not after a minute.
  explicit Group(const World& world);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// Says how long the gradients are that start() will be given, in the order in which they usually come.
  /// They are sent in buckets of about 4 MB, each as soon as all of it is there, while the backward pass goes
  /// on.
  void set_gradients(const std::vector<size_t>& sizes);
  /// Gradient `index` of this step is known.
  void start(size_t index, std::span<const float> gradient);
  /// Waits for all buckets, those with gradients that never came (as zeros) among them.
  void finish();
  /// The mean over all processes of gradient `index`; valid until the next start().
  std::span<float> mean(size_t index);

  /// The sums over all processes, in place.
  void sum(std::span<double> values);

 private:
  struct Buckets;
  World world_;
  std::unique_ptr<Buckets> buckets_;
};

}  // namespace netsuke::train
