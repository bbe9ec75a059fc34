// Layers as products of two smaller ones: truncated singular value decomposition.
#pragma once

#include "compress/targets.h"

namespace netsuke::compress {

/// How a k x k convolution of C channels and O filters becomes two of rank r.
enum class LowRankForm {
  channel,  ///< k x k to r channels, then 1 x 1: r (C k k + O) weights (Denton 2014)
  spatial,  ///< k x 1 to r channels, then 1 x k: r (C k + O k) weights (Jaderberg 2014)
  smaller,  ///< of these two the one with fewer weights at the energy asked for
};
/// "channel", "spatial" or "smaller"; throws Error(usage) otherwise.
LowRankForm parse_low_rank_form(std::string_view name);

struct LowRankOptions {
  PerLayer<double> energy;  ///< share of the sum of squared singular values that stays, above 0 to 1
  PerLayer<int> rank;       ///< or the rank itself; where a layer has both, the rank holds
  LowRankForm form = LowRankForm::smaller;
};

/// Every layer that has an energy or a rank as two: NAME_basis, then one that is called as the layer was and
/// has its bias. Linear layers are taken as 1 x 1 convolutions. A layer whose two would not have fewer
/// weights stays as it is, and so do grouped convolutions. Both factors are dense and of equal scale. Throws
/// Error(usage) for an energy or rank out of range.
Graph low_rank(const Graph& graph, const LowRankOptions& options);

}  // namespace netsuke::compress
