#include "graph/preprocess.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace netsuke {
namespace {

float finite(float value, std::string_view key) {
  require(std::isfinite(value), key, ": a number is not finite");
  return value;
}

std::vector<float> parse_list(const std::string& text, std::string_view key) {
  std::vector<float> values;
  if (text.empty()) return values;
  for (const std::string& piece : split(text, ','))
    values.push_back(finite(static_cast<float>(parse_number(piece, key)), key));
  return values;
}

void set_list(Graph& graph, const std::string& key, const std::vector<float>& values) {
  graph.metadata.erase(key);
  if (values.empty()) return;
  std::string text;
  for (float value : values) text += cat(text.empty() ? "" : ",", value);
  graph.metadata[key] = text;
}

// The entry for channel c of a list that has one for each, one for all, or none.
float of_channel(const std::vector<float>& list, int c, float otherwise) {
  if (list.empty()) return otherwise;
  return list[list.size() == 1 ? 0 : static_cast<size_t>(c)];
}

const std::string& meta(const Graph& graph, const std::string& key) {
  static const std::string none;
  const auto found = graph.metadata.find(key);
  return found == graph.metadata.end() ? none : found->second;
}

}  // namespace

int default_resize(int64_t height, int64_t width) {
  constexpr int64_t kPhotograph = 96;
  const int64_t side = std::max(height, width);
  return static_cast<int>(side < kPhotograph ? side : (side * 8 + 3) / 7);
}

Preprocess preprocess_of(const Graph& graph) {
  Preprocess p;
  if (const std::string& scale = meta(graph, "input.scale"); !scale.empty())
    p.scale = finite(static_cast<float>(parse_number(scale, "metadata input.scale")), "metadata input.scale");
  p.mean = parse_list(meta(graph, "input.mean"), "metadata input.mean");
  p.std = parse_list(meta(graph, "input.std"), "metadata input.std");
  if (const std::string& order = meta(graph, "input.order"); !order.empty()) p.order = order;
  if (const std::string& resize = meta(graph, "input.resize"); !resize.empty()) {
    const long long side = parse_integer(resize, "metadata input.resize");
    require(side > 0 && side <= kMostResize, "metadata input.resize: found ", side, ", expected 1 to ",
            kMostResize);
    p.resize = static_cast<int>(side);
  }
  require(p.scale != 0, "metadata input.scale: is zero as a float");
  require(p.order == "rgb" || p.order == "bgr" || p.order == "gray", "metadata input.order: found '", p.order,
          "', expected rgb, bgr or gray");
  for (float deviation : p.std) require(deviation != 0, "metadata input.std: a standard deviation is zero");
  return p;
}

void set_preprocess(Graph& graph, const Preprocess& p) {
  const Preprocess defaults;
  graph.metadata.erase("input.scale");
  graph.metadata.erase("input.order");
  graph.metadata.erase("input.resize");
  if (p.scale != defaults.scale) graph.metadata["input.scale"] = cat(p.scale);
  if (p.order != defaults.order) graph.metadata["input.order"] = p.order;
  if (p.resize != defaults.resize) graph.metadata["input.resize"] = cat(p.resize);
  set_list(graph, "input.mean", p.mean);
  set_list(graph, "input.std", p.std);
}

std::vector<std::string> labels_of(const Graph& graph) {
  const std::string& text = meta(graph, "labels");
  return text.empty() ? std::vector<std::string>{} : split(text, '\n');
}

void set_labels(Graph& graph, const std::vector<std::string>& labels) {
  graph.metadata.erase("labels");
  if (!labels.empty()) graph.metadata["labels"] = join(labels, "\n");
}

void apply(const Preprocess& p, const uint8_t* pixels, int channels, int64_t plane, float* out) {
  for (const auto* list : {&p.mean, &p.std})
    require(list->size() <= 1 || std::cmp_equal(list->size(), channels),
            "metadata input.mean or input.std: has ", list->size(), " entries for ", channels, " channels");
  for (int c = 0; c < channels; ++c) {
    const int source = channels == 3 && p.order == "bgr" ? 2 - c : c;
    const float mean = of_channel(p.mean, c, 0), deviation = of_channel(p.std, c, 1);
    for (int64_t i = 0; i < plane; ++i)
      out[c * plane + i] = (static_cast<float>(pixels[source * plane + i]) * p.scale - mean) / deviation;
  }
}

}  // namespace netsuke
