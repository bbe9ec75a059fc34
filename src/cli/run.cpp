#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "base/bytes.h"
#include "base/file.h"
#include "cli/common.h"
#include "cli/timings.h"
#include "data/catalog.h"
#include "data/image.h"
#include "graph/preprocess.h"
#include "report/table.h"
#include "runtime/session.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::string model, data;
  std::string input_raw, raw;
  std::vector<std::string> images;
  std::vector<int64_t> indices;
  int top = 5;
};

/// One picture with where it came from.
struct Picture {
  std::string name;
  std::vector<uint8_t> pixels;  ///< CHW
  int label = -1;               ///< known for pictures of a data set
};

std::vector<Picture> pictures(const Options& options, const Wanted& wanted) {
  std::vector<Picture> all;
  for (const std::string& path : options.images)
    all.push_back({path, fitted(decode_image(read_file(path), path), *wanted.fit, path).pixels, -1});
  if (options.indices.empty()) return all;
  if (options.data.empty()) fail(ErrorCode::usage, "--index: needs --data");
  const DatasetPtr data = open_dataset(options.data, Part::test, wanted);
  for (int64_t index : options.indices) {
    if (index < 0 || index >= data->size())
      fail(ErrorCode::usage, "--index: ", index, " is not in 0 to ", data->size() - 1, " of ", data->name());
    Picture picture{cat(data->name(), " #", index),
                    std::vector<uint8_t>(static_cast<size_t>(element_count(wanted.fit->image))),
                    data->label(index)};
    data->pixels(index, picture.pixels);
    all.push_back(std::move(picture));
  }
  return all;
}

/// What the network's scores say as probabilities: many end in logits, softmax being left to whoever reads
/// them.
void to_probabilities(const Graph& graph, std::vector<float>& scores) {
  if (scores_of(graph) == Scores::probabilities) return;
  const float largest = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (float& score : scores) sum += score = std::exp(score - largest);
  for (float& score : scores) score /= sum;
}

std::string class_name(const std::vector<std::string>& labels, size_t index) {
  return index < labels.size() ? labels[index] : std::to_string(index);
}

report::Json answer(const std::vector<float>& scores, const std::vector<std::string>& labels, int top) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  report::Json best = report::Json::array();
  for (size_t i = 0; i < std::min(order.size(), static_cast<size_t>(top)); ++i)
    best.push_back(
        {{"class", order[i]}, {"label", class_name(labels, order[i])}, {"score", scores[order[i]]}});
  return best;
}

void print(const Output& output, const Picture& picture, const report::Json& best,
           const std::vector<std::string>& labels) {
  output.text(
      picture.name +
      (picture.label < 0 ? "" : ", in truth " + class_name(labels, static_cast<size_t>(picture.label))) +
      "\n");
  for (const auto& entry : best) {
    const double score = entry["score"], shown = std::isfinite(score) ? std::clamp(score, 0.0, 1.0) : 0;
    output.text(fmt::format("  {:6.2f} %  {:<20} {}\n", 100 * score, entry["label"].get<std::string>(),
                            std::string(static_cast<size_t>(shown * 30), '#')));
  }
}

/// One input as the network takes it to its output as it is: nothing scaled before, no softmax after, so that
/// another runtime can be compared value by value.
void run_raw(const Options& options) {
  if (options.raw.empty() || options.input_raw.empty() || !options.images.empty() || !options.indices.empty())
    fail(ErrorCode::usage, "run: --input-raw and --raw go together, and without pictures");
  const Output output(options.common);
  check_writable(options.raw, options.common.force);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  runtime::Session session(model.graph, {.threads = options.common.threads}, plan_options());
  const std::vector<float> values = read_floats(options.input_raw, session.input_size());
  std::vector<float> scores(session.output_size());
  session.run(values, 1, scores);
  ByteWriter writer;
  for (float score : scores) writer.f32(score);
  write_file(options.raw, writer.bytes());
  output.text(fmt::format("{}: {} floats\n", options.raw, scores.size()));
  output.finish({{"model", model.name}, {"output", options.raw}, {"values", scores.size()}});
}

void run(const Options& options) {
  if (!options.raw.empty() || !options.input_raw.empty()) return run_raw(options);
  const Output output(options.common);
  if (options.images.empty() && options.indices.empty())
    fail(ErrorCode::usage, "run: needs a picture, or --data and --index");
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  const Wanted wanted = wanted_by(model, {});
  require(wanted.fit.has_value(), options.model, ": takes ",
          to_text(model.graph.values[model.graph.inputs.at(0)].shape), ", not pictures");
  const Shape& image = wanted.fit->image;
  const Preprocess preprocess = preprocess_of(model.graph);
  const std::vector<std::string> labels = labels_of(model.graph);
  runtime::Session session(model.graph, {.threads = options.common.threads}, plan_options());
  std::vector<float> values(session.input_size()), scores(session.output_size());
  report::Json answers = report::Json::array();
  for (const Picture& picture : pictures(options, wanted)) {
    apply(preprocess, picture.pixels.data(), static_cast<int>(image[0]), image[1] * image[2], values.data());
    session.run(values, 1, scores);
    to_probabilities(model.graph, scores);
    const report::Json best = answer(scores, labels, options.top);
    print(output, picture, best, labels);
    answers.push_back({{"image", picture.name}, {"answers", best}});
    if (picture.label >= 0) answers.back()["truth"] = picture.label;
  }
  output.finish({{"model", model.name}, {"images", answers.size()}, {"results", answers}});
}

}  // namespace

void add_run(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("MODEL", options->model, "a .nsk or .onnx file, or the name of an architecture").required();
  verb.option("IMAGE", options->images, "JPEG or PNG pictures of any size");
  verb.option("--data", options->data, "a data set to take pictures from");
  verb.option("--index", options->indices, "pictures of its test split, by number");
  verb.option("--top", options->top, "answers for each picture").show_default().between(1, 1000);
  verb.option("--input-raw", options->input_raw,
              "instead of pictures: one input as the network takes it, float32 little-endian, NCHW");
  verb.option("--raw", options->raw, "with --input-raw: where the output goes, in the same form");
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
