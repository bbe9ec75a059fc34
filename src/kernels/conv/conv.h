// Convolutions of one image as matrix products. Images are NHWC: the channels of a pixel lie side by side,
// and pixels lie a stride apart, so that an image may be some of the channels of a larger one.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/clamp.h"
#include "kernels/gemm/gemm.h"

namespace netsuke::kernels {

/// What is convolved with what. All sizes are positive; the output's size says how much padding there is at
/// the bottom and the right.
struct ConvShape {
  size_t channels = 0, height = 0, width = 0;  ///< input
  size_t out_channels = 0, out_height = 0, out_width = 0;
  size_t kernel_h = 1, kernel_w = 1;
  size_t stride_h = 1, stride_w = 1;
  size_t dilation_h = 1, dilation_w = 1;
  size_t pad_top = 0, pad_left = 0;
  size_t groups = 1;
  /// The input is yet to be shuffled (ShuffleNet, figure 1), if not 1: its channel c is channel c / shuffle
  /// of the group c % shuffle of those in memory.
  size_t shuffle = 1;

  /// Weights of one output channel.
  size_t depth() const { return channels / groups * kernel_h * kernel_w; }
  size_t out_plane() const { return out_height * out_width; }
  /// Size of the part of the padded input that any window covers.
  size_t padded_height() const { return (out_height - 1) * stride_h + (kernel_h - 1) * dilation_h + 1; }
  size_t padded_width() const { return (out_width - 1) * stride_w + (kernel_w - 1) * dilation_w + 1; }
  bool is_pointwise() const { return kernel_h == 1 && kernel_w == 1; }
  bool is_depthwise() const { return groups == channels && groups == out_channels && groups > 1; }
};

/// What a kernel reads and writes, beside its weights.
struct ImageArguments {
  const float* in = nullptr;
  size_t in_stride = 0;  ///< floats between pixels
  float* out = nullptr;
  size_t out_stride = 0;
  const float* add = nullptr;  ///< added to the result before the clamp, or null; not `out`
  size_t add_stride = 0;
  Clamp clamp;
};

/// A convolution's weights, packed once: for each group a matrix of one row for each (ky, kx, input channel).
/// Of channels that are yet to be shuffled a group reads a stretch of each of the shuffle's groups; where
/// that has others' channels at its ends too, their weights are zeros.
struct ConvWeights {
  std::vector<Panels> groups;
  AlignedFloats zeros;  ///< as many as a pixel has channels: what lies beside the image

  size_t panels() const { return groups.size() * groups[0].count(); }
};

/// `weights` is OIHW with I = channels / groups; `bias` has one value an output channel, or none.
ConvWeights pack_conv(const ConvShape& shape, const float* weights, std::span<const float> bias);

/// The same with weights that share values: `codes` are numbers of at most kMostCentroids values, in that
/// order. `shape.shuffle` must be 1.
ConvWeights pack_conv(const ConvShape& shape, std::span<const uint16_t> codes,
                      std::span<const float> centroids, std::span<const float> bias);

/// Floats that conv2d needs at `scratch`.
size_t conv2d_scratch(const ConvShape& shape);

/// A part of the output: pixels, counted row by row, and panels, counted over all groups. Threads share an
/// image by pixels, or by panels where it has few pixels.
struct ConvPart {
  size_t first_pixel = 0, last_pixel = 0;
  size_t first_panel = 0, last_panel = 0;
};

/// One image [height][width][channels] to [out_height][out_width][out_channels]. The matrix of windows is
/// never made: rows are found by pointers ("indirect convolution", Dukhan, arXiv 1907.02129). An image of few
/// channels is padded first, so that a window's rows are pieces of memory as they are.
void conv2d(const ConvShape& shape, const ConvWeights& weights, const ImageArguments& image,
            const ConvPart& part, float* scratch);

/// The slow twin: seven loops over OIHW weights, all of the image.
void conv2d_scalar(const ConvShape& shape, const float* weights, const float* bias,
                   const ImageArguments& image);

}  // namespace netsuke::kernels
