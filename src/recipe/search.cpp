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
#include "graph/cost.h"
#include "graph/shapes.h"
#include "model/read.h"
#include "recipe/reconstruct.h"
#include "recipe/retrain.h"
#include "recipe/search_plan.h"

namespace netsuke::recipe {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFirstBytes = 0.5;  ///< a kept weight of a network that nobody has made small yet
/// Fewer images of a class, and retraining learns them by heart: what pruning broke is better made up for
/// layer by layer.
constexpr int64_t kFewOfAClass = 20;
constexpr int kMostClusters = 256;  ///< of a layer, where a size leaves room for them or bits are free
constexpr double kWellUsed = 0.9;   ///< of a size: so much of it is no room left
constexpr int kSlopeHalvings = 7;
constexpr double kSlopeRange = 4;  ///< doublings: so far from the allocation's slope may that of sharing be
/// Of a layer's weights so many stay at least in one attempt at a time: more than in one at bytes may have to
/// go before the kernel that skips zeros is the faster one.
constexpr double kLeastKeptForTime = 0.1;
// Of the time that there is:
constexpr double kRetrainingShare = 0.85;  ///< of an attempt's; the rest goes into sharing and measuring
constexpr double kLeastOfAnAttempt = 0.5;  ///< of the last one's: less is not worth beginning for

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
        plan_(settings, static_cast<double>(bytes_fp32(original))),
        first_(unshared(graph)),
        front_(first_) {
    if (!settings.budget.any())
      fail(ErrorCode::usage, "search: has no budget; give --max-drop, --target-size or --target-ms");
    if (!context.validation_error)
      fail(ErrorCode::usage, "search: measures its attempts on held-out images; give --validation 1 or more");
    if (plan_.by_time() && !(context.milliseconds && context.time_model))
      fail(ErrorCode::usage, "search: has a budget of milliseconds, but nothing to measure them with");
    if (!context.work_folder.empty()) folder_ = context.work_folder + "/search";
  }

