// Which parameters a method changes, and settings that differ from layer to layer.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace netsuke::compress {

/// A constant that a method may change. Weights of Conv2d and ConvTranspose2d nodes are of the kind "conv",
/// those of Linear nodes "linear"; both are called by their node: "ip1". Biases of either are of the kind
/// "bias", the four constants of a BatchNorm, LayerNorm or GroupNorm "norm"; they are called by node and
/// role: "conv1.bias", "bn1.scale". A weight may have a place besides: "first_conv" where the network's first
/// is a convolution's, "last_linear" where its last is a linear layer's, "depthwise".
struct Target {
  std::string name;
  std::string_view kind;
  ValueId value = 0;
  std::string_view place = {};
};

/// Weights of convolutions and linear layers, in node order: what prune and share work on. Binary ones, which
/// have nothing left to prune or share, are not among them.
std::vector<Target> weight_targets(const Graph& graph);

/// The share of these weights that is kept; 1 if there are none.
double density(const Graph& graph);

/// Biases and batch norms, in node order: what round works on.
std::vector<Target> vector_targets(const Graph& graph);

/// A setting for many layers. The most exact key wins: the target's name, then the longest pattern that
/// matches it (`*` stands for any characters), then its place, its kind, and `all`. A target without any of
/// them is left alone.
template <class T>
struct PerLayer {
  std::optional<T> all;
  std::map<std::string, T> by_key;  ///< a name, a pattern, a place or a kind
};

/// The key of `keys` that decides about `target`, or null. Kinds and places are keys like others.
const std::string* deciding_key(std::span<const std::string> keys, const Target& target);

/// Throws Error(usage) for a key that is neither a kind nor a place nor matches any target, listing the names
/// there are; `setting` names the setting in the sentence ("bits").
void require_known(std::span<const std::string> keys, std::span<const Target> targets,
                   std::string_view setting);

/// One value, or none, for each target.
template <class T>
std::vector<std::optional<T>> resolve(const PerLayer<T>& setting, std::span<const Target> targets,
                                      std::string_view name) {
  std::vector<std::string> keys;
  for (const auto& entry : setting.by_key) keys.push_back(entry.first);
  require_known(keys, targets, name);
  std::vector<std::optional<T>> values;
  for (const Target& target : targets) {
    const std::string* key = deciding_key(keys, target);
    values.push_back(key ? std::optional<T>(setting.by_key.at(*key)) : setting.all);
  }
  return values;
}

}  // namespace netsuke::compress
