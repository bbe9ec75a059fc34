#include "recipe/reconstruct.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "compress/refit.h"
#include "graph/passes/order.h"
#include "graph/preprocess.h"
#include "graph/shapes.h"
#include "runtime/session.h"

namespace netsuke::recipe {
namespace {

/// Images as the network takes them.
std::vector<float> inputs_of(const Graph& graph, const Dataset& data, const std::vector<int64_t>& indices) {
  const auto size = static_cast<size_t>(element_count(data.image_shape()));
  const int64_t channels = data.image_shape().at(0);
  std::vector<float> inputs(indices.size() * size);
  std::vector<uint8_t> pixels(size);
  for (size_t i = 0; i < indices.size(); ++i) {
    if (!data.sound_pixels(indices[i], pixels)) continue;  // black is an image too
    apply(preprocess_of(graph), pixels.data(), static_cast<int>(channels),
          static_cast<int64_t>(size) / channels, inputs.data() + i * size);
  }
  return inputs;
}

/// What the graph computes at `value` for a batch, by the runtime.
Tensor values_at(const Graph& graph, ValueId value, const std::vector<float>& inputs, int64_t images,
                 int threads) {
  const Shape shape = infer_shapes(graph, images).at(value);
  if (value == graph.inputs[0]) return {shape, inputs};
  Graph part = graph;
  part.outputs = {value};
  part = without_unread(part);
  runtime::Session session(part, {.threads = threads});
  Tensor result(shape);
  session.run(inputs, images, result.data);
  return result;
}

/// Where a layer's rows come from: some places of each image.
struct Rows {
  const Conv2d* conv;  ///< null for a linear layer, which has one place an image
  Shape weight;
  Shape in, out;                ///< with the batch
  std::vector<int64_t> places;  ///< image x height x width, flat

  size_t inputs() const { return static_cast<size_t>(element_count(weight) / weight[0]); }
  int64_t plane() const { return conv ? out[2] * out[3] : 1; }

  /// The window of place `p` in x, as the weight has its order; what lies outside is zero.
  void window(const Tensor& x, int64_t p, float* to) const {
    const int64_t image = p / plane(), at = p % plane();
    if (!conv) {
      std::copy_n(x.data.begin() + image * static_cast<int64_t>(inputs()), inputs(), to);
      return;
    }
    const int64_t top = at / out[3] * conv->stride.h - conv->pad.top,
                  left = at % out[3] * conv->stride.w - conv->pad.left;
    for (int64_t c = 0; c < weight[1]; ++c)
      for (int64_t ky = 0; ky < weight[2]; ++ky)
        for (int64_t kx = 0; kx < weight[3]; ++kx) {
          const int64_t y = top + ky * conv->dilation.h, xx = left + kx * conv->dilation.w;
          const bool inside = y >= 0 && y < in[2] && xx >= 0 && xx < in[3];
          *to++ = inside ? x.data[static_cast<size_t>(((image * in[1] + c) * in[2] + y) * in[3] + xx)] : 0.0f;
        }
  }
  /// The answers of all filters at place `p`.
  void answers(const Tensor& y, int64_t p, float* to) const {
    const int64_t image = p / plane(), at = p % plane();
    for (int64_t o = 0; o < weight[0]; ++o)
      to[o] = y.data[static_cast<size_t>((image * weight[0] + o) * plane() + at)];
  }
};

const Node* layer_named(const Graph& graph, const std::string& name) {
  for (const Node& node : graph.nodes)
    if (node_name(graph, node) == name) return &node;
  return nullptr;
}

class Reconstruction {
 public:
  Reconstruction(const Reconstruct& settings, const Graph& graph, const Graph& original,
                 const Context& context)
      : settings_(settings), original_(original), context_(context), graph_(graph) {
    const Dataset& data = *context.data;
    std::vector<int64_t> order(static_cast<size_t>(data.size()));
    std::iota(order.begin(), order.end(), int64_t{0});
    Random(context.seed, kStream).shuffle(std::span(order));
    order.resize(std::min<size_t>(order.size(), static_cast<size_t>(settings.images)));
    images_ = std::ssize(order);
    inputs_ = inputs_of(original, data, order);
  }

