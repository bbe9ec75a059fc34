#include <netsuke/netsuke.h>

#include "base/file.h"
#include "graph/cost.h"
#include "graph/preprocess.h"
#include "model/read.h"
#include "runtime/session.h"

namespace netsuke {

std::string_view version() { return NETSUKE_VERSION; }

namespace {

std::vector<LayerInfo> layers_of(const Graph& graph) {
  const std::vector<NodeCost> costs = cost(graph);
  std::vector<LayerInfo> layers;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    layers.push_back({node_name(graph, node), std::string(op_name(node.op)), costs[i].output,
                      costs[i].parameters, costs[i].macs, 1, 0});
  }
  for (const Parameter& parameter : parameters(graph)) {
    if (parameter.role != "weight") continue;
    const Weight& weight = *graph.values[parameter.value].weight;
    layers[parameter.node].density = density(weight);
    layers[parameter.node].bits = value_bits(weight);
  }
  return layers;
}

runtime::PlanOptions plan_options(const LoadOptions& options) {
  if (options.timings.empty()) return {options.residency, nullptr};
  const Bytes bytes = read_file(options.timings);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return {options.residency,
          std::make_shared<const runtime::Timings>(runtime::Timings::parse(text, options.timings))};
}

bool only_records(const LoadOptions& options) { return options.residency == Residency::coded; }

}  // namespace

struct Model::Data {
  // The plan has the weights in a form of its own: the graph's are let go.
  Data(Graph g, const LoadOptions& options)
      : graph(std::move(g)),
        layers(layers_of(graph)),
        plan(runtime::make_plan(graph, plan_options(options))) {
    for (Value& value : graph.values) value.weight.reset();
  }

  Graph graph;
  std::vector<LayerInfo> layers;
  std::shared_ptr<const runtime::Plan> plan;
};

Model::Model(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

Model Model::load(const std::string& path, const LoadOptions& options) {
  return Model(std::make_shared<Data>(load_model(path, only_records(options)), options));
}

Model Model::from_memory(std::span<const uint8_t> bytes, std::string_view name, const LoadOptions& options) {
  return Model(std::make_shared<Data>(read_model(bytes, name, nullptr, only_records(options)), options));
}

const std::string& Model::name() const { return data_->graph.name; }
std::vector<int64_t> Model::input_shape() const { return data_->plan->input_shape; }
std::vector<int64_t> Model::output_shape() const { return data_->plan->output_shape; }
size_t Model::input_size() const { return static_cast<size_t>(element_count(data_->plan->input_shape)); }
size_t Model::output_size() const { return data_->plan->output.size(); }
std::vector<std::string> Model::labels() const { return labels_of(data_->graph); }

std::string Model::metadata(const std::string& key) const {
  const auto found = data_->graph.metadata.find(key);
  return found == data_->graph.metadata.end() ? "" : found->second;
}

std::vector<LayerInfo> Model::layers() const { return data_->layers; }
size_t Model::weight_bytes() const { return data_->plan->weight_bytes; }

struct Session::State {
  State(const Model& m, SessionOptions options)
      : model(m), session(m.data().plan, {options.threads, options.max_batch, options.timed}) {}

  Model model;
  runtime::Session session;
};

Session::Session(const Model& model, SessionOptions options)
    : state_(std::make_unique<State>(model, options)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::run(std::span<const float> input, int64_t batch, std::span<float> output) {
  state_->session.run(input, batch, output);
}

std::vector<float> Session::run(std::span<const float> input, int64_t batch) {
  // The output's size is worked out only once the batch is known to be as large as the input says.
  const size_t images = input.size() / state_->session.input_size();
  std::vector<float> output(images * state_->session.output_size());
  run(input, batch, output);
  return output;
}

std::vector<float> Session::run_pixels(std::span<const uint8_t> pixels, int height, int width) {
  const Shape& shape = state_->session.plan().input_shape;
  const std::string& name = state_->model.name();
  if (shape.size() != 4 || shape[2] != height || shape[3] != width)
    fail(ErrorCode::usage, "model ", name, ": the image is ", height, " x ", width, ", the input ",
         to_text(shape));
  const size_t channels = static_cast<size_t>(shape[1]), plane = pixels.size() / channels;
  if (pixels.size() != state_->session.input_size())
    fail(ErrorCode::usage, "model ", name, ": the image has ", pixels.size(), " bytes, expected ",
         state_->session.input_size());
  std::vector<uint8_t> planes(pixels.size());
  for (size_t i = 0; i < pixels.size(); ++i) planes[i % channels * plane + i / channels] = pixels[i];
  std::vector<float> input(pixels.size());
  apply(preprocess_of(state_->model.data().graph), planes.data(), static_cast<int>(channels),
        static_cast<int64_t>(plane), input.data());
  return run(input, 1);
}

std::vector<StepInfo> Session::steps() const {
  std::vector<StepInfo> steps;
  for (const runtime::StepReport& report : state_->session.explain())
    steps.push_back({report.name, std::string(report.op), std::string(report.kernel), report.activation,
                     report.macs, report.ms});
  return steps;
}

}  // namespace netsuke
