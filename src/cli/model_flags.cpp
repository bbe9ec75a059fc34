#include "cli/model_flags.h"

#include <cmath>
#include <filesystem>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "base/file.h"
#include "cli/common.h"
#include "data/labels.h"
#include "graph/preprocess.h"
#include "graph/shapes.h"
#include "model/read.h"
#include "onnx/import.h"
#include "zoo/zoo.h"

namespace netsuke::cli {

void ModelFlags::add_to(Flags& verb) {
  const auto add = [&](const char* name, auto& to, const char* help) {
    return verb.option(name, to, help).under("Model");
  };
  add("--input", input,
      "channels x height x width, as in 3x224x224, instead of the architecture's or the ONNX file's");
  add("--classes", outputs,
      "number of classes to tell apart: an architecture's, or (train) a new last layer's")
      .between(1, 1 << 24);
  add("--set", set, "an option of an architecture, NAME=VALUE (`netsuke zoo NAME` lists them)")
      .one_at_a_time();
  add("--describe", description,
      "a TOML file with any of labels, mean, std, scale, order, resize; default: MODEL's name with .toml "
      "behind it, as in net.onnx.toml");
  add("--labels", labels, "a file with the names of the outputs, one a line");
  add("--mean", mean, "subtracted from (pixel x scale), one number or one a channel: 104,117,123");
  add("--std", std, "what that is then divided by, one number or one a channel");
  add("--scale", scale, "what 8-bit pixels are multiplied by; default 1/255").above_zero();
  add("--order", order, "rgb, bgr or gray");
  add("--resize", resize, "length of a picture's shorter side before its centre is cut out")
      .between(1, kMostResize);
  add("--take", take, "of an ONNX file with several outputs the one that is the answer");
  add("--class-folders", class_folders,
      "a file with the names of the data's class folders in the order of the outputs");
  verb.flag("--keep-batch-norm", keep_batch_norm, "leave the batch norms of an ONNX file as they are")
      .under("Model");
}

namespace {

std::string text_of(const toml::node& node, const std::string& place) {
  if (const auto* array = node.as_array()) {
    std::string list;
    for (const auto& entry : *array) list += cat(list.empty() ? "" : ",", text_of(entry, place));
    return list;
  }
  if (const auto text = node.value<std::string>()) return *text;
  if (const auto number = node.value<double>()) return cat(*number);
  fail(ErrorCode::input, place, ": expected a text, a number or a list of numbers");
}

double scale_of(const std::string& text, const std::string& place) {
  const double scale = parse_number(text, place);
  require(std::isfinite(scale) && scale > 0, place, ": found ", text, ", expected a number above 0");
  return scale;
}

int resize_of(const std::string& text, const std::string& place) {
  const long long side = parse_integer(text, place);
  require(side > 0 && side <= kMostResize, place, ": found ", text, ", expected 1 to ", kMostResize);
  return static_cast<int>(side);
}

/// What a description says; flags given beside it win.
void read_description(const std::string& path, ModelFlags& flags) {
  toml::table table;
  try {
    const Bytes text = read_file(path, 1 << 20);
    table = toml::parse(std::string_view(reinterpret_cast<const char*>(text.data()), text.size()), path);
  } catch (const toml::parse_error& error) {
    fail(ErrorCode::input, path, ", line ", error.source().begin.line, ": ",
         std::string(error.description()));
  }
  for (const auto& [key, node] : table) {
    const std::string name(key.str()), place = cat(path, ", ", name), text = text_of(node, place);
    const auto set = [&](std::string& to, const std::string& value) {
      if (to.empty()) to = value;
    };
    // Files are named from where the description lies.
    if (name == "labels")
      set(flags.labels, (std::filesystem::path(path).parent_path() / text).string());
    else if (name == "mean")
      set(flags.mean, text);
    else if (name == "std")
      set(flags.std, text);
    else if (name == "order")
      set(flags.order, text);
    else if (name == "scale")
      flags.scale = flags.scale > 0 ? flags.scale : scale_of(text, place);
    else if (name == "resize")
      flags.resize = flags.resize > 0 ? flags.resize : resize_of(text, place);
    else
      fail(ErrorCode::input, path, ": unknown key '", name,
           "'; accepted are labels, mean, std, scale, order, resize");
  }
}

zoo::Options zoo_options(const ModelFlags& flags, const std::optional<Shape>& input, uint64_t seed) {
  zoo::Options options{.input = input, .classes = {}, .seed = seed, .flags = {}};
  if (flags.outputs > 0) options.classes = flags.outputs;
  for (const std::string& choice : flags.set) {
    const size_t equals = choice.find('=');
    if (equals == std::string::npos)
      fail(ErrorCode::usage, "--set: found '", choice, "', expected NAME=VALUE");
    options.flags[choice.substr(0, equals)] = choice.substr(equals + 1);
  }
  return options;
}

/// Writes what the flags say into the metadata; preprocess_of checks it.
void describe(Graph& graph, const ModelFlags& flags) {
  const auto set = [&](const char* key, const std::string& value) {
    if (!value.empty()) graph.metadata[key] = value;
  };
  set("input.mean", flags.mean);
  set("input.std", flags.std);
  set("input.order", flags.order);
  if (flags.scale > 0) set("input.scale", cat(static_cast<float>(flags.scale)));
  if (flags.resize > 0) set("input.resize", cat(flags.resize));
  if (!flags.labels.empty())
    set_labels(graph, read_labels(flags.labels, static_cast<size_t>(output_count(graph))));
  preprocess_of(graph);
}

}  // namespace

LoadedModel load_model_argument(const std::string& argument, uint64_t seed, const ModelFlags& given) {
  ModelFlags flags = given;
  LoadedModel model;
  model.name = argument;
  std::error_code ignored;
  if (flags.description.empty() && std::filesystem::exists(argument + ".toml", ignored))
    flags.description = argument + ".toml";
  if (!flags.description.empty()) read_description(flags.description, flags);
  if (!flags.class_folders.empty()) model.classes = read_labels(flags.class_folders);
  const std::optional<Shape> input =
      flags.input.empty() ? std::nullopt : std::optional(parse_shape(flags.input, "--input"));
  const bool is_file = std::filesystem::exists(argument, ignored);
  if (is_file && (flags.outputs > 0 || !flags.set.empty()))
    fail(ErrorCode::usage, "--classes, --set: are for architectures, ", argument, " is a file");
  if (!flags.take.empty() && (!is_file || is_model(file_start(argument, 8))))
    fail(ErrorCode::usage, "--take: is for ONNX files, ", argument, " is none");
  model.is_file = is_file;
  if (!is_file) {
    // A path is a path even where no file is: "lenet.nsk" should not be answered with a list of
    // architectures.
    require(argument.find('/') == std::string::npos && argument.find('.') == std::string::npos, argument,
            ": no such file");
    model.graph = zoo::build(argument, zoo_options(flags, input, seed));
  } else if (is_model(file_start(argument, 8))) {
    if (input) fail(ErrorCode::usage, "--input: a .nsk file has its input's size, ", argument);
    const Bytes bytes = read_file(argument);
    model.graph = read_model(bytes, argument, &model.ledger, flags.only_records);
  } else {
    model.graph = onnx::import_file(argument, {.input = input,
                                               .output = flags.take,
                                               .output_names = &model.output_names,
                                               .fold_batch_norm = !flags.keep_batch_norm});
    model.ledger.file_bytes = static_cast<int64_t>(std::filesystem::file_size(argument));
  }
  describe(model.graph, flags);
  return model;
}

Wanted wanted_by(const LoadedModel& model, const Log& log) {
  Wanted wanted;
  wanted.report_damage = log.line;
  wanted.outputs = static_cast<size_t>(output_count(model.graph));
  wanted.classes = model.classes.empty() ? labels_of(model.graph) : model.classes;
  const Shape image = image_shape(model.graph);
  if (image.empty()) return wanted;
  const int resize = preprocess_of(model.graph).resize;
  wanted.fit = Fit{image, resize > 0 ? resize : default_resize(image[1], image[2])};
  return wanted;
}

}  // namespace netsuke::cli
