#include "runtime/layer_time.h"

#include <algorithm>
#include <map>

#include "graph/shapes.h"
#include "runtime/conv_cost.h"
#include "runtime/lower.h"

namespace netsuke::runtime {
namespace {

struct LayerTime {
  double dense = 0;
  SparseTime sparse;

  double operator()(int64_t kept) const { return std::min(dense, sparse(static_cast<double>(kept))); }
};

LayerTime of_conv(const kernels::ConvShape& shape, const CostBasis& basis) {
  const ConvTimes times = times_of(shape, basis);
  return {fastest_dense(times), times.sparse};
}

LayerTime of_linear(size_t rows, size_t columns, const CostBasis& basis) {
  const LinearTimes times = linear_times(rows, columns, basis);
  return {times.dense, times.sparse};
}

}  // namespace

std::function<double(const std::string&, int64_t)> layer_times(const Graph& graph, const Timings* measured) {
  std::map<std::string, LayerTime> times;
  const std::vector<Shape> shapes = infer_shapes(graph, 1);
  const CostBasis basis = cost_basis(graph, measured);
  for (const Node& node : graph.nodes) {
    if (node.inputs.size() < 2 || !graph.values[node.inputs[1]].weight) continue;
    const Shape& w = shapes[node.inputs[1]];
    if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
      const kernels::ConvShape s = conv_shape(*conv, shapes[node.inputs[0]], w, shapes[node.output]);
      if (!s.is_depthwise()) times[node_name(graph, node)] = of_conv(s, basis);
    } else if (std::holds_alternative<Linear>(node.op)) {
      times[node_name(graph, node)] = of_linear(static_cast<size_t>(w[0]), static_cast<size_t>(w[1]), basis);
    }
  }
  return [times = std::move(times)](const std::string& layer, int64_t kept) {
    const auto found = times.find(layer);
    return found == times.end() ? 0 : found->second(kept);
  };
}

}  // namespace netsuke::runtime