  Graph run() {
    restore();
    started_ = Clock::now();
    try {
      if (plan_.state.original_error < 0) start();
      while (!plan_.state.finished && !out_of_time()) attempt();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted) save_time();
      throw;
    }
    if (!plan_.found())
      fail(ErrorCode::budget, "search: no attempt kept ", text_of(settings_.budget), "; ", plan_.closest(),
           plan_.state.finished
               ? ""
               : cat("; --minutes ", settings_.minutes, " are over, --resume with more goes on"));
    return best_graph_;
  }

 private:
  void start() {
    refuse_impossible_size();
    const double error = context_.validation_error(original_);
    if (const std::string why = doubt(100 - error, size(output_count(original_))); !why.empty())
      fail(ErrorCode::input, "search: the network it starts from ", why);
    attempt_start_ = Clock::now();
    plan_.begin(error, plan_.by_time() ? context_.milliseconds(first_) : 0, first_bytes());
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
    for (const compress::Target& target : compress::weight_targets(first_))
      kept += static_cast<double>(kept_count(*first_.values[target.value].weight));
    return kept * kFirstBytes;
  }

  // --- One attempt.

  void attempt() {
    stop_if_asked();
    if (!plan_.state.trained) make_candidate();
    stop_if_asked();
    judge_candidate();
  }

  void make_candidate() {
    context_.log.line(plan_.announcement(elapsed()));
    SearchState& state = plan_.state;
    candidate_ = train(settings_.pruned, state.again ? candidate_ : pruned_front(), "pruned", state.effort,
                       settings_.shared.options.epochs);
    state.trained = true;
    save();
  }

  /// With each layer's weights as the bytes asked for allow.
  Graph pruned_front() {
    const compress::Curvature curvature = measure_curvature(front_);
    compress::AllocateOptions options{.bytes = plan_.asked_bytes(),
                                      .times = {},
                                      .most_clusters = settings_.most_clusters,
                                      .coding = coding_};
    if (plan_.by_time()) ask_for_time(options);
    const compress::Allocation allocation = compress::allocate(front_, curvature, options);
    plan_.state.slope = allocation.slope;
    // Pruned no further than one attempt may, the rest must not be squeezed out of the codes.
    if (!plan_.by_time()) plan_.state.asked = std::max(plan_.state.asked, allocation.bytes);
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

  /// The share of the network's time that `asked` is of what it was measured to take. What is no layer with
  /// weights stays.
  void ask_for_time(compress::AllocateOptions& options) const {
    const TimeModel model = context_.time_model(front_);
    double whole = model.rest;
    for (const compress::Target& target : compress::weight_targets(front_))
      whole += model.layers(target.name, kept_count(*front_.values[target.value].weight));
    options.times = model.layers;
    options.least_kept = kLeastKeptForTime;
    options.ns = std::max(1.0, whole * plan_.state.asked / plan_.state.front_ms - model.rest);
  }

  void judge_candidate() {
    const compress::Curvature curvature = measure_curvature(candidate_);
    Graph shared = refitted(share_to_size(curvature));
    shared = compress::with_half_centroids(train(settings_.shared, shared, "shared", 1, 0));
    const Written written =
        write(compress::round_vectors(shared, {.all = settings_.vector_bits, .by_key = {}}));
    Attempt attempt{.asked = plan_.state.asked,
                    .bytes = static_cast<int64_t>(written.bytes.size()),
                    .density = compress::density(written.graph),
                    .error = context_.validation_error(written.graph)};
    if (context_.milliseconds) attempt.ms = context_.milliseconds(written.graph);
    attempt.seconds = seconds_since(attempt_start_);
    coding_ = compress::CodingModel(written.graph, written.ledger);
    last_bytes_ = written.bytes;
    plan_.state.trained = false;
    const SearchPlan::Front next = plan_.next(attempt);
    const size_t index = plan_.state.attempts.size() - 1;
    if (is_best(index)) {
      best_graph_ = written.graph;
      best_bytes_ = written.bytes;
      if (plan_.found()) context_.best_so_far(written);
    }
    if (next == SearchPlan::Front::attempt) front_ = candidate_;
    if (next == SearchPlan::Front::first) front_ = first_;
    report(index);
    attempt_start_ = Clock::now();
    save();
  }
  bool is_best(size_t index) const { return std::cmp_equal(plan_.state.best, index); }

  /// At the slope that gives the bytes asked for, as the coder counts them; if none are, with all the values
  /// that may be. A size that must be met may be used up: where these values leave much of it, there are
  /// more.
  Graph share_to_size(const compress::Curvature& curvature) const {
    const double asked = plan_.asked_bytes();
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
    return compress::share_at(candidate_, curvature, plan_.state.slope * std::exp2(doublings), most_clusters);
  }
  double size_at(const compress::Curvature& curvature, double doublings, int most_clusters) const {
    const Graph shared = shared_at(curvature, doublings, most_clusters);
    return static_cast<double>(
        write(compress::round_vectors(shared, {.all = settings_.vector_bits, .by_key = {}})).bytes.size());
  }

  /// With so many epochs of retraining to come behind it in the same attempt.
  Graph train(const Retrain& settings, const Graph& graph, const std::string& what, int effort,
              int epochs_to_come) {
    if (settings.options.epochs == 0) return graph;
    Retrain longer = settings;
    longer.options.epochs *= effort;
    if (settings_.minutes > 0) {
      const double left = std::max(train::kNoTime, settings_.minutes - elapsed() / 60);
      const int epochs = longer.options.epochs;
      longer.options.minutes = kRetrainingShare * left * epochs / (epochs + epochs_to_come);
    }
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

  bool out_of_time() const {
    const std::vector<Attempt>& attempts = plan_.state.attempts;
    if (settings_.minutes <= 0 || attempts.empty()) return false;
    return elapsed() + kLeastOfAnAttempt * attempts.back().seconds > 60 * settings_.minutes;
  }
  double elapsed() const { return plan_.state.seconds + seconds_since(started_); }

  void report(size_t index) const {
    const Attempt& attempt = plan_.state.attempts[index];
    context_.report({.label = cat("attempt ", index + 1),
                     .density = attempt.density,
                     .bytes = attempt.bytes,
                     .validation_error = attempt.error,
                     .seconds = attempt.seconds,
                     .ms = attempt.ms,
                     .note = plan_.verdict(attempt, is_best(index))});
  }

  void stop_if_asked() const {
    if (!context_.log.stopping()) return;
    fail(ErrorCode::interrupted, "search stopped after ", plan_.state.attempts.size(), " attempts; ",
         plan_.found() ? "the best so far is written, " : "", "go on with --resume from ",
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
    saved_ = plan_.state.json();
    saved_["saves"] = number;
    saved_["budget"] = text_of(settings_.budget);
    save_time();
    for (const char* what : {"front", "candidate", "best", "last"})
      std::filesystem::remove(file(what, number - 1));
  }

  /// What was saved last, and how long the search and its attempt have taken by now.
  void save_time() {
    if (saved_.is_null()) return;
    saved_["seconds"] = elapsed();
    saved_["attempt_seconds"] = seconds_since(attempt_start_);
    write_file(folder_ + "/state.json", saved_.dump(1) + "\n");
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
      plan_.state = SearchState::of(json);
      saves_ = json.at("saves");
      const std::chrono::duration<double> spent(json.value("attempt_seconds", 0.0));
      attempt_start_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(spent);
      saved_ = json;
    } catch (const Json::exception& error) {
      fail(ErrorCode::input, path, ": is not a search's state: ", error.what());
    }
    front_ = load_model(file("front", saves_));
    if (std::filesystem::exists(file("candidate", saves_)))
      candidate_ = load_model(file("candidate", saves_));
    if (plan_.has_best()) {
      best_bytes_ = read_file(file("best", saves_));
      last_bytes_ = read_file(file("last", saves_));
      best_graph_ = read_model(best_bytes_, file("best", saves_));
      Ledger ledger;
      const Graph last = read_model(last_bytes_, file("last", saves_), &ledger);
      coding_ = compress::CodingModel(last, ledger);
    }
    for (size_t i = 0; i < plan_.state.attempts.size(); ++i) report(i);
    resumed_ = true;
    context_.log.line(cat("resuming the search after ", plan_.state.attempts.size(), " attempts"));
  }

  const Search& settings_;
  const Graph& original_;
  const Recipe& recipe_;
  const Context& context_;
  std::string folder_;
  SearchPlan plan_;
  const Graph first_;  ///< what the search was given, every weight free
  Graph front_;        ///< pruned and trained, of the smallest accurate attempt: where the next one starts
  Graph candidate_;    ///< the same of the attempt under way, or of the last one
  Graph best_graph_;
  Bytes best_bytes_, last_bytes_;
  compress::CodingModel coding_;
  size_t saves_ = 0;
  Json saved_;  ///< the state that the work folder has; null where it has none
  bool resumed_ = false;
  Clock::time_point started_ = Clock::now(), attempt_start_ = Clock::now();
};

}  // namespace

Graph search(const Search& settings, const Graph& graph, const Graph& original, const Recipe& recipe,
             const Context& context) {
  return Searcher(settings, graph, original, recipe, context).run();
}

}  // namespace netsuke::recipe
