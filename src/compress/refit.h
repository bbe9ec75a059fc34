// A layer's values chosen anew, so that it answers on real inputs as the original did: least squares.
#pragma once

#include <span>
#include <vector>

#include "tensor/weight.h"

namespace netsuke::compress {

/// What least squares needs of a layer y = W x + b: sums over rows of inputs x and wanted answers y.
class LayerStatistics {
 public:
  LayerStatistics(size_t inputs, size_t outputs);

  /// Adds rows: x [rows, inputs] as the layer will see them, y [rows, outputs] as it should answer.
  void add(std::span<const float> x, std::span<const float> y);

  size_t inputs() const { return inputs_; }
  size_t outputs() const { return outputs_; }
  double rows() const { return rows_; }
  // Row-major [inputs, inputs], [inputs, outputs], [inputs], [outputs], and the sum of all y^2.
  const std::vector<double>& xx() const { return xx_; }
  const std::vector<double>& xy() const { return xy_; }
  const std::vector<double>& x() const { return x_; }
  const std::vector<double>& y() const { return y_; }
  double yy() const { return yy_; }

 private:
  size_t inputs_, outputs_;
  double rows_ = 0, yy_ = 0;
  std::vector<double> xx_, xy_, x_, y_;
};

struct Refit {
  WeightPtr weight;
  std::vector<float> bias;
  double error_before = 0, error_after = 0;  ///< sum of squared differences over that of the wanted answers
};

/// The weight [outputs, inputs, ...] with the same encoding, and the bias (empty for none), that minimise the
/// squared difference from the wanted answers plus `ridge` x mean square input x squared change of the
/// values. Pruned weights stay pruned: each filter's kept values are solved for. Shared weights keep their
/// codes: the centroids are solved for, and filters that kept few have their share in few equations. Signs
/// stay as they are, but for the bias. Throws Error(usage) where sizes do not fit.
Refit refit(const Weight& weight, const std::vector<float>& bias, const LayerStatistics& statistics,
            double ridge);

}  // namespace netsuke::compress
