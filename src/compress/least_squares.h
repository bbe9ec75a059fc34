// The equations behind refitting, in Eigen's terms: for the files of this room that solve them.
#pragma once

#include <Eigen/Dense>

#include "compress/layer_statistics.h"
#include "tensor/weight.h"

namespace netsuke::compress {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
using Index = Eigen::Index;

inline Index index(size_t n) { return static_cast<Index>(n); }

/// The sums with the means taken out where there is a bias, which then follows from them.
struct Equations {
  Matrix xx, xy;     ///< [inputs, inputs] and [inputs, outputs]
  double ridge = 0;  ///< absolute
};

/// `ridge` is in shares of the mean square input.
Equations equations_of(const LayerStatistics& statistics, bool has_bias, double ridge);

/// The weight's elements [outputs, inputs].
Matrix as_matrix(const Weight& weight);

}  // namespace netsuke::compress
