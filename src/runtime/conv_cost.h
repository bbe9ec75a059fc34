// What a convolution or a linear layer will cost with each kernel that can compute it: as it was measured on
// this machine (timings.h), or else by estimate.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "kernels/conv/conv.h"
#include "runtime/timings.h"

namespace netsuke::runtime {

/// "conv", "conv_1x1", "winograd_4", "sparse_conv".
std::string_view kernel_name(ConvKernel kernel, const kernels::ConvShape& shape);

/// What costs are told by.
struct CostBasis {
  const Timings* measured = nullptr;  ///< null: nothing was measured
  /// The network has more weights than caches hold, so that every run reads them from memory. Then a form of
  /// fewer bytes may be faster than one of fewer multiplications.
  bool from_memory = false;
};
CostBasis cost_basis(const Graph& graph, const Timings* measured);

/// What each kernel takes at this CPU level, as measured or else estimated: linear in the work, with factors
/// found on one processor for each instruction set. They are there to be compared.
ConvTimes times_of(const kernels::ConvShape& shape, const CostBasis& basis);
LinearTimes linear_times(size_t rows, size_t columns, const CostBasis& basis);
/// Of the kernels that do not skip zeros.
double fastest_dense(const ConvTimes& times);

/// A kernel and the nanoseconds that one thread is expected to take for one image.
struct ConvCandidate {
  ConvKernel kernel{};
  double ns = 0;
};

/// All kernels that can compute a convolution of which `kept` weights are not zero, the fastest first.
std::vector<ConvCandidate> conv_candidates(const kernels::ConvShape& shape, size_t kept,
                                           const CostBasis& basis);

/// Outputs that a Winograd kernel's tiles have on each side.
size_t winograd_tile(ConvKernel kernel);

/// The density below which sparse weights are computed on as they are; 0 if never.
double sparse_break_even(const kernels::ConvShape& shape, const CostBasis& basis);
/// The same for a linear layer of one image, whose weights may share so many values.
double sparse_linear_break_even(size_t rows, size_t columns, std::optional<size_t> shared,
                                const CostBasis& basis);
/// "sparse_linear refused: 10 % zeros, break-even 62 %".
std::string refusal(std::string_view kernel, double zeros, double break_even);

/// Why kernels other than `taken` were not: "sparse_conv refused: 10 % zeros, break-even 62 %; ...".
std::string refusals(const kernels::ConvShape& shape, size_t kept, ConvKernel taken, const CostBasis& basis);

}  // namespace netsuke::runtime
