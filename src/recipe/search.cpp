#include "recipe/search.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "compress/allocate.h"
#include "compress/dead.h"
#include "compress/dropout.h"
#include "compress/mask.h"
#include "compress/quantize.h"
#include "compress/share.h"
#include "data/labels.h"
#include "graph/shapes.h"
#include "model/read.h"
#include "recipe/reconstruct.h"
#include "recipe/retrain.h"
#include "recipe/search_state.h"

namespace netsuke::recipe {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFirstBytes = 0.5;  ///< a kept weight of a network that nobody has made small yet
constexpr double kLittle = 0.4;      ///< of the points that may be lost: so much is next to nothing
constexpr double kUsualDrop = 0.5;   ///< points, where no budget says how many may be lost
/// Fewer images of a class, and retraining learns them by heart: what pruning broke is better made up for
/// layer by layer.
constexpr int64_t kFewOfAClass = 20;
constexpr int kMostEffort = 8;      ///< times the epochs asked for
constexpr int kMostClusters = 256;  ///< of a layer, where a size leaves room for them or bits are free
constexpr double kWellUsed = 0.9;   ///< of a size: so much of it is no room left
constexpr int kPolishes = 2;        ///< attempts at a size that was met, each twice as long as the one before
constexpr int kSlopeHalvings = 7;
constexpr double kSlopeRange = 4;  ///< doublings: so far from the allocation's slope may that of sharing be
/// What is asked for lies this share below the size or the time that must be met. Times are measured, so they
/// vary.
constexpr double kSizeMargin = 0.01, kTimeMargin = 0.04;
/// What an attempt must take off its network at least, as a share of it, or there is no more to take off.
constexpr double kLeastProgress = 0.02;
/// Of a layer's weights so many stay at least in one attempt at a time: more than in one at bytes may have to
/// go before the kernel that skips zeros is the faster one.
constexpr double kLeastKeptForTime = 0.1;

std::string milliseconds_text(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ms", ms);
  return text;
}

/// As the command's flags say it.
std::string text_of(const Budget& budget) {
  std::vector<std::string> parts;
  if (budget.max_drop) parts.push_back(cat("--max-drop ", *budget.max_drop));
  if (budget.target_size) parts.push_back(cat("--target-size ", *budget.target_size));
  if (budget.target_ms) parts.push_back(cat("--target-ms ", *budget.target_ms));
  return join(parts, " ");
}

/// Every weight by itself again, so that training may move it.
Graph unshared(Graph graph) {
  for (const compress::Target& target : compress::weight_targets(graph)) {
    WeightPtr& weight = graph.values[target.value].weight;
    weight = compress::without_codebook(*weight);
  }
  return graph;
}

class Searcher {
 public:
  Searcher(const Search& settings, const Graph& graph, const Graph& original, const Recipe& recipe,
           const Context& context)
      : settings_(settings),
        original_(original),
        recipe_(recipe),
        context_(context),
        first_(unshared(graph)),
        front_(first_) {
    if (!settings.budget.any())
      fail(ErrorCode::usage, "search: has no budget; give --max-drop, --target-size or --target-ms");
    if (!context.validation_error)
      fail(ErrorCode::usage, "search: measures its attempts on held-out images; give --validation 1 or more");
    if (by_time() && !(context.milliseconds && context.layer_times))
      fail(ErrorCode::usage, "search: has a budget of milliseconds, but nothing to measure them with");
    if (!context.work_folder.empty()) folder_ = context.work_folder + "/search";
  }

  Graph run() {
    restore();
    started_ = Clock::now();
    if (state_.original_error < 0) start();
    while (!state_.finished && !out_of_time()) {
      stop_if_asked();
      if (!state_.trained) make_candidate();
      stop_if_asked();
      judge_candidate();
    }
    if (state_.best < 0 || !keeps(best()))
      fail(ErrorCode::budget, "search: no attempt kept ", text_of(settings_.budget), "; ", closest(),
           state_.finished ? ""
                           : cat("; --minutes ", settings_.minutes, " are over, --resume with more goes on"));
    return best_graph_;
  }

