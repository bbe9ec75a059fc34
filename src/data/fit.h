// Pictures of any size as the input of a network.
#pragma once

#include "data/dataset.h"
#include "data/image.h"

namespace netsuke {

/// What a network takes: the shorter side of a picture is made `shorter_side` pixels long, then `image` is
/// cut out of its centre.
struct Fit {
  Shape image;  ///< {channels, height, width}
  int shorter_side = 0;
};

/// The picture in another size: each pixel is the mean of those under it, weighted by a triangle as wide as
/// two pixels of the smaller of the two pictures (bilinear, and without aliasing where it shrinks).
Image resized(const Image& image, int height, int width);

/// The picture as `fit` says; gray ones are repeated to three channels. One that has the size already keeps
/// its pixels. Throws Error(input) naming `what` for colour where gray is wanted.
Image fitted(Image image, const Fit& fit, std::string_view what);

/// Every image of `whole` fitted; `whole` itself where it fits as it is.
DatasetPtr fitted(DatasetPtr whole, const Fit& fit);

}  // namespace netsuke
