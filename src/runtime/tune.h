// Measures how long each kernel takes for the layers of a network on this machine.
#pragma once

#include <cstddef>

#include "base/function_ref.h"
#include "graph/graph.h"
#include "runtime/timings.h"

namespace netsuke::runtime {

/// Median nanoseconds of one thread for one image, weights from memory as in a large network, activations
/// from the caches. Of the weights a share of `density`, drawn at random, is not zero. The kernel must fit.
double time_conv(const kernels::ConvShape& shape, ConvKernel kernel, double density);
/// The same for a depthwise convolution, for a dense linear layer, and for a sparse one whose weights are
/// shared values and whose inputs are half zeros, as deep compression and a ReLU leave them.
double time_depthwise(const kernels::ConvShape& shape);
double time_linear(size_t rows, size_t columns);
double time_sparse_linear(size_t rows, size_t columns, double density);
/// Of a dense one whose weights share so many values.
double time_codes_linear(size_t rows, size_t columns, size_t centroids);

/// Measures all layers of `graph` that several kernels can compute and that `timings` does not know yet, and
/// adds them. Calls progress(done, all) before each; a false answer ends it.
void tune(const Graph& graph, Timings& timings, FunctionRef<bool(size_t, size_t)> progress);

}  // namespace netsuke::runtime
