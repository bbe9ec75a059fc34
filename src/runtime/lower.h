// The choice of a kernel for one node.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/weight_record.h"
#include "runtime/plan.h"

namespace netsuke::runtime {

/// What the choice looks at: a node, the shape of every value at batch 1, and in which layout each of the
/// node's data inputs is stored so far (entries of constants mean nothing).
struct Site {
  const Graph& graph;
  const Node& node;
  const std::vector<Shape>& shapes;
  const std::vector<Layout>& layouts;
  const PlanOptions& options;
  size_t shuffle = 1;  ///< of the image that a convolution reads: see ConvShape

  const Shape& input(size_t i = 0) const { return shapes[node.inputs[i]]; }
  const Shape& output() const { return shapes[node.output]; }
  const std::string& name() const { return node_name(graph, node); }
  bool is_constant(size_t i) const { return stored_weight(i) != nullptr; }
  const WeightPtr& stored_weight(size_t i) const { return graph.values[node.inputs[i]].weight; }
  /// Constant input i, its values read from its record if need be.
  WeightPtr weight(size_t i) const { return model::opened(stored_weight(i)); }
  /// The values of constant input i, null if the node doesn't have that many.
  Values constant(size_t i) const;
  /// What the step reads as the node's input i.
  Source source(size_t i) const;
};

/// A kernel for a node: its name, what it needs, the layout in which it reads and writes, and how many floats
/// of scratch memory it takes.
struct Lowered {
  std::string_view kernel;
  Work work;
  Layout layout = Layout::planes;
  size_t scratch = 0;
  size_t weight_bytes = 0;  ///< that the step's weights take
  std::string refused;      ///< why other kernels were not taken
};

/// Chooses for a node that is no flatten, reshape, dropout or concatenation.
Lowered lower(const Site& site);

/// A concatenation of what lies in planes.
Lowered lower_concat(const Site& site);
/// These two are long stories, in a file of their own.
Lowered lower_conv(const Conv2d& op, const Site& site);
/// Nothing where its phases take too much: see kernels::conv_transpose_fits.
std::optional<Lowered> lower_conv_transpose(const ConvTranspose2d& op, const Site& site);
Lowered lower_linear(const Site& site);
/// True for a convolution that gains by reading channels that are yet to be shuffled.
bool takes_shuffle(const Site& site);
/// A convolution or linear layer whose weights are signs and do not come in groups, of signs (as SignsStep
/// leaves them) or of real values.
bool has_binary_weights(const Graph& graph, const Node& node);
Lowered lower_binary(const Site& site);
Lowered lower_binary_weights(const Site& site);
/// The convolution that a node is; a linear layer is one of an image of one pixel.
kernels::ConvShape layer_shape(const Site& site);

/// What a window moves by. With one output only it never moves: the stride may then be any number.
inline size_t stride_of(int stride, int64_t outputs) {
  return outputs == 1 ? 1 : static_cast<size_t>(stride);
}
/// A convolution of an image of shape `x` by weights of shape `w` to one of shape `y`, all at batch 1.
kernels::ConvShape conv_shape(const Conv2d& op, const Shape& x, const Shape& w, const Shape& y);

/// Throws Error(unsupported) if the step would need more scratch memory than any real one does.
void check_scratch(const Site& site, const Shape& needed);

/// A node's inputs that are no constants, in order: they are the inputs of its step.
std::vector<ValueId> data_inputs(const Graph& graph, const Node& node);

/// True if the kernels of this op need all of its inputs but the first as constants.
bool needs_constants(const Op& op);

/// True if the step's kernel can limit its results while it writes them.
bool takes_clamp(const Work& work);
/// True if it can add another image to them as well.
bool takes_addition(const Work& work);

/// The limits that a ReLU or clip sets; nothing for other ops.
std::optional<kernels::Clamp> clamp_of(const Op& op);

/// The values of an image [channels, pixels] in layout `pixels`.
Values in_pixels(const std::vector<float>& planes, size_t channels);

}  // namespace netsuke::runtime
