#include "compress/least_squares.h"

#include <algorithm>

#include "base/error.h"

namespace netsuke::compress {

LayerStatistics::LayerStatistics(size_t inputs, size_t outputs)
    : inputs_(inputs),
      outputs_(outputs),
      xx_(inputs * inputs),
      xy_(inputs * outputs),
      x_(inputs),
      y_(outputs) {}

void LayerStatistics::add(std::span<const float> x, std::span<const float> y) {
  const Index n = index(inputs_), m = index(outputs_), rows = index(x.size()) / std::max<Index>(1, n);
  if (index(y.size()) != rows * m || index(x.size()) != rows * n)
    fail(ErrorCode::usage, "statistics: ", x.size(), " inputs and ", y.size(), " answers, of ", inputs_,
         " and ", outputs_, " a row");
  if (rows == 0) return;
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Matrix in = Eigen::Map<const Floats>(x.data(), rows, n).cast<double>();
  const Matrix out = Eigen::Map<const Floats>(y.data(), rows, m).cast<double>();
  Eigen::Map<Matrix>(xx_.data(), n, n) += in.transpose() * in;
  Eigen::Map<Matrix>(xy_.data(), n, m) += in.transpose() * out;
  Eigen::Map<Vector>(x_.data(), n) += in.colwise().sum();
  Eigen::Map<Vector>(y_.data(), m) += out.colwise().sum();
  yy_ += out.squaredNorm();
  rows_ += static_cast<double>(rows);
}

Equations equations_of(const LayerStatistics& s, bool has_bias, double ridge) {
  const Index n = index(s.inputs()), m = index(s.outputs());
  Equations e{Eigen::Map<const Matrix>(s.xx().data(), n, n), Eigen::Map<const Matrix>(s.xy().data(), n, m)};
  e.ridge = ridge * e.xx.trace() / static_cast<double>(std::max<Index>(1, n));
  if (has_bias) {
    const Vector x = Eigen::Map<const Vector>(s.x().data(), n), y = Eigen::Map<const Vector>(s.y().data(), m);
    e.xx -= x * x.transpose() / s.rows();
    e.xy -= x * y.transpose() / s.rows();
  }
  return e;
}

Matrix as_matrix(const Weight& weight) {
  const Tensor dense = to_dense(weight);
  const Index rows = weight.shape[0];
  return Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
             dense.data.data(), rows, std::ssize(dense.data) / rows)
      .cast<double>();
}

}  // namespace netsuke::compress
