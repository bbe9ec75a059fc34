// A layer's values chosen anew, so that it answers on real inputs as the original did: least squares.
#pragma once

#include <vector>

#include "compress/layer_statistics.h"
#include "tensor/weight.h"

namespace netsuke::compress {

/// Sum over rows and outputs of (W x + b - y)^2 over that of y^2, infinity where any is not finite; no bias
/// may be given.
double answer_error(const Weight& weight, const std::vector<float>& bias, const LayerStatistics& statistics);

struct Refit {
  WeightPtr weight;
  std::vector<float> bias;
  double error_before = 0, error_after = 0;  ///< answer_error()
};

/// The weight [outputs, inputs, ...] with the same encoding, and the bias (empty for none), that minimise the
/// squared difference from the wanted answers plus `ridge` x mean square input x squared change of the
/// values. Pruned weights stay pruned: each filter's kept values are solved for. Shared weights keep their
/// codes: the centroids are solved for, and filters that kept few have their share in few equations. Signs
/// stay as they are, but for the bias. Throws Error(usage) where sizes do not fit.
Refit refit(const Weight& weight, const std::vector<float>& bias, const LayerStatistics& statistics,
            double ridge);

}  // namespace netsuke::compress
