// How an encoding stays true while its weight is trained (the constraint).
#pragma once

#include <span>
#include <vector>

#include "tensor/weight.h"
#include "train/binary_gradient.h"

namespace netsuke::train {

/// A constant of the graph while it is trained. The network computes with its dense values; the optimizer
/// moves its free values: the kept ones of a sparse weight, the centroids of a codebook. Dense values are a
/// fixed linear map of the free ones, so the gradient of the free values is the adjoint of that map applied
/// to the dense gradient. For centroids this is the sum over each one's weights (Deep Compression, equation
/// 3):
///   dL/dC_k = sum over i with code_i = k of dL/dW_i
/// Under dynamic network surgery (Guo 2016, arXiv 1608.04493) the free values of a sparse weight are all its
/// elements. Those of largest magnitude, as many as it has, are kept, and the gradient reaches the others as
/// if they were (equation 3), so that what was pruned by mistake comes back. The paper's two thresholds are
/// one here, the one that leaves this many. Signs are no linear map: their free values are the real weights
/// behind them, whose gradient is one of binary_gradients().
class TrainedWeight {
 public:
  explicit TrainedWeight(const Weight& weight, const BinaryGradient& binary = binary_gradients()[0],
                         bool surgery = false);

  const Shape& shape() const { return shape_; }
  /// Every element, row-major, zeros included. The storage stays where it is for the object's life.
  std::span<float> dense() { return dense_; }
  /// What the optimizer moves; call expand() afterwards. For dense encodings this is dense() itself.
  std::span<float> free_values();
  /// dL/dfree from dL/ddense (as many values as dense()); valid until the next call or while the argument
  /// lives.
  std::span<const float> free_gradient(std::span<const float> dense_gradient);
  /// Makes dense() follow free_values().
  void expand();
  /// True for the forms whose free values are centroids.
  bool shared() const;
  /// The same encoding with the values as they are now.
  WeightPtr weight() const { return make_weight(shape_, encoding()); }

 private:
  Encoding encoding() const;
  size_t filter_size() const { return shape_[0] == 0 ? 0 : dense_.size() / static_cast<size_t>(shape_[0]); }
  void take_signs(Signs& signs);
  void keep_largest(Sparse& sparse);

  Shape shape_;
  /// Its positions (but for surgery) and codes are fixed; its values are the free ones, except for Dense.
  Encoding encoding_;
  std::vector<float> all_;  ///< under surgery: the free values, kept and pruned
  const BinaryGradient* binary_;
  std::vector<float> dense_;
  std::vector<float> gradient_;
  std::vector<double> sums_;
};

}  // namespace netsuke::train