 private:
  void start() {
    refuse_impossible_size();
    state_.original_error = context_.validation_error(original_);
    if (const std::string why = doubt(100 - state_.original_error, size(output_count(original_)));
        !why.empty())
      fail(ErrorCode::input, "search: the network it starts from ", why);
    state_.step = settings_.first_step;
    if (by_time()) state_.front_ms = state_.first_ms = context_.milliseconds(first_);
    state_.asked = next_smaller(by_time() ? state_.front_ms : first_bytes());
    save();
  }
  /// What is no weight has to be in the file, however many go.
  void refuse_impossible_size() const {
    const auto& size = settings_.budget.target_size;
    if (!size) return;
    const Ledger ledger = write(first_).ledger;
    // Neurons without a weight may go, and with them digits of the graph's shapes.
    const int64_t least = ledger.graph_bytes / 2 + ledger.header_bytes + ledger.checksum_bytes;
    if (*size < least)
      fail(ErrorCode::budget, "search: --target-size ", *size,
           " is less than the file has without a single weight, ", least, " bytes");
  }
  double first_bytes() const {
    double kept = 0;
    for (const compress::Target& target : compress::weight_targets(front_))
      kept += static_cast<double>(kept_count(*front_.values[target.value].weight));
    return kept * kFirstBytes;
  }

  // --- One attempt.

  void make_candidate() {
    attempt_start_ = Clock::now();
    announce();
    candidate_ = train(settings_.pruned, state_.again ? candidate_ : pruned_front(), "pruned", state_.effort);
    state_.trained = true;
    save();
  }

  /// With each layer's weights as the bytes asked for allow.
  Graph pruned_front() {
    const compress::Curvature curvature = measure_curvature(front_);
    compress::AllocateOptions options{
        .bytes = asked_bytes(), .times = {}, .most_clusters = settings_.most_clusters, .coding = coding_};
    if (by_time()) ask_for_time(options);
    const compress::Allocation allocation = compress::allocate(front_, curvature, options);
    state_.slope = allocation.slope;
    // Pruned no further than one attempt may, the rest must not be squeezed out of the codes.
    if (!by_time()) state_.asked = std::max(state_.asked, allocation.bytes);
    const Graph pruned = refitted(compress::prune_as(front_, curvature, allocation));
    return compress::adjust_dropout(compress::remove_dead_neurons(pruned), original_);
  }

  bool few_images() const { return context_.data->size() < kFewOfAClass * output_count(original_); }

  /// To what the original's layers answer, where images are few.
  Graph refitted(const Graph& graph) const {
    if (settings_.refit_images == 0 || !few_images()) return graph;
    Context quiet = context_;
    quiet.log.line = [](std::string_view) {};  // one a layer, in every attempt
    const Graph fitted =
        reconstruct({.recode = false, .images = settings_.refit_images}, graph, original_, quiet);
    // So few that they say little may also lead astray.
    return context_.validation_error(fitted) <= context_.validation_error(graph) ? fitted : graph;
  }

  /// What the whole network takes besides its layers of weights stays; where the kernels alone were measured
  /// to take longer than it does (on one thread, say, and it has two), all count for less.
  void ask_for_time(compress::AllocateOptions& options) const {
    options.times = context_.layer_times(front_);
    options.least_kept = kLeastKeptForTime;
    double layers = 0;
    for (const compress::Target& target : compress::weight_targets(front_))
      layers += options.times(target.name, kept_count(*front_.values[target.value].weight));
    const double now = 1e6 * state_.front_ms, asked = 1e6 * state_.asked;
    options.ns = std::max(1.0, layers < now ? layers - (now - asked) : layers * asked / now);
  }

  void judge_candidate() {
    const compress::Curvature curvature = measure_curvature(candidate_);
    Graph shared = refitted(share_to_size(curvature));
    shared = compress::with_half_centroids(train(settings_.shared, shared, "shared", 1));
    const Written written =
        write(compress::round_vectors(shared, {.all = settings_.vector_bits, .by_key = {}}));
    Attempt attempt{.asked = state_.asked,
                    .bytes = static_cast<int64_t>(written.bytes.size()),
                    .density = compress::density(written.graph),
                    .error = context_.validation_error(written.graph)};
    if (context_.milliseconds) attempt.ms = context_.milliseconds(written.graph);
    attempt.seconds = seconds_since(attempt_start_);
    coding_ = compress::CodingModel(written.graph, written.ledger);
    last_bytes_ = written.bytes;
    state_.attempts.push_back(attempt);
    state_.trained = false;
    const bool is_best = state_.best < 0 || better(attempt, best());
    if (is_best) {
      state_.best = static_cast<int>(state_.attempts.size()) - 1;
      best_graph_ = written.graph;
      best_bytes_ = written.bytes;
      if (keeps(attempt)) context_.best_so_far(written);
    }
    plan_next(attempt);
    report(state_.attempts.size() - 1, attempt, is_best);
    attempt_start_ = Clock::now();
    save();
  }

