// Where the right answer stands among the scores.
#pragma once

#include <cstdint>
#include <span>

namespace netsuke::report {

/// How many classes score higher than the right one: 0 is top-1. A tie counts against the network, and so
/// does a score that is not a number.
inline int64_t rank_of(std::span<const float> scores, size_t label) {
  int64_t rank = 0;
  for (size_t c = 0; c < scores.size(); ++c) rank += c != label && !(scores[c] < scores[label]);
  return rank;
}

}  // namespace netsuke::report
