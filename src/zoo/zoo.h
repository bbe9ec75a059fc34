// Architectures by name. Each is built from its paper's table into a Graph with freshly drawn weights.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace netsuke::zoo {

/// What a caller may change about an architecture; everything absent stays as the paper has it.
struct Options {
  std::optional<Shape> input;  ///< {channels, height, width} of one image
  std::optional<int> classes;
  std::optional<uint64_t> seed = 1;          ///< draws the weights; none leaves them blank, for counting
  std::map<std::string, std::string> flags;  ///< by name, see Architecture::flags
};

/// A choice that only some architectures offer, as in `dropout=0.5`.
struct Flag {
  std::string_view name;
  std::string_view fallback;
  std::string_view meaning;
};

struct Architecture {
  std::string_view name;
  std::string_view summary;
  Shape input;  ///< {channels, height, width}
  int classes;
  std::span<const Flag> flags;
  /// Called by build() with every option set, so that a builder states no default of its own.
  Graph (*build)(const Options&);
};

/// All rows, in the order of the papers.
std::span<const Architecture> architectures();
/// The one of this name; "lenet-5" is "lenet_5" too. Throws Error(usage) with the nearest match.
const Architecture& find_architecture(std::string_view name);

/// The named architecture. Throws Error(usage) for a name, flag or value that does not exist, listing those
/// that do, and Error(input) when the input is too small for the layers.
Graph build(std::string_view name, const Options& options = {});

}  // namespace netsuke::zoo