  /// At the slope that gives the bytes asked for, as the coder counts them; if none are, with all the values
  /// that may be. A size that must be met may be used up: where these values leave much of it, there are
  /// more.
  Graph share_to_size(const compress::Curvature& curvature) const {
    const double asked = asked_bytes();
    int most = settings_.most_clusters;
    if (asked <= 0) return shared_at(curvature, 0, few_images() ? kMostClusters : most);  // bits are free
    if (settings_.budget.target_size)
      while (2 * most <= kMostClusters && size_at(curvature, -kSlopeRange, most) < kWellUsed * asked)
        most *= 2;
    double low = -kSlopeRange, high = kSlopeRange;
    for (int i = 0; i < kSlopeHalvings; ++i) {
      const double middle = (low + high) / 2;
      (size_at(curvature, middle, most) > asked ? low : high) = middle;
    }
    return shared_at(curvature, high, most);
  }
  Graph shared_at(const compress::Curvature& curvature, double doublings, int most_clusters) const {
    return compress::share_at(candidate_, curvature, state_.slope * std::exp2(doublings), most_clusters);
  }
  double size_at(const compress::Curvature& curvature, double doublings, int most_clusters) const {
    const Graph shared = shared_at(curvature, doublings, most_clusters);
    return static_cast<double>(
        write(compress::round_vectors(shared, {.all = settings_.vector_bits, .by_key = {}})).bytes.size());
  }

  Graph train(const Retrain& settings, const Graph& graph, const std::string& what, int effort) {
    if (settings.options.epochs == 0) return graph;
    Retrain longer = settings;
    longer.options.epochs *= effort;
    Context context = context_;
    if (!folder_.empty()) context.work_folder = folder_ + "/" + what;
    if (!folder_.empty()) std::filesystem::create_directories(context.work_folder);
    context.resume = resumed_;
    Graph trained = retrain(longer, graph, original_, context);
    resumed_ = false;
    return trained;
  }

  compress::Curvature measure_curvature(const Graph& graph) const {
    return train::module().curvature(
        graph, *context_.data,
        {.images = settings_.curvature_images, .seed = context_.seed, .threads = context_.threads},
        context_.log);
  }

  Written write(const Graph& graph) const {
    WriteOptions options = write_options(recipe_);
    options.threads = context_.threads;
    return write_model(shippable(graph, recipe_), options);
  }

  // --- What comes next.

  const Attempt& best() const { return state_.attempts[static_cast<size_t>(state_.best)]; }
  double drop(const Attempt& a) const { return a.error - state_.original_error; }
  bool accurate(const Attempt& a) const {
    return !settings_.budget.max_drop || drop(a) <= *settings_.budget.max_drop + 1e-9;
  }
  bool fits(const Attempt& a) const {
    const Budget& budget = settings_.budget;
    return (!budget.target_size || a.bytes <= *budget.target_size) &&
           (!budget.target_ms || a.ms <= *budget.target_ms);
  }
  bool keeps(const Attempt& a) const { return accurate(a) && fits(a); }
  bool by_time() const { return settings_.budget.target_ms.has_value(); }
  double asked_bytes() const {
    if (!by_time()) return state_.asked;
    const auto& size = settings_.budget.target_size;
    return size ? static_cast<double>(*size) * (1 - kSizeMargin) : 0;
  }
  /// What the search makes smaller: milliseconds where the budget has them, else bytes.
  double extent(const Attempt& a) const { return by_time() ? a.ms : static_cast<double>(a.bytes); }
  bool aims_at_fit() const { return settings_.budget.target_size || settings_.budget.target_ms; }

  bool better(const Attempt& a, const Attempt& b) const {
    if (keeps(a) != keeps(b)) return keeps(a);
    if (!keeps(a)) return accurate(a) != accurate(b) ? accurate(a) : extent(a) < extent(b);
    if (settings_.budget.max_drop && !aims_at_fit()) return a.bytes < b.bytes;
    return std::pair(a.error, a.bytes) < std::pair(b.error, b.bytes);
  }

  /// What to ask for after a network of this extent.
  double next_smaller(double extent) const {
    const Budget& budget = settings_.budget;
    const double next = extent * state_.step;
    if (by_time()) return std::max(next, *budget.target_ms * (1 - kTimeMargin));
    if (budget.target_size)
      return std::max(next, static_cast<double>(*budget.target_size) * (1 - kSizeMargin));
    return next;
  }