  Graph run() {
    std::vector<std::string> layers;
    for (const Node& node : graph_.nodes)
      if (can_be_refitted(node)) layers.push_back(node_name(graph_, node));
    for (size_t i = 0; i < layers.size(); ++i) {
      if (context_.log.stopping()) fail(ErrorCode::interrupted, "stopped while reconstructing");
      refit_layer(layers[i]);
      context_.log.progress({"reconstruct", i + 1, layers.size(), "layers", layers[i]});
    }
    return graph_;
  }

 private:
  static constexpr uint64_t kStream = 12;  // of the run's seed

  bool can_be_refitted(const Node& node) const {
    const auto* conv = std::get_if<Conv2d>(&node.op);
    if (!(conv && conv->groups == 1) && !std::holds_alternative<Linear>(node.op)) return false;
    const WeightPtr& weight = graph_.values[node.inputs[1]].weight;
    const Node* theirs = layer_named(original_, node_name(graph_, node));
    if (!weight || !theirs || theirs->op.index() != node.op.index() ||
        theirs->inputs.size() != node.inputs.size())
      return false;
    const WeightPtr& before = original_.values[theirs->inputs[1]].weight;
    return before && before->shape == weight->shape &&
           weight_count(*weight) / weight->shape[0] <= settings_.most_inputs;
  }

  void refit_layer(const std::string& name) {
    const Node& node = *layer_named(graph_, name);
    const Node& theirs = *layer_named(original_, name);
    const Weight& weight = *graph_.values[node.inputs[1]].weight;
    const Tensor x = values_at(graph_, node.inputs[0], inputs_, images_, context_.threads);
    const Tensor y = values_at(original_, theirs.output, inputs_, images_, context_.threads);
    Rows rows{std::get_if<Conv2d>(&node.op), weight.shape, x.shape, y.shape, {}};
    rows.places = drawn_places(images_ * rows.plane());
    std::vector<float> windows(rows.places.size() * rows.inputs());
    std::vector<float> answers(rows.places.size() * static_cast<size_t>(weight.shape[0]));
    for (size_t i = 0; i < rows.places.size(); ++i) {
      rows.window(x, rows.places[i], windows.data() + i * rows.inputs());
      rows.answers(y, rows.places[i], answers.data() + i * static_cast<size_t>(weight.shape[0]));
    }
    compress::LayerStatistics statistics(rows.inputs(), static_cast<size_t>(weight.shape[0]));
    statistics.add(windows, answers);

    std::vector<float> bias;
    if (node.inputs.size() > 2) bias = to_dense(*graph_.values[node.inputs[2]].weight).data;
    const compress::Refit refit = compress::refit(weight, bias, statistics, settings_.ridge);
    context_.log.line(cat(name, ": ", percent(refit.error_before),
                          " % of the answers' energy was wrong, now ", percent(refit.error_after), " %"));
    graph_.values[node.inputs[1]].weight = refit.weight;
    if (node.inputs.size() > 2)
      graph_.values[node.inputs[2]].weight = make_dense(Tensor({std::ssize(refit.bias)}, refit.bias));
  }

  static std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", 100 * share);
    return text;
  }

  /// All places, or as many as the settings allow, drawn by the seed.
  std::vector<int64_t> drawn_places(int64_t all) const {
    std::vector<int64_t> places;
    if (all <= settings_.rows) {
      places.resize(static_cast<size_t>(all));
      std::iota(places.begin(), places.end(), int64_t{0});
      return places;
    }
    Random random(context_.seed, kStream + 1);
    for (int64_t i = 0; i < settings_.rows; ++i)
      places.push_back(static_cast<int64_t>(random.below(static_cast<uint64_t>(all))));
    return places;
  }

  const Reconstruct& settings_;
  const Graph& original_;
  const Context& context_;
  Graph graph_;
  int64_t images_ = 0;
  std::vector<float> inputs_;
};

}  // namespace

Graph reconstruct(const Reconstruct& settings, const Graph& graph, const Graph& original,
                  const Context& context) {
  return Reconstruction(settings, graph, original, context).run();
}

}  // namespace netsuke::recipe
