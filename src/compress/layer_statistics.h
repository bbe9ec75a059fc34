// What least squares needs to know of a layer and its inputs.
#pragma once

#include <span>
#include <vector>

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

}  // namespace netsuke::compress