  void plan_next(const Attempt& attempt) {
    if (!accurate(attempt)) return plan_after_failure();
    front_ = candidate_;
    if (by_time()) state_.front_ms = attempt.ms;
    state_.again = false;
    if (aims_at_fit() && fits(attempt)) return plan_polish();
    const Budget& budget = settings_.budget;
    if (drop(attempt) > kLittle * budget.max_drop.value_or(kUsualDrop))
      state_.step = std::max(state_.step, settings_.step);
    if (by_time() && stalled()) {
      state_.finished = true;
      return;
    }
    // Where it came out larger than asked, more has to be asked.
    state_.asked = std::min(next_smaller(extent(attempt)), state_.asked * (1 - kLeastProgress));
  }

  /// Twice in a row an attempt was no faster than what was there before (once may be the clock's noise).
  bool stalled() const {
    std::vector<double> ms;  // of those that may be kept: others went further, and are not gone on from
    for (const Attempt& a : state_.attempts)
      if (accurate(a)) ms.push_back(a.ms);
    if (ms.size() < 2) return false;
    const double now = std::min(ms.back(), ms[ms.size() - 2]);
    double before = state_.first_ms;
    for (size_t i = 0; i + 2 < ms.size(); ++i) before = std::min(before, ms[i]);
    return now > (1 - kLeastProgress) * before;
  }

  void plan_polish() {
    if (settings_.budget.max_drop || state_.polishes == kPolishes) {
      state_.finished = true;
      return;
    }
    ++state_.polishes;
    state_.effort = std::min(kMostEffort, 2 * state_.effort);
    state_.again = true;
  }

  void plan_after_failure() {
    if (!state_.again) {  // the same network once more, for longer
      state_.again = true;
      state_.effort = std::min(kMostEffort, 2 * state_.effort);
      return;
    }
    state_.again = false;
    if (state_.best < 0 || !accurate(best())) {
      state_.asked *= 2;
      front_ = first_;
      state_.front_ms = state_.first_ms;
      state_.finished = state_.asked > (by_time() ? state_.first_ms : static_cast<double>(weight_bytes()));
      return;
    }
    state_.step = std::sqrt(std::max(state_.step, settings_.step));
    state_.asked = extent(best()) * state_.step;
    state_.finished = 1 - state_.step < settings_.least_step;
  }

  int64_t weight_bytes() const {
    int64_t elements = 0;
    for (const compress::Target& target : compress::weight_targets(original_))
      elements += weight_count(*original_.values[target.value].weight);
    return 4 * elements;
  }

  bool out_of_time() const {
    if (settings_.minutes <= 0 || state_.attempts.empty()) return false;
    return elapsed() + state_.attempts.back().seconds > 60 * settings_.minutes;
  }
  double elapsed() const { return state_.seconds + seconds_since(started_); }

  void report(size_t index, const Attempt& attempt, bool is_best) const {
    StepReport r{.label = cat("attempt ", index + 1),
                 .density = attempt.density,
                 .bytes = attempt.bytes,
                 .validation_error = attempt.error,
                 .seconds = attempt.seconds,
                 .ms = attempt.ms,
                 .note = {}};
    r.note = !accurate(attempt) ? "loses too much"
             : !fits(attempt)   ? (by_time() ? "too slow or too large yet" : "too large yet")
             : is_best          ? "best so far"
                                : "kept";
    context_.report(r);
  }
  /// What is asked for, and how long it may still take.
  void announce() const {
    const double asked = state_.asked;
    std::string text = cat("attempt ", state_.attempts.size() + 1, " asks for ",
                           by_time() ? milliseconds_text(asked) : cat(std::llround(asked), " bytes"));
    if (!state_.attempts.empty())
      text += cat("; ", minutes_text(elapsed()), " gone, about ", minutes_text(seconds_left()), " left");
    context_.log.line(text);
  }
  static std::string minutes_text(double seconds) { return cat(std::ceil(seconds / 60), " min"); }

  /// By the shortest attempt so far: those at a size to get there and to polish, else those that find how
  /// small is too small, each of which may be made twice.
  double seconds_left() const {
    double each = HUGE_VAL;
    for (const Attempt& a : state_.attempts) each = std::min(each, a.seconds);
    const Budget& budget = settings_.budget;
    double attempts = 0;
    if (aims_at_fit()) {
      const double target = by_time() ? *budget.target_ms : static_cast<double>(*budget.target_size);
      attempts += std::ceil(std::max(0.0, std::log(target / extent(best())) / std::log(state_.step)));
      if (!budget.max_drop)
        for (int i = state_.polishes, effort = state_.effort; i < kPolishes; ++i) attempts += effort *= 2;
    } else {
      for (double step = state_.step; 1 - step >= settings_.least_step; step = std::sqrt(step)) attempts += 3;
    }
    const double left = each * std::max(1.0, attempts);
    return settings_.minutes > 0 ? std::clamp(60 * settings_.minutes - elapsed(), 0.0, left) : left;
  }

