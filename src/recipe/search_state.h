// Where a search stands: all that its next step depends on, besides graphs.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace netsuke::recipe {

struct Attempt {
  double asked = 0;  ///< see SearchState
  int64_t bytes = 0;
  double density = 1, error = 0, ms = -1, seconds = 0;
};

struct SearchState {
  double original_error = -1;
  double first_ms = 0;  ///< of the network that the search was given, where the budget has milliseconds
  std::vector<Attempt> attempts;
  int best = -1;  ///< index of an attempt
  double step = 0;
  double asked = 0;     ///< bytes of the attempt under way, or milliseconds where the budget has them
  double slope = 0;     ///< of its allocation
  double front_ms = 0;  ///< of the network that attempts start from, where the budget has milliseconds
  int effort = 1;
  int polishes = 0;
  bool again = false;    ///< the attempt under way goes on from the one that failed
  bool trained = false;  ///< of the attempt under way only sharing is left
  bool finished = false;
  double seconds = 0;

  nlohmann::ordered_json json() const;
  /// The inverse; throws what nlohmann::json throws for anything else.
  static SearchState of(const nlohmann::ordered_json& json);
};

}  // namespace netsuke::recipe
