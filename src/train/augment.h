// Random geometric changes of training images.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.h"
#include "train/train.h"

namespace netsuke::train {

/// How one image is moved: mirrored, then scaled and turned about its centre, then shifted.
struct Motion {
  int right = 0;  ///< pixels
  int down = 0;   ///< pixels
  bool flip = false;
  double angle = 0;  ///< radians, clockwise on the screen
  double scale = 1;  ///< above 1 enlarges
};

/// True if `options` ask for any augmentation.
bool augments(const Options& options);

Motion draw_motion(const Options& options, Random& random);

/// Moves the CHW image `in` of this {channels, height, width} to `out`; what comes from outside it is zero.
/// Whole pixels are copied; turned or scaled ones are bilinear.
void move_image(const Motion& motion, const Shape& shape, std::span<const uint8_t> in,
                std::span<uint8_t> out);

}  // namespace netsuke::train
