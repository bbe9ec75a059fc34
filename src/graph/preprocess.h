// How pixels become a network's input. Kept in the graph's metadata, so that a model is judged, run and
// shipped with the preprocessing it was trained with.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace netsuke {

/// Pixels that a picture's shorter side may be resized to at most.
inline constexpr int kMostResize = (1 << 15) - 1;

/// input = (pixel * scale - mean[c]) / std[c] for 8-bit pixels, channels in `order`.
struct Preprocess {
  float scale = 1.0f / 255;
  std::vector<float> mean;    ///< one a channel, or one for all, or empty for 0
  std::vector<float> std;     ///< one a channel, or one for all, or empty for 1
  std::string order = "rgb";  ///< "rgb", "bgr" or "gray"; of 3-channel inputs only
  /// A picture's shorter side is made this long before the input's size is cut out of its centre; 0 leaves
  /// the choice to default_resize().
  int resize = 0;
  bool operator==(const Preprocess&) const = default;
};

/// The shorter side for an input of that size: 8/7 of it for photographs (256 for 224, as ImageNet networks
/// are judged), its own size for inputs below 96 pixels.
int default_resize(int64_t height, int64_t width);

/// Reads the keys input.scale, input.mean, input.std, input.order, input.resize; absent ones keep the
/// defaults above.
Preprocess preprocess_of(const Graph& graph);
void set_preprocess(Graph& graph, const Preprocess& preprocess);

/// Class names, one an output, from the key "labels" (one a line); empty if there are none.
std::vector<std::string> labels_of(const Graph& graph);
void set_labels(Graph& graph, const std::vector<std::string>& labels);

/// One image: `pixels` as CHW bytes (RGB or gray) to `channels` x `plane` floats at `out`.
void apply(const Preprocess& preprocess, const uint8_t* pixels, int channels, int64_t plane, float* out);

}  // namespace netsuke
