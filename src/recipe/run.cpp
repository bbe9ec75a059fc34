#include "recipe/run.h"

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "compress/dead.h"
#include "compress/dropout.h"
#include "compress/quantize.h"
#include "data/fingerprint.h"
#include "graph/passes/fold_batch_norm.h"
#include "graph/passes/sign_threshold.h"
#include "model/read.h"
#include "recipe/reconstruct.h"
#include "recipe/retrain.h"
#include "recipe/search.h"

namespace netsuke::recipe {
namespace {

using Json = nlohmann::ordered_json;

/// One unit of work: short enough to lose, and what resume goes on from.
struct Step {
  std::string label;
  std::function<Graph(const Graph&)> run;
};

class Runner {
 public:
  Runner(const Recipe& recipe, const Graph& original, const Context& context)
      : recipe_(recipe), original_(original), context_(context) {
    for (const Stage& stage : recipe.stages) std::visit([&](const auto& s) { add(s); }, stage);
  }

  Graph run() {
    Graph graph = original_;
    const size_t done = restore(graph);
    open_work_folder();
    try {
      go_on(graph, done);
    } catch (const Error& error) {
      const bool stopped = error.code() == ErrorCode::interrupted;
      if (!stopped) remove_if_begun();
      const std::string why = error.what();
      if (!stopped || context_.work_folder.empty() || why.find("--resume") != std::string::npos) throw;
      fail(ErrorCode::interrupted, why, "; go on with --resume from ", context_.work_folder);
    }
    if (!context_.work_folder.empty()) std::filesystem::remove_all(context_.work_folder);
    return graph;
  }

 private:
  void go_on(Graph& graph, size_t done) {
    for (; done < steps_.size(); ++done) {
      stop_if_asked();
      const auto start = std::chrono::steady_clock::now();
      // Passing each result through the file makes a resumed run see the very bits an uninterrupted one sees.
      Written written = write_model(steps_[done].run(graph), file_options());
      graph = std::move(written.graph);
      save(written.bytes, done + 1);
      report(steps_[done].label, graph, written.bytes.size(), std::chrono::steady_clock::now() - start);
    }
  }

  void add(const Prune& prune) {
    for (int round = 1; round <= prune.rounds; ++round) {
      const std::string part = prune.rounds > 1 ? cat(" ", round, "/", prune.rounds) : "";
      steps_.push_back({"prune" + part, [=, this](const Graph& g) { return prune_round(prune, g, round); }});
      add_retrain(prune.retrain, "retrain" + part);
    }
  }
  void add(const Retrain& retrain) { add_retrain(retrain, "retrain"); }
  void add(const Share& share) {
    steps_.push_back({"share", [=, this](const Graph& g) {
                        compress::ShareOptions options = share.options;
                        options.seed = context_.seed;
                        if (!context_.data || !wants_curvature(options)) return compress::share(g, options);
                        const compress::Curvature curvature = train::module().curvature(
                            g, *context_.data, {.seed = context_.seed, .threads = context_.threads},
                            context_.log);
                        return compress::share(g, options, &curvature);
                      }});
    add_retrain(share.retrain, "retrain centroids", share.options.half_centroids);
  }
  void add(const Round& round) {
    steps_.push_back({"round", [=](const Graph& g) { return compress::round_vectors(g, round.bits); }});
  }
  void add(const Binarize& binarize) {
    const bool trains = binarize.retrain.options.epochs > 0;
    if (trains) require_data();
    steps_.push_back({"binarize", [=, this](const Graph& g) {
                        const Graph binary = compress::binarize(g, binarize.options);
                        return trains ? retrain_graph(binarize.retrain, binary) : binary;
                      }});
  }
  void add(const Fold&) {
    steps_.push_back({"fold", [](const Graph& g) { return with_sign_thresholds(fold_batch_norms(g)); }});
  }
  void add(const LowRank& settings) {
    steps_.push_back({"low rank", [=](const Graph& g) { return compress::low_rank(g, settings.options); }});
    add_retrain(settings.retrain, "retrain factors");
  }
  void add(const Reconstruct& settings) {
    if (!settings.drawn) require_data();
    steps_.push_back(
        {"reconstruct", [=, this](const Graph& g) { return reconstruct(settings, g, original_, context_); }});
  }
  void add(const Search& settings) {
    require_data();
    steps_.push_back(
        {"search", [=, this](const Graph& g) { return search(settings, g, original_, recipe_, context_); }});
  }
  void add(const Code&) {}  // the bytes are made once, at the end, by whoever writes the file

  void require_data() const {
    if (!context_.data)
      fail(ErrorCode::usage, "recipe ", recipe_.name, ": learns from images, so it needs --data");
  }

  void add_retrain(const Retrain& retrain, const std::string& label, bool half_centroids = false) {
    if (retrain.options.epochs == 0) return;
    require_data();
    steps_.push_back({label, [=, this](const Graph& g) {
                        const Graph trained = retrain_graph(retrain, g);
                        return half_centroids ? compress::with_half_centroids(trained) : trained;
                      }});
  }

  Graph prune_round(const Prune& prune, const Graph& graph, int round) const {
    const auto scheduled = [&](double final) {
      return compress::scheduled_density(final, round, prune.rounds, prune.schedule);
    };
    Graph pruned;
    if (prune.by_quality) {
      pruned = compress::prune_by_quality(graph, prune.quality);
    } else if (prune.global_density) {
      const std::vector<std::string> layers{"conv", "linear"};
      pruned = compress::prune_globally(graph, scheduled(*prune.global_density), true, layers);
    } else {
      compress::PerLayer<double> density = prune.density;
      for (auto& entry : density.by_key) entry.second = scheduled(entry.second);
      if (density.all) density.all = scheduled(*density.all);
      pruned = compress::prune_to_density(graph, density);
    }
    if (prune.remove_dead) pruned = compress::remove_dead_neurons(pruned);
    return prune.adjust_dropout ? compress::adjust_dropout(pruned, original_) : pruned;
  }

