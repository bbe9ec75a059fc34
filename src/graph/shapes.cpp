#include "graph/shapes.h"

#include "base/error.h"

namespace netsuke {

int64_t window_count(int64_t size, int kernel, int stride, int dilation, int pad_before, int pad_after,
                     bool ceil) {
  const int64_t extent = static_cast<int64_t>(dilation) * (kernel - 1) + 1;
  const int64_t span = size + pad_before + pad_after - extent;
  if (span < 0) return 0;
  if (!ceil) return span / stride + 1;
  const int64_t count = (span + stride - 1) / stride + 1;
  return (count - 1) * stride < size + pad_before ? count : count - 1;
}

namespace {

// What the checks below need to say who found what.
struct Site {
  std::string_view node;
  std::string_view op;
};

template <class... Parts>
void fits(bool ok, const Site& site, const Parts&... parts) {
  require(ok, "node ", site.node, " (", site.op, "): ", parts...);
}

void require_rank(const Shape& shape, size_t rank, const Site& site) {
  fits(shape.size() == rank, site, "input is ", to_text(shape), ", expected ", rank, " dimensions");
}

void require_vector(const std::vector<Shape>& in, size_t index, int64_t length, const Site& site) {
  if (index >= in.size()) return;
  fits(in[index] == Shape{length}, site, "input ", index, " is ", to_text(in[index]), ", expected ", length);
}

template <class Window>
void require_window(const Window& op, const Pair& kernel, const Site& site) {
  fits(kernel.h > 0 && kernel.w > 0 && op.stride.h > 0 && op.stride.w > 0, site,
       "kernel and stride must be positive");
  fits(op.pad.top >= 0 && op.pad.left >= 0 && op.pad.bottom >= 0 && op.pad.right >= 0, site,
       "padding must not be negative");
}

Shape windowed(const Shape& x, int64_t channels, Pair kernel, Pair stride, Pair dilation, Pads pad, bool ceil,
               const Site& site) {
  const int64_t h = window_count(x[2], kernel.h, stride.h, dilation.h, pad.top, pad.bottom, ceil);
  const int64_t w = window_count(x[3], kernel.w, stride.w, dilation.w, pad.left, pad.right, ceil);
  fits(h > 0 && w > 0, site, "its window does not fit into an input of ", to_text(x));
  return {x[0], channels, h, w};
}

Shape shape_of(const Conv2d& op, const std::vector<Shape>& in, const Site& site) {
  const Shape& x = in[0];
  const Shape& w = in[1];
  require_rank(x, 4, site);
  fits(w.size() == 4, site, "weight is ", to_text(w), ", expected out x in x height x width");
  fits(op.groups > 0 && w[0] > 0 && w[0] % op.groups == 0, site, op.groups, " groups do not divide ", w[0],
       " outputs");
  fits(x[1] == w[1] * op.groups, site, "input has ", x[1], " channels, weight ", to_text(w), " in ",
       op.groups, " groups reads ", w[1] * op.groups);
  fits(w[2] > 0 && w[3] > 0 && w[2] < 1 << 15 && w[3] < 1 << 15, site, "kernel of ", to_text(w));
  fits(op.dilation.h > 0 && op.dilation.w > 0, site, "dilation must be positive");
  const Pair kernel{static_cast<int>(w[2]), static_cast<int>(w[3])};
  require_window(op, kernel, site);
  require_vector(in, 2, w[0], site);
  return windowed(x, w[0], kernel, op.stride, op.dilation, op.pad, false, site);
}

Shape shape_of(const Linear&, const std::vector<Shape>& in, const Site& site) {
  require_rank(in[0], 2, site);
  fits(in[1].size() == 2, site, "weight is ", to_text(in[1]), ", expected out x in");
  fits(in[0][1] == in[1][1], site, "input has ", in[0][1], " values, weight ", to_text(in[1]), " reads ",
       in[1][1]);
  require_vector(in, 2, in[1][0], site);
  return {in[0][0], in[1][0]};
}

Shape shape_of(const BatchNorm& op, const std::vector<Shape>& in, const Site& site) {
  fits(in[0].size() >= 2, site, "input is ", to_text(in[0]), ", expected batch x channels x ...");
  fits(op.epsilon >= 0, site, "epsilon ", op.epsilon, " is negative");
  for (size_t i = 1; i < in.size(); ++i) require_vector(in, i, in[0][1], site);
  return in[0];
}

template <class Pool>
Shape pool_shape(const Pool& op, const std::vector<Shape>& in, const Site& site) {
  require_rank(in[0], 4, site);
  require_window(op, op.kernel, site);
  fits(op.pad.top < op.kernel.h && op.pad.bottom < op.kernel.h && op.pad.left < op.kernel.w &&
           op.pad.right < op.kernel.w,
       site, "padding must be less than the kernel");
  return windowed(in[0], in[0][1], op.kernel, op.stride, {1, 1}, op.pad, op.ceil, site);
}
Shape shape_of(const MaxPool& op, const std::vector<Shape>& in, const Site& site) {
  return pool_shape(op, in, site);
}
Shape shape_of(const AvgPool& op, const std::vector<Shape>& in, const Site& site) {
  return pool_shape(op, in, site);
}

Shape shape_of(const GlobalAvgPool&, const std::vector<Shape>& in, const Site& site) {
  require_rank(in[0], 4, site);
  fits(in[0][2] > 0 && in[0][3] > 0, site, "input is ", to_text(in[0]), ", expected pixels");
  return {in[0][0], in[0][1], 1, 1};
}

Shape shape_of(const Flatten&, const std::vector<Shape>& in, const Site& site) {
  fits(in[0].size() >= 2, site, "input is ", to_text(in[0]), ", expected a batch");
  return {in[0][0], element_count(Shape(in[0].begin() + 1, in[0].end()))};
}

Shape shape_of(const Softmax&, const std::vector<Shape>& in, const Site& site) {
  fits(in[0].size() >= 2, site, "input is ", to_text(in[0]), ", expected batch x classes");
  return in[0];
}

Shape shape_of(const Dropout& op, const std::vector<Shape>& in, const Site& site) {
  fits(op.ratio >= 0 && op.ratio < 1, site, "ratio ", op.ratio, " is not in [0, 1)");
  return in[0];
}

Shape shape_of(const Add&, const std::vector<Shape>& in, const Site& site) {
  fits(in[0] == in[1], site, "inputs are ", to_text(in[0]), " and ", to_text(in[1]), ", expected one shape");
  return in[0];
}

Shape shape_of(const Concat&, const std::vector<Shape>& in, const Site& site) {
  Shape out = in[0];
  fits(out.size() >= 2, site, "input is ", to_text(out), ", expected batch x channels x ...");
  for (size_t i = 1; i < in.size(); ++i) {
    Shape same = in[i];
    if (same.size() == out.size()) same[1] = out[1];
    fits(same == out, site, "inputs are ", to_text(in[0]), " and ", to_text(in[i]),
         ", expected the same but for channels");
    out[1] += in[i][1];
  }
  return out;
}

Shape shape_of(const ChannelShuffle& op, const std::vector<Shape>& in, const Site& site) {
  require_rank(in[0], 4, site);
  fits(op.groups > 0 && in[0][1] % op.groups == 0, site, op.groups, " groups do not divide ", in[0][1],
       " channels");
  return in[0];
}

Shape shape_of(const Lrn& op, const std::vector<Shape>& in, const Site& site) {
  require_rank(in[0], 4, site);
  fits(op.size > 0, site, "size must be positive");
  return in[0];
}

Shape shape_of(const Relu&, const std::vector<Shape>& in, const Site&) { return in[0]; }
Shape shape_of(const Clip& op, const std::vector<Shape>& in, const Site& site) {
  fits(op.min <= op.max, site, "min ", op.min, " is above max ", op.max);
  return in[0];
}

}  // namespace

Shape output_shape(const Op& op, const std::vector<Shape>& inputs, std::string_view node) {
  const Site site{node, op_name(op)};
  const Shape shape = std::visit([&](const auto& o) { return shape_of(o, inputs, site); }, op);
  element_count(shape);  // throws where the output would be too large to hold
  return shape;
}

std::vector<Shape> infer_shapes(const Graph& graph, int64_t batch) {
  std::vector<Shape> shapes(graph.values.size());
  for (ValueId id = 0; id < graph.values.size(); ++id)
    if (graph.values[id].weight) shapes[id] = graph.values[id].weight->shape;
  for (ValueId id : graph.inputs) {
    shapes[id] = graph.values[id].shape;
    shapes[id][0] = batch;
    element_count(shapes[id]);
  }
  for (const Node& node : graph.nodes) {
    std::vector<Shape> inputs;
    for (ValueId id : node.inputs) inputs.push_back(shapes[id]);
    shapes[node.output] = output_shape(node.op, inputs, node_name(graph, node));
  }
  return shapes;
}

}  // namespace netsuke
