// The smallest file that keeps a promise, or the best one of a size: attempts, each measured on the bytes
// that would be written.
#pragma once

#include "recipe/run.h"

namespace netsuke::recipe {

/// Runs the attempts and gives the best network; what it keeps in the context's work folder lets it go on
/// after any stop. Every attempt is reported, and every new best handed to the context at once. Throws
/// Error(budget) if no attempt kept the promise, Error(interrupted) at Ctrl-C, Error(usage) without data or a
/// budget.
Graph search(const Search& settings, const Graph& graph, const Graph& original, const Recipe& recipe,
             const Context& context);

}  // namespace netsuke::recipe
