// How many weights each layer keeps, and in how many bits: one slope of loss against bytes for all of them.
#pragma once

#include <functional>

#include "compress/curvature.h"
#include "model/ledger.h"

namespace netsuke::compress {

/// What coding makes of a layer's positions and codes, as a share of their zero-order entropy; learned from
/// files that were written.
class CodingModel {
 public:
  /// Everything costs its entropy, and nothing else costs anything.
  CodingModel() = default;
  /// What this file took: the same shares are expected of the next.
  CodingModel(const Graph& graph, const Ledger& ledger);

  /// Of the layer's entropy; of one that was not in the file as in the file's mean.
  double share(const std::string& layer) const;
  /// Bytes of all that is no position, code or codebook of a layer.
  double rest() const { return rest_; }

 private:
  std::map<std::string, double> shares_;
  double mean_ = 1, rest_ = 0;
};

/// Nanoseconds of one image that a layer, by its node's name, takes with so many weights: flat where it is
/// computed dense, falling where the kernel that skips zeros is faster.
using LayerTimes = std::function<double(const std::string& layer, int64_t kept)>;

struct LayerAllocation {
  Target target;
  int64_t elements = 0, kept = 0;
  double bytes = 0;  ///< expected of positions, codes and codebook
  double ns = 0;     ///< expected; 0 where no times are known
  double loss = 0;   ///< expected growth of the loss by pruning and sharing, nats
};

struct Allocation {
  double slope = 0;  ///< nats that one bit is worth, the same in every layer; 0 where bytes are free
  std::vector<LayerAllocation> layers;
  double bytes = 0;  ///< expected of the whole file
  double ns = 0;     ///< expected of all layers with weights
  double loss = 0;
};

/// At least one of bytes and time is given.
struct AllocateOptions {
  double bytes = 0;  ///< of the whole file; 0: as many as it takes
  double ns = 0;     ///< of all layers with weights; 0: as long as it takes
  LayerTimes times;  ///< needed where `ns` is given
  int most_clusters = 32;
  double least_kept = 0.3;  ///< of the weights a layer has now, at least this share stays
  CodingModel coding;
};

/// The densities that reach `bytes`, or `ns`, or both, at least loss. To second order, losing weight w costs
/// F w^2 / 2 nats (F its curvature) and keeping it costs what its place and its code add to the file, and
/// what its product adds to the layer's time; every layer keeps weights up to where the next one costs more
/// than the slope says it is worth, and the slope (of bits, of nanoseconds) is the one that gives what was
/// asked for (Lagrangian allocation, Shoham and Gersho 1988). Works on any encoding; what is pruned stays so.
/// Throws Error(usage) where `curvature` does not fit the graph.
Allocation allocate(const Graph& graph, const Curvature& curvature, const AllocateOptions& options);

/// Each layer with as many weights as the allocation says, those of largest F w^2.
Graph prune_as(const Graph& graph, const Curvature& curvature, const Allocation& allocation);

/// The kept weights of each layer shared by best_rate_quantize() at this slope, from at most `most_clusters`.
/// Centroids are rounded to 16-bit floats.
Graph share_at(const Graph& graph, const Curvature& curvature, double slope, int most_clusters);

}  // namespace netsuke::compress
