#include "train/check.h"

#include <cmath>

#include "base/catalog.h"
#include "graph/shapes.h"
#include "train/binary_gradient.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace netsuke::train {
namespace {

void below_one(double value, std::string_view option) {
  if (!(value >= 0 && value < 1)) fail(ErrorCode::usage, option, " is ", value, ", accepted is 0 to below 1");
}

void in_range(double value, double least, double most, std::string_view option) {
  if (!(value >= least && value <= most))
    fail(ErrorCode::usage, option, " is ", value, ", accepted is ", least, " to ", most);
}

}  // namespace

void check_options(const Options& o) {
  in_range(o.epochs, 1, 100'000, "epochs");
  in_range(o.batch, 1, 1 << 20, "batch");
  in_range(o.learning_rate, 0, 1e6, "learning rate");
  below_one(o.momentum, "momentum");
  below_one(o.beta2, "beta2");
  in_range(o.epsilon, 1e-30, 1, "epsilon");
  in_range(o.clip_norm, 0, 1e9, "clipping norm");
  in_range(o.average, 0, 1, "average");
  in_range(o.power, 0, 100, "power of the schedule");
  in_range(o.weight_decay, 0, 1, "weight decay");
  in_range(o.warmup_epochs, 0, o.epochs, "warm-up epochs");
  in_range(o.label_smoothing, 0, 1, "label smoothing");
  in_range(o.shift, 0, 1024, "shift");
  in_range(o.rotate, 0, 180, "rotate");
  in_range(o.zoom, 0, 0.9, "zoom");
  in_range(o.crop, 0, 1, "crop");
  in_range(o.jitter, 0, 1, "jitter");
  in_range(o.cutout, 0, 1024, "cutout");
  in_range(o.versions, 0, 10'000, "versions");
  in_range(o.mixup, 0, 1, "mixup");
  in_range(o.checkpoint_minutes, 0, 1e6, "minutes between checkpoints");
  in_range(o.minutes, 0, 1e6, "minutes of training");
  in_range(o.threads, 0, 4096, "threads");
  in_range(o.distill_alpha, 0, 1, "distillation alpha");
  in_range(o.distill_temperature, 1e-3, 1e3, "distillation temperature");
  find_row(schedules(), o.schedule, "schedule");
  find_row(optimizers(), o.optimizer, "optimizer");
  find_row(binary_gradients(), o.binary_gradient, "binary gradient");
  if (o.sign_gradient != "clipped" && o.sign_gradient != "smooth")
    fail(ErrorCode::usage, "sign gradient is '", o.sign_gradient, "', accepted are clipped and smooth");
  if (o.precision != "fp32" && o.precision != "bf16")
    fail(ErrorCode::usage, "precision is '", o.precision, "', accepted are fp32 and bf16");
}

void check_graph(const Graph& graph) {
  verify(graph);
  require(graph.inputs.size() == 1 && graph.outputs.size() == 1, "graph ", graph.name, ": has ",
          graph.inputs.size(), " inputs and ", graph.outputs.size(), " outputs, training takes one of each");
  bool computed = false;
  for (const Node& node : graph.nodes) computed |= node.output == graph.outputs[0];
  require(computed, "graph ", graph.name, ": its output is not computed by any node");
}

void check_data(const Graph& graph, const Dataset& data, bool may_be_unlabelled) {
  const Shape& input = graph.values[graph.inputs[0]].shape;
  const Shape image(input.begin() + (input.empty() ? 0 : 1), input.end());
  require(data.size() > 0, data.name(), ": has no images");
  require(image == data.image_shape(), data.name(), ": images are ", to_text(data.image_shape()), ", graph ",
          graph.name, " takes ", to_text(image));
  const int64_t classes = output_count(graph);
  for (int64_t i = 0; i < data.size(); ++i) {
    const int label = data.label(i);
    require(
        label >= 0 || may_be_unlabelled, data.name(), ": image ", i,
        " has no label; of such images a network learns from a teacher alone (distill, with an alpha above "
        "0), and none is held out (--validation 0)");
    require(label >= (may_be_unlabelled ? -1 : 0) && label < classes, data.name(), ": image ", i,
            " has label ", label, ", graph ", graph.name, " has ", classes, " outputs");
  }
}

void check_same_scores(const Graph& student, const Graph& teacher) {
  require(output_count(student) == output_count(teacher), "teacher ", teacher.name, ": has ",
          output_count(teacher), " outputs, its student ", student.name, " has ", output_count(student));
}

void check_input(const Graph& graph, const Tensor& input) {
  Shape expected = graph.values[graph.inputs[0]].shape;
  if (!expected.empty() && !input.shape.empty()) expected[0] = input.shape[0];
  require(input.shape == expected, "graph ", graph.name, ": input is ", to_text(input.shape), ", expected ",
          to_text(expected));
  infer_shapes(graph, expected.empty() ? 1 : expected[0]);
}

}  // namespace netsuke::train
