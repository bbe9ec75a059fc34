// A network made ready to run: which kernel computes each node, on what, and where in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "kernels/clamp.h"
#include "kernels/conv/conv.h"
#include "kernels/gemm/gemm.h"
#include "kernels/pool/pool.h"

namespace netsuke::runtime {

/// A constant's values; those of a dense weight are shared with the graph, others decoded once.
using Values = std::shared_ptr<const std::vector<float>>;

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
struct AddStep {};
struct ClampStep {};
struct ConcatStep {};
/// No kernel: the graph's own slow evaluation.
struct ReferenceStep {
  Op op;
  std::vector<Shape> shapes;  ///< of the inputs, batch 1
};

using Work = std::variant<ConvolutionStep, LinearStep, PoolStep, ScaleShiftStep, MeanStep, SoftmaxStep,
                          AddStep, ClampStep, ConcatStep, ReferenceStep>;

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
/// step before them where that is possible; dropout and flatten cost nothing. The plan fits the CPU level in
/// use (see kernels/cpu.h). Throws Error(unsupported) for what the runtime can't do and Error(input) for a
/// graph that contradicts itself.
std::shared_ptr<const Plan> make_plan(const Graph& graph);

}  // namespace netsuke::runtime
