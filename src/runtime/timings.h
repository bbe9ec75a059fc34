// How long kernels take on one machine, as `tune` measured: what the choice of kernels goes by where it is
// known, instead of an estimate.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/conv/conv.h"

namespace netsuke::runtime {

enum class ConvKernel { direct, winograd_2, winograd_4, winograd_6, sparse };
inline constexpr size_t kDenseKernels = 4;  ///< all but `sparse`, which is the last

/// Nanoseconds that one thread takes for one image with sparse weights: they grow with the kept ones.
struct SparseTime {
  double fixed = 0, each = 0;

  double operator()(double kept) const { return fixed + each * kept; }
};

/// Of one shape of convolution.
struct ConvTimes {
  /// ns, by ConvKernel; none where it can't compute the shape, which `direct` always can.
  std::array<std::optional<double>, kDenseKernels> dense;
  SparseTime sparse;
};

/// Nanoseconds of a layer whose weights share up to so many values.
struct CodesTimes {
  static constexpr std::array<size_t, 3> kCentroids{32, 64, 256};
  std::array<double, 3> ns{};

  double operator()(size_t centroids) const {
    return ns[centroids <= kCentroids[0] ? 0 : centroids <= kCentroids[1] ? 1 : 2];
  }
};

/// Of one linear layer and one image.
struct LinearTimes {
  double dense = 0;  ///< ns
  SparseTime sparse;
  std::optional<CodesTimes> codes;  ///< none where they were measured before there was such a kernel
};

/// "64x56x56 -> 128x56x56 kernel 3x3 stride 1x1 dilation 1x1 pad 1x1 groups 1".
std::string shape_text(const kernels::ConvShape& shape);

/// Times by shape, at one CPU level.
class Timings {
 public:
  /// Reads what to_text wrote. Throws Error(input) naming `what` and the line.
  static Timings parse(std::string_view text, std::string_view what);
  std::string to_text() const;

  const ConvTimes* find(const kernels::ConvShape& shape) const;
  const LinearTimes* find_linear(size_t rows, size_t columns) const;
  void set(const kernels::ConvShape& shape, const ConvTimes& times);
  void set_linear(size_t rows, size_t columns, const LinearTimes& times);
  size_t size() const { return convs_.size() + linears_.size(); }

 private:
  std::map<std::string, ConvTimes, std::less<>> convs_;
  std::map<std::string, LinearTimes, std::less<>> linears_;
};

}  // namespace netsuke::runtime
