#include "recipe/search_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/rounded.h"
#include "base/text.h"

namespace netsuke::recipe {
namespace {

constexpr double kLittle = 0.4;     ///< of the points that may be lost: so much is next to nothing
constexpr double kUsualDrop = 0.5;  ///< points, where no budget says how many may be lost
constexpr int kMostEffort = 8;      ///< times the epochs asked for
constexpr int kPolishes = 2;        ///< attempts at a size that was met, each twice as long as the one before
/// What is asked for lies this share below the size or the time that must be met. Times are measured, so they
/// vary.
constexpr double kSizeMargin = 0.01, kTimeMargin = 0.04;
/// What an attempt must take off its network at least, as a share of it, or there is no more to take off.
constexpr double kLeastProgress = 0.02;

std::string milliseconds_text(double ms) { return rounded(ms, 3) + " ms"; }
std::string minutes_text(double seconds) { return cat(std::ceil(seconds / 60), " min"); }

}  // namespace

std::string text_of(const Budget& budget) {
  std::vector<std::string> parts;
  if (budget.max_drop) parts.push_back(cat("--max-drop ", *budget.max_drop));
  if (budget.target_size) parts.push_back(cat("--target-size ", *budget.target_size));
  if (budget.target_ms) parts.push_back(cat("--target-ms ", *budget.target_ms));
  return join(parts, " ");
}

SearchPlan::SearchPlan(const Search& settings, double largest) : settings_(settings), largest_(largest) {}

void SearchPlan::begin(double error, double ms, double bytes) {
  state.original_error = error;
  state.front_ms = state.first_ms = ms;
  state.step = settings_.first_step;
  state.asked = next_smaller(by_time() ? ms : bytes);
}

bool SearchPlan::accurate(const Attempt& a) const {
  return !settings_.budget.max_drop || drop(a) <= *settings_.budget.max_drop + 1e-9;
}

bool SearchPlan::fits(const Attempt& a) const {
  const Budget& budget = settings_.budget;
  return (!budget.target_size || a.bytes <= *budget.target_size) &&
         (!budget.target_ms || a.ms <= *budget.target_ms);
}

bool SearchPlan::better(const Attempt& a, const Attempt& b) const {
  if (keeps_budget(a) != keeps_budget(b)) return keeps_budget(a);
  if (!keeps_budget(a)) {
    if (accurate(a) != accurate(b)) return accurate(a);
    return accurate(a) ? extent(a) < extent(b) : a.error < b.error;
  }
  if (settings_.budget.max_drop && !aims_at_fit()) return a.bytes < b.bytes;
  return std::pair(a.error, a.bytes) < std::pair(b.error, b.bytes);
}

double SearchPlan::asked_bytes() const {
  if (!by_time()) return state.asked;
  const auto& size = settings_.budget.target_size;
  return size ? static_cast<double>(*size) * (1 - kSizeMargin) : 0;
}

/// What to ask for after a network of this extent.
double SearchPlan::next_smaller(double extent) const {
  const Budget& budget = settings_.budget;
  const double next = extent * state.step;
  if (by_time()) return std::max(next, *budget.target_ms * (1 - kTimeMargin));
  if (budget.target_size) return std::max(next, static_cast<double>(*budget.target_size) * (1 - kSizeMargin));
  return next;
}

SearchPlan::Front SearchPlan::next(const Attempt& attempt) {
  state.attempts.push_back(attempt);
  if (!has_best() || better(attempt, best())) state.best = static_cast<int>(state.attempts.size()) - 1;
  if (!accurate(attempt)) return after_failure();
  if (by_time()) state.front_ms = attempt.ms;
  state.again = false;
  if (aims_at_fit() && fits(attempt)) {
    polish();
    return Front::attempt;
  }
  if (drop(attempt) > kLittle * settings_.budget.max_drop.value_or(kUsualDrop))
    state.step = std::max(state.step, settings_.step);
  if (aims_at_fit() && stalled())
    state.finished = true;
  else  // where it came out larger than asked, more has to be asked
    state.asked = std::min(next_smaller(extent(attempt)), state.asked * (1 - kLeastProgress));
  return Front::attempt;
}

/// Twice in a row an attempt was no smaller or faster than what was there before (once may be the clock's
/// noise).
bool SearchPlan::stalled() const {
  std::vector<double> extents;  // of those that may be kept: others went further, and are not gone on from
  for (const Attempt& a : state.attempts)
    if (accurate(a)) extents.push_back(extent(a));
  if (extents.size() < 2) return false;
  const double now = std::min(extents.back(), extents[extents.size() - 2]);
  double before = by_time() ? state.first_ms : HUGE_VAL;
  for (size_t i = 0; i + 2 < extents.size(); ++i) before = std::min(before, extents[i]);
  return now > (1 - kLeastProgress) * before;
}

/// Within the budget: the same network for longer, where accuracy is what is left to gain.
void SearchPlan::polish() {
  if (settings_.budget.max_drop || state.polishes == kPolishes) {
    state.finished = true;
    return;
  }
  ++state.polishes;
  state.effort = std::min(kMostEffort, 2 * state.effort);
  state.again = true;
}

SearchPlan::Front SearchPlan::after_failure() {
  if (!state.again) {  // the same network once more, for longer
    state.again = true;
    state.effort = std::min(kMostEffort, 2 * state.effort);
    return Front::same;
  }
  state.again = false;
  if (!has_best() || !accurate(best())) {
    state.asked *= 2;
    state.front_ms = state.first_ms;
    state.finished = state.asked > (by_time() ? state.first_ms : largest_);
    return Front::first;
  }
  state.step = std::sqrt(std::max(state.step, settings_.step));
  // A step to less than what must be met would ask for more than what has just failed.
  const double least = aims_at_fit() ? next_smaller(0) : 0;
  while (extent(best()) * state.step < least && 1 - state.step >= settings_.least_step)
    state.step = std::sqrt(state.step);
  state.asked = extent(best()) * state.step;
  state.finished = 1 - state.step < settings_.least_step;
  return Front::same;
}

/// By the shortest attempt so far: those at a size to get there and to polish, else those that find how
/// small is too small, each of which may be made twice.
double SearchPlan::seconds_left(double gone) const {
  double each = HUGE_VAL;
  for (const Attempt& a : state.attempts) each = std::min(each, a.seconds);
  const Budget& budget = settings_.budget;
  double attempts = 0;
  if (aims_at_fit()) {
    const double target = by_time() ? *budget.target_ms : static_cast<double>(*budget.target_size);
    attempts += std::ceil(std::max(0.0, std::log(target / extent(best())) / std::log(state.step)));
    if (!budget.max_drop)
      for (int i = state.polishes, effort = state.effort; i < kPolishes; ++i) attempts += effort *= 2;
  } else {
    for (double step = state.step; 1 - step >= settings_.least_step; step = std::sqrt(step)) attempts += 3;
  }
  const double left = each * std::max(1.0, attempts);
  return settings_.minutes > 0 ? std::clamp(60 * settings_.minutes - gone, 0.0, left) : left;
}

std::string SearchPlan::verdict(const Attempt& attempt, bool is_best) const {
  if (!accurate(attempt)) return "loses too much";
  if (!fits(attempt)) return by_time() ? "too slow or too large yet" : "too large yet";
  return is_best ? "best so far" : "kept";
}

std::string SearchPlan::announcement(double seconds_gone) const {
  std::string text =
      cat("attempt ", state.attempts.size() + 1, " asks for ",
          by_time() ? milliseconds_text(state.asked) : cat(std::llround(state.asked), " bytes"));
  if (!state.attempts.empty())
    text += cat("; ", minutes_text(seconds_gone), " gone, about ", minutes_text(seconds_left(seconds_gone)),
                " left");
  return text;
}

std::string SearchPlan::closest() const {
  if (!has_best()) return "none was finished";
  const std::string text =
      cat("the closest lost ", rounded(drop(best()), 2), " points in ", best().bytes, " bytes");
  return by_time() ? cat(text, " and ", milliseconds_text(best().ms)) : text;
}

}  // namespace netsuke::recipe
