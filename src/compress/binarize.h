// Binary networks: weights, or weights and inputs, of one bit (Rastegari 2016, XNOR-Net, arXiv 1603.05279).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace netsuke::compress {

/// How the layers around a binary convolution are ordered where its inputs are binary too.
enum class BinaryBlock {
  residual,      ///< batch norm -> sign -> convolution -> batch norm -> + shortcut -> slopes -> pool: ours
  paper,         ///< batch norm -> sign -> convolution -> pool: XNOR-Net, section 3.3 (B-A-C-P)
  conventional,  ///< convolution -> batch norm -> sign -> pool: what it is compared with (C-B-A-P)
};

struct BinarizeOptions {
  bool inputs = true;  ///< XNOR-Net; or weights only: BWN, which leaves the layers' order alone
  BinaryBlock block = BinaryBlock::residual;
  /// The result of a convolution times K, how large its inputs were (XNOR-Net, equation 11). Not in
  /// conventional blocks.
  bool scale = false;
  /// Of linear layers behind binary convolutions only the weights are binary: signs of what convolutions
  /// found cost as much accuracy there as in all convolutions together (docs/methods/binary.md). Not in
  /// conventional blocks.
  bool real_linear = true;
  // Of residual blocks only:
  bool shortcut = true;  ///< each block's real-valued input is added to its output (Liu 2018, Bi-Real Net)
  /// Learned per-channel thresholds of the sign (Liu 2020, ReActNet: RSign), as the shift of a batch norm in
  /// front of it: so they start at the channel's mean. Behind a max pool few values are below 0.
  bool threshold = true;
  /// Learned per-channel slopes. With the batch norm's bias before it and the thresholds behind it, this
  /// computes whatever ReActNet's RPReLU does.
  bool prelu = true;
  std::vector<std::string> keep;  ///< layers, by name or pattern, that stay real
  bool ends = false;              ///< the first and the last layer too
};

/// From words: method "bwn" or "xnor"; block "residual", "paper" or "conventional"; parts of "scale",
/// "shortcut", "threshold", "prelu" and "real-linear", or none given: the last four in residual blocks,
/// "scale" in the paper's, which may have "real-linear" too. Throws Error(usage) for others, and for parts
/// that the block does not have.
BinarizeOptions binarize_options(std::string_view method, std::string_view block,
                                 const std::optional<std::vector<std::string>>& parts);

/// The layers that binarize() makes binary: all convolutions and linear layers but the first and the last
/// (unless `ends`), grouped convolutions, those of 1x1 that project the input of a residual block beside it,
/// and those of `keep`.
std::vector<std::string> binary_layers(const Graph& graph, const BinarizeOptions& options);

/// The graph with those layers' weights as Signs, whose real weights are what they were, and with the layers
/// around them in the block's order. A binary layer has no bias where its inputs are binary: a batch norm
/// follows it. New batch norms know no statistics yet: the result is there to be trained. Throws Error(usage)
/// where no layer would be binary, and where inputs are to be binary that are so already.
Graph binarize(const Graph& graph, const BinarizeOptions& options);

}  // namespace netsuke::compress