  std::string closest() const {
    if (state_.best < 0) return "none was finished";
    char text[128];
    std::snprintf(text, sizeof text, "the closest lost %.2f points in %lld bytes", drop(best()),
                  static_cast<long long>(best().bytes));
    return by_time() ? cat(text, " and ", milliseconds_text(best().ms)) : text;
  }

  void stop_if_asked() const {
    if (!context_.log.stopping()) return;
    fail(ErrorCode::interrupted, "search stopped after ", state_.attempts.size(), " attempts; ",
         state_.best >= 0 && keeps(best()) ? "the best so far is written, " : "", "go on with --resume from ",
         context_.work_folder);
  }

  // --- The work folder. The state names the files that belong to it, so a stop between two writes leaves the
  // old ones in force.

  std::string file(const char* what, size_t number) const {
    return cat(folder_, "/", what, "-", number, ".nsk");
  }

  void save() {
    if (folder_.empty()) return;
    std::filesystem::create_directories(folder_);
    const size_t number = ++saves_;
    const auto keep = [&](const char* what, const Graph& graph) {
      Written written = write_model(graph, {.coder = Coder::plain, .threads = context_.threads});
      write_file(file(what, number), written.bytes);
      return std::move(written.graph);
    };
    // What goes on is what a resumed search would read.
    front_ = keep("front", front_);
    if (!candidate_.nodes.empty()) candidate_ = keep("candidate", candidate_);
    if (!best_bytes_.empty()) write_file(file("best", number), best_bytes_);
    if (!last_bytes_.empty()) write_file(file("last", number), last_bytes_);
    Json json = state_.json();
    json["seconds"] = elapsed();
    json["saves"] = number;
    json["budget"] = text_of(settings_.budget);
    const std::string text = json.dump(1) + "\n";
    write_file(folder_ + "/state.json", Bytes(text.begin(), text.end()));
    for (const char* what : {"front", "candidate", "best", "last"})
      std::filesystem::remove(file(what, number - 1));
  }

  void restore() {
    const std::string path = folder_ + "/state.json";
    if (!context_.resume || folder_.empty() || !std::filesystem::exists(path)) return;
    const Bytes text = read_file(path, 1 << 24);
    try {
      const Json json = Json::parse(text.begin(), text.end());
      if (const std::string theirs = json.at("budget"), ours = text_of(settings_.budget); theirs != ours)
        fail(ErrorCode::usage, path, ": belongs to a search with ", theirs, ", this one has ", ours,
             "; give that, or leave --resume away");
      state_ = SearchState::of(json);
      saves_ = json.at("saves");
    } catch (const Json::exception& error) {
      fail(ErrorCode::input, path, ": is not a search's state: ", error.what());
    }
    front_ = load_model(file("front", saves_));
    if (std::filesystem::exists(file("candidate", saves_)))
      candidate_ = load_model(file("candidate", saves_));
    if (state_.best >= 0) {
      best_bytes_ = read_file(file("best", saves_));
      last_bytes_ = read_file(file("last", saves_));
      best_graph_ = read_model(best_bytes_, file("best", saves_));
      Ledger ledger;
      const Graph last = read_model(last_bytes_, file("last", saves_), &ledger);
      coding_ = compress::CodingModel(last, ledger);
    }
    for (size_t i = 0; i < state_.attempts.size(); ++i)
      report(i, state_.attempts[i], static_cast<int>(i) == state_.best);
    resumed_ = true;
    context_.log.line(cat("resuming the search after ", state_.attempts.size(), " attempts"));
  }

  const Search& settings_;
  const Graph& original_;
  const Recipe& recipe_;
  const Context& context_;
  std::string folder_;
  SearchState state_;
  const Graph first_;  ///< what the search was given, every weight free
  Graph front_;        ///< pruned and trained, of the smallest accurate attempt: where the next one starts
  Graph candidate_;    ///< the same of the attempt under way, or of the last one
  Graph best_graph_;
  Bytes best_bytes_, last_bytes_;
  compress::CodingModel coding_;
  size_t saves_ = 0;
  bool resumed_ = false;
  Clock::time_point started_ = Clock::now(), attempt_start_ = Clock::now();
};

}  // namespace

Graph search(const Search& settings, const Graph& graph, const Graph& original, const Recipe& recipe,
             const Context& context) {
  return Searcher(settings, graph, original, recipe, context).run();
}

}  // namespace netsuke::recipe
