// What a search asks for next, given what came of its attempts. Knows no networks.
#pragma once

#include <string>

#include "recipe/recipe.h"
#include "recipe/search_state.h"

namespace netsuke::recipe {

/// As the command's flags say it.
std::string text_of(const Budget& budget);

class SearchPlan {
 public:
  /// `settings` outlives this. More than `largest`, the original's bytes as floats, is never asked for.
  SearchPlan(const Search& settings, double largest);

  /// The first attempt, of a network of that error, milliseconds (where the budget has them) and, as the file
  /// may be expected, bytes.
  void begin(double error, double ms, double bytes);

  /// The network that the attempt after this one starts from.
  enum class Front { attempt, same, first };
  /// Takes an attempt's figures and decides on the next one, or that there is none.
  Front next(const Attempt& attempt);

  bool has_best() const { return state.best >= 0; }
  const Attempt& best() const { return state.attempts[static_cast<size_t>(state.best)]; }
  /// Whether an attempt is within the budget.
  bool found() const { return has_best() && keeps_budget(best()); }

  bool by_time() const { return settings_.budget.target_ms.has_value(); }
  /// Of the attempt under way; 0 where they are free.
  double asked_bytes() const;
  /// What became of an attempt, for its row in the report.
  std::string verdict(const Attempt& attempt, bool is_best) const;
  /// "attempt 3 asks for 4711 bytes; 5 min gone, about 20 min left".
  std::string announcement(double seconds_gone) const;
  /// "the closest lost 0.70 points in 4711 bytes".
  std::string closest() const;

  SearchState state;

 private:
  double drop(const Attempt& a) const { return a.error - state.original_error; }
  bool accurate(const Attempt& a) const;
  bool fits(const Attempt& a) const;
  bool keeps_budget(const Attempt& a) const { return accurate(a) && fits(a); }
  /// Which of two is to be kept: one within the budget before one that is not, then the smaller, the more
  /// accurate, or, where none is within it, the nearer one.
  bool better(const Attempt& a, const Attempt& b) const;
  /// Its bytes or milliseconds must come down to a given figure; else they are to be as few as accuracy
  /// allows.
  bool aims_at_fit() const { return settings_.budget.target_size || by_time(); }
  /// What the search makes smaller: milliseconds where the budget has them, else bytes.
  double extent(const Attempt& a) const { return by_time() ? a.ms : static_cast<double>(a.bytes); }
  double next_smaller(double extent) const;
  bool stalled() const;
  void polish();
  Front after_failure();
  double seconds_left(double gone) const;

  const Search& settings_;
  double largest_;
};

}  // namespace netsuke::recipe
