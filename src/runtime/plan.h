// A network made ready to run: which kernel computes each node, on what, and where in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "kernels/clamp.h"
#include "kernels/conv/conv.h"
#include "kernels/elementwise/arithmetic.h"
#include "kernels/elementwise/lrn.h"
#include "kernels/elementwise/strided_copy.h"
#include "kernels/gemm/gemm.h"
#include "kernels/pool/pool.h"

namespace netsuke::runtime {

/// A constant's values; those of a dense weight are shared with the graph, others decoded once.
using Values = std::shared_ptr<const std::vector<float>>;

/// What a step reads: a constant, or if that is null, the input of this number among the step's.
struct Source {
  Values constant;
  size_t input = 0;
};

/// What a step computes, with all that its kernel needs to know. Sizes are those of one image.
struct ConvolutionStep {
  kernels::ConvShape shape;
  Values weights;
  Values bias;  ///< null if there is none
};
struct LinearStep {
  kernels::Panels panels;
};
struct PoolStep {
  kernels::PoolShape shape;
  size_t planes = 0;
  bool average = false;
};
struct ScaleShiftStep {
  size_t channels = 0, plane = 0;
  std::vector<float> scale, shift;
};
struct MeanStep {
  size_t planes = 0, plane = 0;
};
struct SoftmaxStep {
  size_t classes = 0, plane = 0;
};
/// An operand as kernels::Operand describes it, for each image.
struct Side {
  Source source;
  size_t row_step = 0, column_step = 0;
};
struct ArithmeticStep {
  kernels::Arithmetic op{};
  size_t rows = 1, columns = 1;
  Side x, y;
};
struct ActivationStep {
  std::function<void(const float* x, size_t count, float* out)> apply;
};
struct LrnStep {
  kernels::LrnShape shape;
  float alpha = 0, beta = 0, k = 0;
};
struct ClampStep {};
struct ConcatStep {
  std::vector<Source> parts;
  std::vector<size_t> sizes;  ///< of each part
};
/// Slices, transposes and shuffles.
struct CopyStep {
  kernels::StridedView view;
};
/// No kernel: the graph's own slow evaluation.
struct ReferenceStep {
  Op op;
  std::vector<Source> sources;
  std::vector<Shape> shapes;  ///< of the sources, batch 1
};

using Work =
    std::variant<ConvolutionStep, LinearStep, PoolStep, ScaleShiftStep, MeanStep, SoftmaxStep, ArithmeticStep,
                 ActivationStep, LrnStep, ClampStep, ConcatStep, CopyStep, ReferenceStep>;

/// Where a value lies: in the caller's input or in the arena. Of a batch of N images the value starts at N *
/// offset and takes N * size floats, one image after the other.
struct Place {
  bool in_input = false;
  size_t offset = 0;
  size_t size = 0;
};

struct Step {
  std::string name;         ///< the node's
  std::string_view op;      ///< "conv2d"
  std::string_view kernel;  ///< "conv_gemm", "reference", ...
  std::string activation;   ///< the ReLU or clip node that this step does too, or empty
  Work work;
  kernels::Clamp clamp;  ///< that activation
  int64_t macs = 0;      ///< for one image
  std::vector<Place> inputs;
  Place output;
};

struct Plan {
  std::string name;
  Shape input_shape, output_shape;  ///< batch 1
  std::vector<Step> steps;
  Place output;
  size_t arena = 0;    ///< floats of all activations of one image
  size_t scratch = 0;  ///< floats that each thread needs while it computes a step
};

/// Plans `graph`, which has one input and one output, for any batch size. ReLU and clip become part of the
/// step before them where that is possible; dropout, flatten and reshape cost nothing. The plan fits the CPU
/// level in use (see kernels/cpu.h). Throws Error(unsupported) for what the runtime can't do and Error(input)
/// for a graph that contradicts itself.
std::shared_ptr<const Plan> make_plan(const Graph& graph);

}  // namespace netsuke::runtime
