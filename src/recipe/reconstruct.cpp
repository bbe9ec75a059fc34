#include "recipe/reconstruct.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "compress/mask.h"
#include "compress/recode.h"
#include "data/drawn.h"
#include "graph/passes/order.h"
#include "graph/preprocess.h"
#include "graph/shapes.h"
#include "runtime/session.h"

namespace netsuke::recipe {
namespace {

/// Images as the network takes them, one after the other; those that cannot be decoded are left out.
std::vector<float> inputs_of(const Graph& graph, const Dataset& data, const std::vector<int64_t>& indices) {
  const auto size = static_cast<size_t>(element_count(data.image_shape()));
  const int64_t channels = data.image_shape().at(0);
  std::vector<float> inputs(indices.size() * size);
  std::vector<uint8_t> pixels(size);
  size_t sound = 0;
  for (const int64_t index : indices)
    if (data.sound_pixels(index, pixels))
      apply(preprocess_of(graph), pixels.data(), static_cast<int>(channels),
            static_cast<int64_t>(size) / channels, inputs.data() + sound++ * size);
  inputs.resize(sound * size);
  return inputs;
}

/// What a graph computes at one of its values, for some images at a time.
class ValueOf {
 public:
  ValueOf(const Graph& graph, ValueId value, int threads)
      : shape_(infer_shapes(graph, 1).at(value)), is_input_(value == graph.inputs[0]) {
    if (is_input_) return;
    Graph part = graph;
    part.outputs = {value};
    session_.emplace(without_unread(part), runtime::SessionOptions{.threads = threads});
  }

  const Shape& shape() const { return shape_; }  ///< of one image

  Tensor operator()(std::span<const float> inputs, int64_t images) {
    Shape shape = shape_;
    shape[0] = images;
    Tensor result(shape);
    if (is_input_)
      std::ranges::copy(inputs, result.data.begin());
    else
      session_->run(inputs, images, result.data);
    return result;
  }

 private:
  Shape shape_;
  bool is_input_;
  std::optional<runtime::Session> session_;
};

/// Where a layer's rows come from: some places of each image.
struct Rows {
  const Conv2d* conv;  ///< null for a linear layer, which has one place an image
  Shape weight;
  Shape in, out;  ///< with the batch

  size_t inputs() const { return static_cast<size_t>(element_count(weight) / weight[0]); }
  size_t outputs() const { return static_cast<size_t>(weight[0]); }
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

/// What a layer is fitted to, and what the fit is judged by.
struct Samples {
  compress::LayerStatistics fitted, held_out;
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
    const DatasetPtr drawn =
        settings.drawn ? make_drawn(settings.images, image_shape(original), context.seed) : nullptr;
    const Dataset& data = drawn ? *drawn : *context.data;
    std::vector<int64_t> order(static_cast<size_t>(data.size()));
    std::iota(order.begin(), order.end(), int64_t{0});
    Random(context.seed, kStream).shuffle(std::span(order));
    order.resize(std::min<size_t>(order.size(), static_cast<size_t>(settings.images)));
    inputs_ = inputs_of(original, data, order);
    images_ = std::ssize(inputs_) / element_count(data.image_shape());
    if (images_ == 0)
      fail(ErrorCode::input, "reconstruct: ", data.name(), " has no image that can be decoded");
    if (settings.tolerance > 0 && images_ < kLeastToJudgeBy)
      fail(ErrorCode::usage, "reconstruct: ", data.name(), " has ", images_, " images, a tolerance needs ",
           kLeastToJudgeBy);
  }

  Graph run() {
    std::vector<std::string> layers;
    for (const Node& node : graph_.nodes) {
      if (!can_be_refitted(node)) continue;
      layers.push_back(node_name(graph_, node));
      mean_weights_ += static_cast<double>(weight_count(*graph_.values[node.inputs[1]].weight));
    }
    mean_weights_ /= static_cast<double>(std::max<size_t>(1, layers.size()));
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
    return before && before->shape == weight->shape && has_constants_of_its_own(node) &&
           weight_count(*weight) / weight->shape[0] <= settings_.most_inputs;
  }

  /// What another layer reads too can't be changed for this one.
  bool has_constants_of_its_own(const Node& node) const {
    return std::all_of(node.inputs.begin() + 1, node.inputs.end(),
                       [&](ValueId id) { return readers_.at(id).size() == 1; });
  }

  void refit_layer(const std::string& name) {
    const Node& node = *layer_named(graph_, name);
    const Weight& weight = *graph_.values[node.inputs[1]].weight;
    const Weight& original = *original_.values[layer_named(original_, name)->inputs[1]].weight;
    std::vector<float> bias;
    if (node.inputs.size() > 2) bias = to_dense(*graph_.values[node.inputs[2]].weight).data;
    const bool shares = settings_.tolerance > 0 && !std::holds_alternative<Signs>(weight.encoding);
    const Samples samples = samples_of(name, shares);
    if (!(samples.fitted.yy() > 0) || (shares && !(samples.held_out.yy() > 0))) {
      context_.log.line(cat(name, ": answers nothing on these images, so it stays as it was"));
      return;
    }
    const compress::Refit refit =
        shares ? shared(weight, original, bias, samples) : refitted(weight, original, bias, samples.fitted);
    context_.log.line(cat(name, ": ", percent(refit.error_before),
                          " % of the answers' energy was wrong, now ", percent(refit.error_after), " % at ",
                          value_bits(*refit.weight), " bits"));
    graph_.values[node.inputs[1]].weight = refit.weight;
    if (node.inputs.size() > 2)
      graph_.values[node.inputs[2]].weight = make_dense(Tensor({std::ssize(refit.bias)}, refit.bias));
  }

