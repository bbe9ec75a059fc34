// Labelled images, as training, evaluation and `run` see them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/shape.h"

namespace netsuke {

/// One split of a data set. Implementations are safe to read from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  /// {channels, height, width}; the same for every image.
  virtual const Shape& image_shape() const = 0;
  virtual int label(int64_t index) const = 0;
  /// The image as CHW bytes, RGB or gray; `out` holds element_count(image_shape()).
  virtual void pixels(int64_t index, std::span<uint8_t> out) const = 0;
  /// pixels() where damage is no end: false, and a report once, for an image that cannot be decoded. Throws
  /// Error(input) when more of the images are damaged than the set tolerates.
  virtual bool sound_pixels(int64_t index, std::span<uint8_t> out) const {
    pixels(index, out);
    return true;
  }
  /// Class names by label, never empty ("0".."9" where the set names none).
  virtual const std::vector<std::string>& classes() const = 0;
  /// For errors and reports: "fashion-mnist, train".
  virtual const std::string& name() const = 0;
};
using DatasetPtr = std::shared_ptr<const Dataset>;

/// The part of `whole` at `indices`, sharing its pixels.
DatasetPtr subset(DatasetPtr whole, std::vector<int64_t> indices, std::string name);

/// A random but seeded split in two: (size - held_out) and `held_out` images, each in their original order.
/// Hyper-parameters and the best epoch are chosen on the second; the test split stays unread.
struct Split {
  DatasetPtr train;
  DatasetPtr validation;
};
Split split(const DatasetPtr& whole, int64_t held_out, uint64_t seed);

}  // namespace netsuke
