#include "compress/targets.h"

#include <algorithm>

#include "base/error.h"

namespace netsuke::compress {
namespace {

// Places of weights narrow their kinds down.
constexpr std::string_view kFirstConv = "first_conv", kLastLinear = "last_linear", kDepthwise = "depthwise";
constexpr std::string_view kKinds[] = {"conv", "linear", "bias", "norm", kFirstConv, kLastLinear, kDepthwise};

std::string_view kind_of(const Op& op, std::string_view role) {
  if (std::holds_alternative<BatchNorm>(op) || std::holds_alternative<LayerNorm>(op) ||
      std::holds_alternative<GroupNorm>(op))
    return "norm";
  const bool conv = std::holds_alternative<Conv2d>(op) || std::holds_alternative<ConvTranspose2d>(op);
  if (!conv && !std::holds_alternative<Linear>(op)) return "";
  if (role == "bias") return "bias";
  return role != "weight" ? "" : conv ? "conv" : "linear";
}

int groups_of(const Op& op) {
  if (const auto* conv = std::get_if<Conv2d>(&op)) return conv->groups;
  const auto* transposed = std::get_if<ConvTranspose2d>(&op);
  return transposed ? transposed->groups : 1;
}

std::vector<Target> targets_of_kinds(const Graph& graph, std::string_view one, std::string_view other) {
  std::vector<Target> found;
  for (const Parameter& parameter : parameters(graph)) {
    const Node& node = graph.nodes[parameter.node];
    const std::string_view kind = kind_of(node.op, parameter.role);
    if (kind.empty() || (kind != one && kind != other)) continue;
    const bool weight = kind == "conv" || kind == "linear";
    if (weight && std::holds_alternative<Signs>(graph.values[parameter.value].weight->encoding)) continue;
    const std::string& name = node_name(graph, node);
    found.push_back({weight ? name : cat(name, ".", parameter.role), kind, parameter.value});
    if (weight && groups_of(node.op) > 1 && graph.values[parameter.value].weight->shape[1] == 1)
      found.back().place = kDepthwise;
  }
  return found;
}

/// The layer that sees the image has few weights that matter much, and so has the one that tells the classes.
void mark_ends(std::vector<Target>& weights) {
  if (weights.size() < 2) return;
  Target &first = weights.front(), &last = weights.back();
  if (first.kind == "conv" && first.place.empty()) first.place = kFirstConv;
  if (last.kind == "linear") last.place = kLastLinear;
}

bool is_kind(std::string_view key) {
  return std::find(std::begin(kKinds), std::end(kKinds), key) != std::end(kKinds);
}

/// Larger is more exact: 0 does not apply, 1 the kind, 2 the place, then patterns by length, above all the
/// name itself.
size_t exactness(const std::string& key, const Target& target) {
  if (key == target.name) return SIZE_MAX;
  if (matches(key, target.name)) return 2 + key.size();
  return key == target.place ? 2 : key == target.kind ? 1 : 0;
}

}  // namespace

std::vector<Target> weight_targets(const Graph& graph) {
  std::vector<Target> weights = targets_of_kinds(graph, "conv", "linear");
  mark_ends(weights);
  return weights;
}

std::vector<Target> vector_targets(const Graph& graph) { return targets_of_kinds(graph, "bias", "norm"); }

double density(const Graph& graph) {
  int64_t kept = 0, all = 0;
  for (const Target& target : weight_targets(graph)) {
    kept += kept_count(*graph.values[target.value].weight);
    all += weight_count(*graph.values[target.value].weight);
  }
  return all > 0 ? static_cast<double>(kept) / static_cast<double>(all) : 1;
}

const std::string* deciding_key(std::span<const std::string> keys, const Target& target) {
  const std::string* best = nullptr;
  size_t best_exactness = 0;
  for (const std::string& key : keys) {
    const size_t found = exactness(key, target);
    if (found > best_exactness) best = &key, best_exactness = found;
  }
  return best;
}

void require_known(std::span<const std::string> keys, std::span<const Target> targets,
                   std::string_view setting) {
  std::vector<std::string> names;
  for (const Target& target : targets) names.push_back(target.name);
  for (const std::string& key : keys) {
    const auto applies = [&](const Target& target) { return exactness(key, target) > 0; };
    if (is_kind(key) || std::any_of(targets.begin(), targets.end(), applies)) continue;
    const std::string near = closest(key, names);
    fail(ErrorCode::usage, setting, ": '", key, "' matches no layer",
         near.empty() ? "" : cat(" (did you mean '", near, "'?)"), "; there are: ", join(names));
  }
}

}  // namespace netsuke::compress