  Graph retrain_graph(const Retrain& settings, const Graph& graph) const {
    return retrain(settings, graph, original_, context_);
  }

  void report(const std::string& label, const Graph& graph, size_t bytes,
              std::chrono::steady_clock::duration time) {
    StepReport r{.label = label, .bytes = static_cast<int64_t>(bytes)};
    r.density = compress::density(graph);
    if (context_.validation_error) r.validation_error = context_.validation_error(graph);
    r.seconds = std::chrono::duration<double>(time).count();
    context_.report(r);
    reports_.push_back({r.label, r.density, r.bytes, r.validation_error, r.seconds});
    if (!context_.work_folder.empty()) write_file(reports_path(), reports_.dump(1) + "\n");
  }

  /// What was reported before the stop, once more: a resumed run has the report of a whole one.
  void report_again() {
    if (!std::filesystem::exists(reports_path())) return;
    const Bytes text = read_file(reports_path(), 1 << 24);
    try {
      reports_ = Json::parse(text.begin(), text.end());
      for (const Json& r : reports_)
        context_.report({.label = r.at(0),
                         .density = r.at(1),
                         .bytes = r.at(2),
                         .validation_error = r.at(3),
                         .seconds = r.at(4),
                         .note = {}});
    } catch (const Json::exception& error) {
      fail(ErrorCode::input, reports_path(), ": is no list of steps: ", error.what());
    }
  }

  void stop_if_asked() const {
    if (context_.log.stopping())
      fail(ErrorCode::interrupted, "stopped; go on with --resume from ", context_.work_folder);
  }

  // --- The work folder: the graph after the last finished step, and a line that says which step of which
  // run.

  WriteOptions file_options() const {
    WriteOptions options = write_options(recipe_);
    options.threads = context_.threads;
    return options;
  }

  /// Tells this run from any other: its recipe, its seed, the model it starts from and the images it learns
  /// from.
  std::string fingerprint() const {
    const Bytes model = write_model(original_, {.coder = Coder::plain}).bytes;
    Hash hash;
    hash.add(model);
    hash.add(recipe_.text);
    for (const Dataset* data : {context_.data, context_.validation})
      if (data) hash.add(cat(netsuke::fingerprint(*data)));
    return cat(recipe_.name, ' ', context_.seed, ' ', hash.value());
  }

  /// Before the first step, which may train and keep a checkpoint there. What another run left is not this
  /// one's to resume from.
  void open_work_folder() const {
    if (context_.work_folder.empty()) return;
    std::error_code error;
    if (!context_.resume) std::filesystem::remove_all(context_.work_folder, error);
    std::filesystem::create_directories(context_.work_folder, error);
    require(!error, context_.work_folder, ": cannot be made: ", error.message());
    // So that a step's own files, left by a stop in the first, are known to be this run's.
    if (!std::filesystem::exists(state_path())) write_state(0);
  }

  /// A run that was refused at once leaves nothing to go on from.
  void remove_if_begun() const {
    if (context_.work_folder.empty()) return;
    const auto files = std::filesystem::directory_iterator(context_.work_folder);
    if (std::distance(begin(files), end(files)) == 1) std::filesystem::remove_all(context_.work_folder);
  }

  std::string state_path() const { return context_.work_folder + "/state"; }
  std::string reports_path() const { return context_.work_folder + "/steps.json"; }
  void write_state(size_t done) const { write_file(state_path(), cat(done, "\n", fingerprint(), "\n")); }

  void save(const Bytes& bytes, size_t done) const {
    if (context_.work_folder.empty()) return;
    // The state names its graph file, so a stop between the two writes leaves the old pair in force.
    write_file(cat(context_.work_folder, "/step-", done, ".nsk"), bytes);
    write_state(done);
    std::filesystem::remove(cat(context_.work_folder, "/step-", done - 1, ".nsk"));
  }

  /// Steps already done; `graph` becomes their result.
  size_t restore(Graph& graph) {
    const std::string state = state_path();
    if (!context_.resume || context_.work_folder.empty() || !std::filesystem::exists(state)) return 0;
    const Bytes text = read_file(state, 1 << 16);
    const auto lines = split(std::string(text.begin(), text.end()), '\n');
    require(lines.size() >= 2 && lines[1] == fingerprint(), state,
            ": belongs to another model, recipe, data set or seed; remove its folder or leave --resume away");
    const auto done = static_cast<size_t>(parse_integer(lines[0], state));
    require(done <= steps_.size(), state, ": is at step ", done, " of ", steps_.size());
    if (done == 0) return 0;
    graph = load_model(cat(context_.work_folder, "/step-", done, ".nsk"));
    context_.log.line(cat("resuming after step ", done, " of ", steps_.size()));
    report_again();
    return done;
  }

  const Recipe& recipe_;
  const Graph& original_;
  const Context& context_;
  std::vector<Step> steps_;
  Json reports_ = Json::array();  ///< a list each, as report_again() reads them
};

}  // namespace

Graph run(const Recipe& recipe, const Graph& original, const Context& context) {
  return Runner(recipe, original, context).run();
}

}  // namespace netsuke::recipe
