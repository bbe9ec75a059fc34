// Class names.
#pragma once

#include <string>
#include <vector>

namespace netsuke {

/// "0", "1", ...: for classes without names.
std::vector<std::string> number_names(int count);

/// One name a line; empty lines are skipped. Throws Error(input) naming the file if there are none, or not
/// `count` where that is not 0.
std::vector<std::string> read_labels(const std::string& path, size_t count = 0);

/// What to say of a network that gets `top1` per cent of labelled images right where that is no better than
/// guessing among `classes`: at most 3 times the share that chance gives, and at most 5 points above it.
/// Empty where it is better.
std::string doubt(double top1, size_t classes);

}  // namespace netsuke
