// Random changes of training images.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

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
  /// The part of the moved image that is shown: its sides as shares of the whole ones, and how far its centre
  /// lies from the image's, in pixels.
  double height = 1, width = 1, centre_down = 0, centre_right = 0;
};

/// How one image is painted over: each factor 1 changes nothing.
struct Paint {
  double brightness = 1;
  double contrast = 1;    ///< about the image's mean grey
  double saturation = 1;  ///< about each pixel's grey; of images of three channels
  /// A square that becomes the mean of each channel; it may lie partly outside.
  int64_t top = 0, left = 0, side = 0;
};

/// True if `options` ask for any augmentation.
bool augments(const Options& options);

/// Options that ask for the augmentation of `options` and for nothing else.
Options augmentation_of(const Options& options);

/// The version of its images that an epoch shows, from 0; always 0 where there are none to go through.
int64_t version_of(const Options& options, int64_t epoch);

/// What the changes of an epoch's images are drawn from. With Options::versions it is the version's, the same
/// for all seeds.
uint64_t augmentation_seed(const Options& options, int64_t epoch);

/// Changes image `index` of this {channels, height, width} as `options` ask, by chance from (seed, index).
void augment(const Options& options, const Shape& shape, uint64_t seed, int64_t index,
             std::vector<uint8_t>& pixels);

Motion draw_motion(const Options& options, const Shape& shape, Random& random);

Paint draw_paint(const Options& options, const Shape& shape, Random& random);

/// Paints over the CHW image of this {channels, height, width} in place.
void paint_image(const Paint& paint, const Shape& shape, std::span<uint8_t> pixels);

/// Moves the CHW image `in` of this {channels, height, width} to `out`; what comes from outside it is zero.
/// Whole pixels are copied; turned or scaled ones are bilinear.
void move_image(const Motion& motion, const Shape& shape, std::span<const uint8_t> in,
                std::span<uint8_t> out);

}  // namespace netsuke::train
