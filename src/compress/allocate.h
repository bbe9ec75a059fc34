// How many weights each layer keeps, and in how many bits: one slope of loss against bytes for all of them.
#pragma once

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

struct LayerAllocation {
  Target target;
  int64_t elements = 0, kept = 0;
  double bytes = 0;  ///< expected of positions, codes and codebook
  double loss = 0;   ///< expected growth of the loss by pruning and sharing, nats
};

struct Allocation {
  double slope = 0;  ///< nats that one bit is worth, the same in every layer
  std::vector<LayerAllocation> layers;
  double bytes = 0;  ///< expected of the whole file
  double loss = 0;
};

struct AllocateOptions {
  double bytes = 0;  ///< of the whole file
  int most_clusters = 32;
  double least_kept = 0.3;  ///< of the weights a layer has now, at least this share stays
  CodingModel coding;
};

/// The densities that reach `bytes` at least loss. To second order, losing weight w costs F w^2 / 2 nats (F
/// its curvature) and keeping it costs what its place and its code add to the file; every layer keeps weights
/// up to where the next one costs more bits than slope says it is worth, and the slope is the one that gives
/// the bytes asked for (Lagrangian allocation, Shoham and Gersho 1988). Works on any encoding; what is pruned
/// stays so. Throws Error(usage) where `curvature` does not fit the graph.
Allocation allocate(const Graph& graph, const Curvature& curvature, const AllocateOptions& options);

/// Each layer with as many weights as the allocation says, those of largest F w^2.
Graph prune_as(const Graph& graph, const Curvature& curvature, const Allocation& allocation);

/// The kept weights of each layer shared by best_rate_quantize() at this slope, from at most `most_clusters`.
/// Centroids are rounded to 16-bit floats.
Graph share_at(const Graph& graph, const Curvature& curvature, double slope, int most_clusters);

}  // namespace netsuke::compress
