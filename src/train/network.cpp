#include "train/network.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <list>
#include <thread>

#include "base/catalog.h"
#include "base/error.h"
#include "graph/shapes.h"
#include "train/heap.h"
#include "train/lower.h"

namespace netsuke::train {

namespace {

/// A machine without the instructions refuses at its first convolution.
void require_bf16() {
  try {
    const at::Tensor x = at::ones({1, 1, 4, 4}, at::kBFloat16).requires_grad_(true);
    at::conv2d(x, at::ones({1, 1, 1, 1}, at::kBFloat16)).sum().backward();
  } catch (const c10::Error&) {
    fail(ErrorCode::usage, "precision: this machine's libtorch has no bf16 convolution; accepted is fp32");
  }
}

}  // namespace

void set_up_torch(int threads) {
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  set_up_heap();
  at::globalContext().setFlushDenormal(true);
  at::set_num_threads(threads);
  // Torch parallelises convolutions itself, image by image; a BLAS with threads of its own only fights it for
  // the cores (measured on LeNet-5 with two cores: 3,100 images/s with, 4,900 without).
  if (void* set = dlsym(RTLD_DEFAULT, "openblas_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(1);
}

Objective objective_of(const Options& options) {
  return {options.label_smoothing, options.distill_alpha, options.distill_temperature, options.match_logits};
}

Numerics numerics_of(const Options& options) {
  const bool bf16 = options.precision == "bf16";
  if (bf16) require_bf16();
  return {&find_row(binary_gradients(), options.binary_gradient, "binary gradient"),
          options.sign_gradient == "smooth", bf16, options.surgery};
}

struct Network::Torch {
  Graph graph;
  size_t frozen = 0;
  Numerics numerics;
  ValueId logits = 0;
  Shape image;  ///< the input without its batch
  std::vector<Learned> learned, measured;
  Group* group = nullptr;
  std::vector<at::Tensor> constants;  ///< by ValueId; they share the memory of `learned` and `measured`

  at::Tensor batch(std::span<const float> images) const;
  BatchResult differentiate(std::span<const float> images, const Targets& targets, const Objective& objective,
                            const Pass& pass);
  at::Tensor run(const at::Tensor& input, const Pass& pass) const {
    return lower(graph, constants, input, logits, pass).flatten(1);
  }
};

namespace {

/// A tensor over memory that is not its own.
at::Tensor view(std::span<const float> values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat);
}
at::Tensor view(std::span<const int64_t> labels) {
  return at::from_blob(const_cast<int64_t*>(labels.data()), {static_cast<int64_t>(labels.size())}, at::kLong);
}

/// Images in channels-last order, which every later operator then keeps: there torch's max-pool is vectorised
/// and its convolution gradients are about twice as fast (LeNet-5, one core: 10 ms a batch of 64 instead of
/// 21).
at::Tensor in_fast_layout(const at::Tensor& images) {
  if (images.dim() != 4) return images;
  // Not contiguous(): with one channel the two orders are the same bytes, and only strides tell torch which
  // is meant.
  at::Tensor out = at::empty(images.sizes(), images.options().memory_format(at::MemoryFormat::ChannelsLast));
  return out.copy_(images);
}

/// The value whose softmax (or its logarithm) is the output, or the output itself.
ValueId before_softmax(const Graph& graph) {
  for (const Node& node : graph.nodes)
    if (node.output == graph.outputs[0] &&
        (std::holds_alternative<Softmax>(node.op) || std::holds_alternative<LogSoftmax>(node.op)))
      return node.inputs[0];
  return graph.outputs[0];
}

int64_t count_wrong(const at::Tensor& scores, std::span<const int64_t> labels) {
  const float* row = scores.data_ptr<float>();
  int64_t wrong = 0;
  for (int64_t label : labels) {
    // Where a score is not a number, nothing is the largest.
    if (label >= 0)
      wrong += std::max_element(row, row + scores.size(1)) - row != label || !std::isfinite(row[label]);
    row += scores.size(1);
  }
  return wrong;
}

int64_t count_labelled(std::span<const int64_t> labels) {
  return std::ranges::count_if(labels, [](int64_t label) { return label >= 0; });
}

at::Tensor hard_loss(const at::Tensor& scores, const Targets& targets, double smoothing) {
  // The mean over all images: those without a label add nothing.
  const auto against = [&](std::span<const int64_t> labels) {
    return at::cross_entropy_loss(scores, view(labels), {}, at::Reduction::Sum, -1, smoothing) /
           static_cast<double>(labels.size());
  };
  const at::Tensor loss = against(targets.labels);
  if (targets.other_labels.empty()) return loss;
  return targets.share * loss + (1 - targets.share) * against(targets.other_labels);
}

at::Tensor soft_loss(const at::Tensor& scores, const Targets& targets, const Objective& objective) {
  const at::Tensor theirs = view(targets.teacher_scores, scores.sizes());
  if (objective.match_logits) {
    const at::Tensor apart = (scores - scores.mean(1, true)) - (theirs - theirs.mean(1, true));
    return 0.5 * (apart * apart).mean();
  }
  // Soft targets: gradients shrink as 1 / T^2, which the factor T^2 makes up for.
  const double temperature = objective.distill_temperature;
  const at::Tensor soft_targets = at::softmax(theirs / temperature, 1);
  const at::Tensor soft = -(soft_targets * at::log_softmax(scores / temperature, 1)).sum(1).mean();
  return temperature * temperature * soft;
}

at::Tensor loss_of(const at::Tensor& scores, const Targets& targets, const Objective& objective) {
  const at::Tensor hard = hard_loss(scores, targets, objective.label_smoothing);
  if (targets.teacher_scores.empty()) return hard;
  const double alpha = objective.distill_alpha;
  return alpha * soft_loss(scores, targets, objective) + (1 - alpha) * hard;
}

bool is_running_statistic(const Parameter& parameter) {
  return parameter.role == "mean" || parameter.role == "variance";
}

/// Constants of arithmetic and of concat belong to a formula of the network's author: the mean and deviation
/// of its pixels, the 1/6 of a hard swish. They stay as they are.
bool is_part_of_a_formula(const Graph& graph, const Parameter& parameter) {
  return parameter.role == "operand" || std::holds_alternative<Concat>(graph.nodes[parameter.node].op);
}

}  // namespace

at::Tensor Network::Torch::batch(std::span<const float> images) const {
  std::vector<int64_t> shape = image;
  shape.insert(shape.begin(), static_cast<int64_t>(images.size()) / element_count(image));
  return in_fast_layout(view(images, shape));
}

BatchResult Network::Torch::differentiate(std::span<const float> images, const Targets& targets,
                                          const Objective& objective, const Pass& pass) {
  take_large_pages();
  for (const Learned& l : learned) constants[l.value].mutable_grad() = at::Tensor();
  const at::Tensor scores = run(batch(images), pass);
  const at::Tensor loss = loss_of(scores, targets, objective);
  loss.backward();
  if (group) group->finish();
  return {loss.item<double>(), count_wrong(scores.detach().contiguous(), targets.labels),
          count_labelled(targets.labels)};
}

Network::Network(const Graph& graph, size_t frozen, const Numerics& numerics)
    : torch_(std::make_unique<Torch>()) {
  Torch& t = *torch_;
  t.graph = graph;
  t.frozen = frozen;
  t.numerics = numerics;
  t.logits = before_softmax(graph);
  const Shape& input = graph.values[graph.inputs[0]].shape;
  t.image.assign(input.begin() + 1, input.end());
  t.constants.resize(graph.values.size());
  for (const Parameter& parameter : parameters(graph)) {
    const Weight& weight = *graph.values[parameter.value].weight;
    const auto* conv = std::get_if<Conv2d>(&graph.nodes[parameter.node].op);
    if (parameter.node < frozen || is_part_of_a_formula(graph, parameter))
      t.constants[parameter.value] = view(to_dense(weight).data, weight.shape).clone();
    else if (is_running_statistic(parameter))
      t.measured.push_back(
          {parameter.value, TrainedWeight({weight.shape, Dense{to_dense(weight).data}}), true});
    else
      t.learned.push_back({parameter.value,
                           TrainedWeight(weight, *numerics.binary_gradient, numerics.surgery),
                           parameter.role != "weight", conv && is_depthwise(*conv, weight.shape)});
  }
  // Only now: the lists no longer move what the tensors look at.
  for (auto* list : {&t.learned, &t.measured})
    for (Learned& l : *list) t.constants[l.value] = view(l.weight.dense(), l.weight.shape());
  for (Learned& l : t.learned) t.constants[l.value].requires_grad_(true);
}

Network::~Network() = default;

std::vector<Network::Learned>& Network::learned() { return torch_->learned; }
std::vector<Network::Learned>& Network::measured() { return torch_->measured; }

BatchResult Network::learn(std::span<const float> images, const Targets& targets, const Objective& objective,
                           uint64_t dropout_seed) {
  const Pass pass{.training = true,
                  .bf16 = torch_->numerics.bf16,
                  .dropout_seed = dropout_seed,
                  .frozen = torch_->frozen,
                  .smooth_sign = torch_->numerics.smooth_sign};
  return torch_->differentiate(images, targets, objective, pass);
}

BatchResult Network::differentiate(std::span<const float> images, std::span<const int64_t> labels) {
  return torch_->differentiate(images, {.labels = labels}, {}, {});
}

void Network::join(Group& group) {
  Torch& t = *torch_;
  t.group = &group;
  // The backward pass comes to the last layers first.
  std::vector<size_t> sizes;
  for (size_t i = t.learned.size(); i-- > 0;) sizes.push_back(t.learned[i].weight.dense().size());
  group.set_gradients(sizes);
  for (size_t i = 0; i < t.learned.size(); ++i)
    t.constants[t.learned[i].value].register_hook(
        [&group, place = t.learned.size() - 1 - i](const at::Tensor& gradient) {
          const at::Tensor values = gradient.contiguous();
          group.start(place, {values.data_ptr<float>(), static_cast<size_t>(values.numel())});
        });
}

std::span<const float> Network::gradient(size_t i) const {
  if (torch_->group) return torch_->group->mean(torch_->learned.size() - 1 - i);
  at::Tensor& gradient = torch_->constants[torch_->learned[i].value].mutable_grad();
  if (!gradient.defined()) return {};
  if (!gradient.is_contiguous()) gradient = gradient.contiguous();
  return {gradient.data_ptr<float>(), static_cast<size_t>(gradient.numel())};
}

BatchResult Network::judge(std::span<const float> images, std::span<const int64_t> labels) const {
  const at::NoGradGuard no_gradients;
  const at::Tensor scores = torch_->run(torch_->batch(images), {}).contiguous();
  return {loss_of(scores, {.labels = labels}, {}).item<double>(), count_wrong(scores, labels),
          count_labelled(labels)};
}

std::vector<float> Network::logits(std::span<const float> images) const {
  const at::NoGradGuard no_gradients;
  const at::Tensor scores = torch_->run(torch_->batch(images), {.bf16 = torch_->numerics.bf16}).contiguous();
  return {scores.data_ptr<float>(), scores.data_ptr<float>() + scores.numel()};
}

netsuke::Tensor Network::output(const netsuke::Tensor& input) const {
  const at::NoGradGuard no_gradients;
  const Torch& t = *torch_;
  const at::Tensor out = lower(t.graph, t.constants, in_fast_layout(view(input.data, input.shape)),
                               t.graph.outputs[0], {.only_libtorch = true})
                             .contiguous();
  return {out.sizes().vec(), {out.data_ptr<float>(), out.data_ptr<float>() + out.numel()}};
}

Graph Network::graph() const {
  Graph graph = torch_->graph;
  for (const auto* list : {&torch_->learned, &torch_->measured})
    for (const Learned& l : *list) graph.values[l.value].weight = l.weight.weight();
  return graph;
}

}  // namespace netsuke::train
