// A network made ready to run: which kernel computes each node, on what, and where in memory.
#pragma once

#include <netsuke/residency.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "kernels/binary/binary_conv.h"
#include "kernels/binary/binary_weight_conv.h"
#include "kernels/clamp.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/conv_transpose.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/elementwise/arithmetic.h"
#include "kernels/elementwise/image_pad.h"
#include "kernels/elementwise/image_resize.h"
#include "kernels/elementwise/strided_copy.h"
#include "kernels/gemm/gemm.h"
#include "kernels/pool/image_pool.h"
#include "kernels/sparse/sparse_conv.h"
#include "kernels/sparse/sparse_linear.h"
#include "kernels/sparse/sparse_rows.h"
#include "kernels/sparse/sparse_tiles.h"
#include "kernels/winograd/winograd.h"
#include "runtime/place.h"
#include "runtime/timings.h"

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
  kernels::ConvWeights weights;
};
struct WinogradStep {
  kernels::ConvShape shape;
  kernels::WinogradWeights weights;
};
struct SparseConvStep {
  kernels::ConvShape shape;
  kernels::SparseConvWeights weights;
};
struct SparseLinearStep {
  kernels::SparseLinear weights;
};
struct SparseRowsStep {
  kernels::SparseRows weights;
};
struct SparseTilesStep {
  kernels::SparseTiles weights;
};
struct DepthwiseStep {
  kernels::ConvShape shape;
  kernels::DepthwiseWeights weights;
};
struct TransposedStep {
  kernels::TransposedConv conv;
};
struct Decoded;
/// A layer whose weights stay as the file has them. Every run decodes, packs and computes some rows (output
/// channels) after others, and lets them go again: it allocates the memory of `apart` rows a thread at a
/// time.
struct CodedStep {
  std::shared_ptr<const Record> record;
  /// What computes the rows from `first` on that `weight` has.
  std::function<std::shared_ptr<const Decoded>(const Weight& weight, size_t first)> decoded;
  size_t rows = 0, apart = 0;
  bool is_convolution = false;
  size_t parts() const { return (rows + apart - 1) / apart; }
};
/// Signs of real values, a bit each: what binary convolutions read. Values are scaled and shifted first, one
/// of each a channel, or not (empty): a batch norm.
struct SignsStep {
  std::vector<float> scale, shift;
};
/// K of XNOR-Net for a convolution of this shape, of values scaled and shifted as above.
struct InputScaleStep {
  kernels::ConvShape shape;
  std::vector<float> scale, shift;
};
/// A convolution of signs with signs; a linear layer is one of an image of one pixel. What follows it, as
/// kernels::BinaryOutput has it, is one value an output channel, or empty.
struct BinaryConvStep {
  kernels::ConvShape shape;
  kernels::BinaryWeights weights;
  std::vector<float> scale, shift, slope;
  size_t k = 0;               ///< the input that is K, if not 0
  bool writes_values = true;  ///< to the step's output
  bool writes_signs = false;  ///< to the step's second output, after these:
  std::vector<float> sign_scale, sign_shift;
};
/// Real values under binary weights.
struct BinaryWeightStep {
  kernels::ConvShape shape;
  kernels::BinaryWeights weights;
  std::vector<float> scale, shift;
};
struct LinearStep {
  kernels::Panels panels;
};
struct PoolStep {
  kernels::PoolShape shape;
  bool average = false;
};
struct ScaleShiftStep {
  std::vector<float> scale, shift;  ///< one a channel
};
/// x where it is positive, else slope x.
struct SlopeStep {
  std::vector<float> slope;  ///< one a channel
};
/// The mean or the largest value of each channel.
struct ReduceStep {
  bool mean = true;
};
struct SoftmaxStep {};
/// An operand as kernels::Operand describes it; the rows of an image in layout `pixels` are its pixels.
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
  size_t before = 0, after = 0;  ///< channels on either side that count
  float alpha = 0, beta = 0, k = 0;
};
struct LayerNormStep {
  float epsilon = 0;
  std::vector<float> scale, shift;  ///< one a channel
};
struct GroupNormStep {
  size_t groups = 0;
  float epsilon = 0;
  std::vector<float> scale, shift;  ///< one a channel
};
struct PadStep {
  kernels::ImagePad pad;
};
struct ResizeStep {
  kernels::ImageResize resize;
};
struct ClampStep {};
/// Parts one after the other.
struct ConcatStep {
  std::vector<Source> parts;
  std::vector<size_t> sizes;  ///< of each part
};
/// Slices, transposes and shuffles of what lies in planes.
struct CopyStep {
  kernels::StridedView view;
};
/// The same values at another place, in another layout if the places say so.
struct MoveStep {
  Values constant;  ///< what is moved, in layout `pixels`, if it is no input
};
/// The channels of every pixel in another order: out[c] = in[order[c]].
struct ShuffleStep {
  std::vector<uint32_t> order;
};
/// No kernel: the graph's own slow evaluation.
struct ReferenceStep {
  Op op;
  std::vector<Source> sources;
  std::vector<Shape> shapes;  ///< of the sources, batch 1
};

using Work =
    std::variant<ConvolutionStep, WinogradStep, SparseConvStep, DepthwiseStep, TransposedStep, LinearStep,
                 SparseLinearStep, SparseRowsStep, SparseTilesStep, PoolStep, ScaleShiftStep, SlopeStep,
                 ReduceStep, SoftmaxStep, ArithmeticStep, ActivationStep, LrnStep, LayerNormStep,
                 GroupNormStep, PadStep, ResizeStep, ClampStep, ConcatStep, CopyStep, MoveStep, ShuffleStep,
                 ReferenceStep, CodedStep, SignsStep, InputScaleStep, BinaryConvStep, BinaryWeightStep>;

/// What a CodedStep's weights become for a run.
struct Decoded {
  Work work;
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
  Place signs;              ///< a second output of some
  bool adds = false;        ///< the last input is added to the result, before the clamp
  size_t weight_bytes = 0;  ///< what the kernel's form of the weights takes in memory
  std::string refused;      ///< why other kernels were not taken, or empty
};

struct Plan {
  std::string name;
  Shape input_shape, output_shape;  ///< batch 1
  std::vector<Step> steps;
  Place output;
  size_t arena = 0;         ///< floats of all activations of one image
  size_t live = 0;          ///< floats of the largest set of values that are needed at one time
  size_t scratch = 0;       ///< floats that each thread needs while it computes a step
  size_t weight_bytes = 0;  ///< of all steps' weights
};

/// "fastest", "packed", "dense" or "coded".
std::string_view residency_name(Residency residency);
/// The inverse; throws Error(usage) naming `what`.
Residency parse_residency(std::string_view text, std::string_view what);

struct PlanOptions {
  Residency residency = Residency::fastest;
  std::shared_ptr<const Timings>
      timings;  ///< how fast kernels are here, or null: kernels are chosen by estimate
};

/// Plans `graph`, which has one input and one output, for any batch size. Batch norms become part of the
/// layers beside them; ReLU, clip and additions become part of the step before them where that is possible;
/// dropout, flatten and reshape cost nothing, and neither do concatenations and slices of channels between
/// image steps: those write and read where the whole lies. The plan fits the CPU level in use (see
/// kernels/cpu.h). Throws Error(unsupported) for what the runtime can't do and Error(input) for a graph that
/// contradicts itself.
std::shared_ptr<const Plan> make_plan(const Graph& graph, PlanOptions options = {});

}  // namespace netsuke::runtime