  compress::Refit shared(const Weight& weight, const Weight& original, const std::vector<float>& bias,
                         const Samples& samples) const {
    compress::Refit refit =
        compress::share_within({.error = tolerance_of(weight)}, compress::kept_of(original, weight), bias,
                               samples.fitted, samples.held_out, settings_.ridge);
    refit.error_before = compress::answer_error(weight, bias, samples.held_out);
    return refit;
  }

  /// An error of a large layer saves more bytes than the same error of a small one. Were errors to add up,
  /// they would be least for their bytes in proportion to the weights; the square root also gets on with what
  /// the largest, often the last, do to the answers.
  double tolerance_of(const Weight& weight) const {
    return settings_.tolerance * std::sqrt(static_cast<double>(weight_count(weight)) / mean_weights_);
  }

  compress::Refit refitted(const Weight& weight, const Weight& original, const std::vector<float>& bias,
                           const compress::LayerStatistics& statistics) const {
    compress::Refit refit = compress::refit(weight, bias, statistics, settings_.ridge);
    if (!settings_.recode || !is_shared(weight)) return refit;
    const compress::Recoder recode(original, statistics, !bias.empty(), settings_.ridge);
    compress::Refit recoded = compress::refit(*recode.at_no_more_bits(std::make_shared<const Weight>(weight)),
                                              bias, statistics, settings_.ridge);
    recoded.error_before = refit.error_before;
    return recoded.error_after < refit.error_after ? recoded : refit;
  }

  /// The layer's inputs in the compressed network and its answers in the original, at some places of each
  /// image. With `hold_out` those of every fourth image are kept apart.
  Samples samples_of(const std::string& name, bool hold_out) const {
    const Node& node = *layer_named(graph_, name);
    ValueOf inputs(graph_, node.inputs[0], context_.threads);
    ValueOf answers(original_, layer_named(original_, name)->output, context_.threads);
    Rows rows{std::get_if<Conv2d>(&node.op), graph_.values[node.inputs[1]].weight->shape, inputs.shape(),
              answers.shape()};
    Samples samples{{rows.inputs(), rows.outputs()}, {rows.inputs(), rows.outputs()}};
    constexpr int64_t kValuesAtOnce = int64_t{1} << 25;  // 128 MB
    const int64_t largest = std::max(element_count(rows.in), element_count(rows.out)),
                  at_once = std::clamp(kValuesAtOnce / largest, int64_t{1}, images_);
    const auto image_size = inputs_.size() / static_cast<size_t>(images_);
    Random random(context_.seed, kStream + 1);
    for (int64_t first = 0; first < images_; first += at_once) {
      const int64_t count = std::min(at_once, images_ - first);
      const auto images = std::span(inputs_).subspan(static_cast<size_t>(first) * image_size,
                                                     static_cast<size_t>(count) * image_size);
      const Tensor x = inputs(images, count), y = answers(images, count);
      std::vector<int64_t> fitted, held_out;
      for (int64_t i = 0; i < count; ++i)
        draw_places(random, i * rows.plane(), rows.plane(),
                    hold_out && (first + i) % kLeastToJudgeBy == kLeastToJudgeBy - 1 ? held_out : fitted);
      add(rows, x, y, fitted, samples.fitted);
      add(rows, x, y, held_out, samples.held_out);
    }
    return samples;
  }

  static bool is_shared(const Weight& weight) {
    return std::holds_alternative<Codebook>(weight.encoding) ||
           std::holds_alternative<SparseCodebook>(weight.encoding);
  }

  static void add(const Rows& rows, const Tensor& x, const Tensor& y, const std::vector<int64_t>& places,
                  compress::LayerStatistics& statistics) {
    std::vector<float> windows(places.size() * rows.inputs()), answers(places.size() * rows.outputs());
    for (size_t i = 0; i < places.size(); ++i) {
      rows.window(x, places[i], windows.data() + i * rows.inputs());
      rows.answers(y, places[i], answers.data() + i * rows.outputs());
    }
    statistics.add(windows, answers);
  }

  static std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", 100 * share);
    return text;
  }

  /// All `plane` places of an image from `first` on, or its part of the rows that the settings allow.
  void draw_places(Random& random, int64_t first, int64_t plane, std::vector<int64_t>& places) const {
    const int64_t most = std::max<int64_t>(1, settings_.rows / images_);
    for (int64_t i = 0; i < std::min(plane, most); ++i)
      places.push_back(
          first + (plane <= most ? i : static_cast<int64_t>(random.below(static_cast<uint64_t>(plane)))));
  }

  const Reconstruct& settings_;
  const Graph& original_;
  const Context& context_;
  Graph graph_;
  const std::vector<std::vector<size_t>> readers_ = readers(graph_);
  int64_t images_ = 0;
  double mean_weights_ = 0;  ///< of the layers that are refitted
  std::vector<float> inputs_;
};

}  // namespace

std::string why_not_drawn(const Graph& graph) {
  if (graph.inputs.size() != 1 || image_shape(graph).empty()) return "the network does not take one picture";
  try {
    runtime::Session session(graph, {});
  } catch (const Error& error) {
    return cat("the runtime does not run the original: ", error.what());
  }
  return "";
}

Graph reconstruct(const Reconstruct& settings, const Graph& graph, const Graph& original,
                  const Context& context) {
  if (const std::string reason = settings.drawn ? why_not_drawn(original) : ""; !reason.empty()) {
    context.log.line(cat("reconstruct: layers stay as they are, ", reason));
    return graph;
  }
  return Reconstruction(settings, graph, original, context).run();
}

}  // namespace netsuke::recipe
