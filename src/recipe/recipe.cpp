#include "recipe/recipe.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "base/catalog.h"
#include "base/file.h"
#include "compress/quantizers.h"
#include "recipe/keys.h"
#include "train/check.h"

namespace netsuke::recipe {
namespace {

// Values given for "*" or "all" are for every layer that has no key of its own.
template <class T>
compress::PerLayer<T> per_layer(const std::map<std::string, T>& by_key) {
  compress::PerLayer<T> setting;
  setting.by_key = by_key;
  for (const char* every : {"*", "all"})
    if (const auto found = setting.by_key.find(every); found != setting.by_key.end()) {
      setting.all = found->second;
      setting.by_key.erase(found);
    }
  return setting;
}

void read_training(Keys& keys, train::Options& options) {
  keys.set("epochs", options.epochs);
  keys.set("batch", options.batch);
  keys.set("optimizer", options.optimizer);
  keys.set("momentum", options.momentum);
  keys.set("beta2", options.beta2);
  keys.set("epsilon", options.epsilon);
  keys.set("decay_depthwise", options.decay_depthwise);
  keys.set("clip_norm", options.clip_norm);
  keys.set("average", options.average);
  keys.set("power", options.power);
  keys.set("nesterov", options.nesterov);
  keys.set("weight_decay", options.weight_decay);
  keys.set("schedule", options.schedule);
  keys.set("warmup_epochs", options.warmup_epochs);
  keys.set("label_smoothing", options.label_smoothing);
  keys.set("shift", options.shift);
  keys.set("flip", options.flip);
  keys.set("rotate", options.rotate);
  keys.set("zoom", options.zoom);
  keys.set("crop", options.crop);
  keys.set("jitter", options.jitter);
  keys.set("cutout", options.cutout);
  keys.set("versions", options.versions);
  keys.set("mixup", options.mixup);
  keys.set("keep_best", options.keep_best);
  keys.set("alpha", options.distill_alpha);
  keys.set("temperature", options.distill_temperature);
  keys.set("match_logits", options.match_logits);
  keys.set("binary_gradient", options.binary_gradient);
  keys.set("sign_gradient", options.sign_gradient);
  keys.set("precision", options.precision);
  keys.set("minutes", options.minutes);
  keys.set("surgery", options.surgery);
}

// `retrain` holds the recipe's defaults and takes what the keys say instead.
void read_retrain(Keys& keys, Retrain& retrain) {
  read_training(keys, retrain.options);
  keys.set("rate", retrain.rate);
  if (const auto rate = keys.get<double>("learning_rate")) retrain.learning_rate = rate;
  if (const auto teacher = keys.get<std::string>("teacher")) {
    require(*teacher == "original" || *teacher == "none", keys.where(), ": teacher is '", *teacher,
            "', expected \"original\" or \"none\"");
    retrain.teacher_is_original = *teacher == "original";
    if (retrain.teacher_is_original && retrain.options.distill_alpha == 0)
      retrain.options.distill_alpha = 0.5;
  }
  if (retrain.teacher_is_original) return;
  require(!keys.get<double>("alpha"), keys.where(), ": alpha is the share of a teacher's answers, and there ",
          "is no teacher");
  retrain.options.distill_alpha = 0;
}

/// Before anything is trained: a mistake in a recipe's last stage must not wait for those before it.
void check(const Retrain& retrain, const std::string& where) {
  if (retrain.options.epochs == 0) return;
  try {
    train::check_options(retrain.options);
  } catch (const Error& error) {
    fail(ErrorCode::input, where, ": ", error.what());
  }
}

Retrain nested_retrain(Keys& keys, const Retrain& defaults, const std::string& key = "retrain") {
  Retrain retrain = defaults;
  retrain.options.epochs = 0;
  if (const toml::table* table = keys.table(key)) {
    Keys nested(*table, keys.where() + ", " + key);
    retrain.options.epochs = 1;
    read_retrain(nested, retrain);
    nested.finish();
    check(retrain, keys.where() + ", " + key);
  }
  return retrain;
}

Stage read_prune(Keys& keys, const Retrain& defaults) {
  Prune prune;
  const auto density = keys.by_layer<double>("density");
  const auto quality = keys.by_layer<double>("quality");
  prune.global_density = keys.get<double>("global_density");
  const int given = density.has_value() + quality.has_value() + prune.global_density.has_value();
  require(given == 1, keys.where(), ": needs one of density, quality and global_density, found ", given);
  if (density) prune.density = per_layer(*density);
  if (quality) prune.quality = per_layer(*quality), prune.by_quality = true;
  keys.set("rounds", prune.rounds);
  require(prune.rounds >= 1 && prune.rounds <= 100, keys.where(), ": rounds is ", prune.rounds,
          ", expected 1 to 100");
  if (const auto name = keys.get<std::string>("schedule")) prune.schedule = compress::parse_schedule(*name);
  keys.set("adjust_dropout", prune.adjust_dropout);
  keys.set("remove_dead", prune.remove_dead);
  prune.retrain = nested_retrain(keys, defaults);
  return prune;
}

Stage read_share(Keys& keys, const Retrain& defaults) {
  Share share;
  if (const auto bits = keys.by_layer<int>("bits")) {
    // The paper's defaults hold for kinds that the recipe does not name, unless it names all.
    auto setting = per_layer(*bits);
    if (!setting.all)
      setting.by_key.insert(share.options.bits.by_key.begin(), share.options.bits.by_key.end());
    share.options.bits = setting;
  }
  if (const auto start = keys.get<std::string>("init"))
    share.options.start = compress::parse_initialisation(*start);
  keys.set("max_iterations", share.options.max_iterations);
  if (const auto quantizer = keys.get<std::string>("quantizer")) {
    share.options.quantizer = *quantizer;
    if (*quantizer != "best") find_row(compress::quantizers(), *quantizer, "quantizer");
  }
  keys.set("half_centroids", share.options.half_centroids);
  share.retrain = nested_retrain(keys, defaults);
  return share;
}

Stage read_stage_retrain(Keys& keys, const Retrain& defaults) {
  Retrain retrain = defaults;
  retrain.options.epochs = 1;
  read_retrain(keys, retrain);
  check(retrain, keys.where());
  return retrain;
}

Stage read_round(Keys& keys, const Retrain&) {
  const auto bits = keys.by_layer<int>("bits");
  return Round{bits ? per_layer(*bits) : compress::PerLayer<int>{.all = 8, .by_key = {}}};
}

Stage read_binarize(Keys& keys, const Retrain& defaults) {
  Binarize binarize;
  const auto method = keys.get<std::string>("method"), block = keys.get<std::string>("block");
  binarize.options =
      compress::binarize_options(method.value_or("xnor"), block.value_or("residual"), keys.texts("parts"));
  binarize.options.keep = keys.texts("keep").value_or(std::vector<std::string>());
  keys.set("ends", binarize.options.ends);
  binarize.retrain = nested_retrain(keys, defaults);
  return binarize;
}

Stage read_fold(Keys&, const Retrain&) { return Fold{}; }

Stage read_low_rank(Keys& keys, const Retrain& defaults) {
  LowRank low_rank;
  const auto energy = keys.by_layer<double>("energy");
  const auto rank = keys.by_layer<int>("rank");
  require(energy || rank, keys.where(), ": needs energy or rank");
  if (energy) low_rank.options.energy = per_layer(*energy);
  if (rank) low_rank.options.rank = per_layer(*rank);
  if (const auto form = keys.get<std::string>("form"))
    low_rank.options.form = compress::parse_low_rank_form(*form);
  low_rank.retrain = nested_retrain(keys, defaults);
  return low_rank;
}

Stage read_reconstruct(Keys& keys, const Retrain&) {
  Reconstruct reconstruct;
  keys.set("drawn", reconstruct.drawn);
  keys.set("recode", reconstruct.recode);
  keys.set("tolerance", reconstruct.tolerance);
  require(reconstruct.tolerance >= 0 && reconstruct.tolerance < 1, keys.where(), ": tolerance is ",
          reconstruct.tolerance, ", expected 0 or a share of the answers' energy");
  keys.set("images", reconstruct.images);
  require(reconstruct.images >= 1, keys.where(), ": images is ", reconstruct.images, ", expected 1 or more");
  require(reconstruct.images >= kLeastToJudgeBy || reconstruct.tolerance == 0, keys.where(), ": images is ",
          reconstruct.images, ", expected ", kLeastToJudgeBy, " or more where there is a tolerance");
  if (const auto rows = keys.get<int>("rows")) reconstruct.rows = *rows;
  if (const auto inputs = keys.get<int>("most_inputs")) reconstruct.most_inputs = *inputs;
  keys.set("ridge", reconstruct.ridge);
  require(reconstruct.ridge >= 0, keys.where(), ": ridge is ", reconstruct.ridge, ", expected 0 or more");
  return reconstruct;
}

Stage read_search(Keys& keys, const Retrain& defaults) {
  Search search;
  search.budget.max_drop = keys.get<double>("max_drop");
  if (const auto size = keys.get<int>("target_size")) search.budget.target_size = *size;
  search.budget.target_ms = keys.get<double>("target_ms");
  try {
    check(search.budget);
  } catch (const Error& error) {
    fail(ErrorCode::input, keys.where(), ": ", error.what());
  }
  const auto set_share = [&](const char* name, double& share) {
    keys.set(name, share);
    require(share > 0 && share < 1, keys.where(), ": ", name, " is ", share,
            ", expected a share between 0 and 1");
  };
  set_share("first_step", search.first_step);
  set_share("step", search.step);
  set_share("least_step", search.least_step);
  keys.set("minutes", search.minutes);
  require(search.minutes >= 0, keys.where(), ": minutes is ", search.minutes, ", expected 0 or more");
  keys.set("most_clusters", search.most_clusters);
  require(search.most_clusters >= 2 && search.most_clusters <= 1024, keys.where(), ": most_clusters is ",
          search.most_clusters, ", expected 2 to 1024");
  keys.set("vector_bits", search.vector_bits);
  require(search.vector_bits >= 1 && search.vector_bits <= 16, keys.where(), ": vector_bits is ",
          search.vector_bits, ", expected 1 to 16");
  if (const auto images = keys.get<int>("curvature_images")) search.curvature_images = *images;
  require(search.curvature_images >= 1, keys.where(), ": curvature_images is ", search.curvature_images,
          ", expected 1 or more");
  keys.set("refit_images", search.refit_images);
  require(search.refit_images >= 0, keys.where(), ": refit_images is ", search.refit_images,
          ", expected 0 or more");
  search.pruned = nested_retrain(keys, defaults, "retrain");
  search.shared = nested_retrain(keys, defaults, "fine_tune");
  return search;
}

Stage read_code(Keys& keys, const Retrain&) {
  Code code;
  if (const auto coder = keys.get<std::string>("coder")) code.options.coder = parse_coder(*coder);
  keys.set("index_bits", code.options.index_bits);
  require(code.options.index_bits == 0 || (code.options.index_bits >= 2 && code.options.index_bits <= 16),
          keys.where(), ": index_bits is ", code.options.index_bits,
          ", expected 2 to 16, or 0 for the best of each tensor");
  return code;
}

struct StageKind {
  std::string_view name;
  Stage (*read)(Keys&, const Retrain& defaults);
};
constexpr StageKind kStageKinds[] = {
    {"prune", read_prune},       {"retrain", read_stage_retrain},   {"share", read_share},
    {"round", read_round},       {"binarize", read_binarize},       {"fold", read_fold},
    {"low_rank", read_low_rank}, {"reconstruct", read_reconstruct}, {"search", read_search},
    {"code", read_code},
};

Stage read_stage(const toml::table& table, const Retrain& defaults, const std::string& where) {
  Keys keys(table, where);
  const auto kind = keys.get<std::string>("do");
  require(kind.has_value(), where, ": has no 'do = \"prune\"' or the like");
  const StageKind& row = find_row(std::span<const StageKind>(kStageKinds), *kind, "stage");
  keys.rename(cat(where, " (", *kind, ")"));
  Stage stage = row.read(keys, defaults);
  keys.finish();
  return stage;
}

void require_order(const std::vector<Stage>& stages, const std::string& what) {
  for (size_t i = 0; i + 1 < stages.size(); ++i)
    require(!std::holds_alternative<Code>(stages[i]), what, ": stage ", i + 1,
            " (code) is followed by another stage; code turns the network into bytes and must be the last");
  const auto fold =
      std::ranges::find_if(stages, [](const Stage& s) { return std::holds_alternative<Fold>(s); });
  require(
      std::none_of(fold, stages.end(), [](const Stage& s) { return std::holds_alternative<Reconstruct>(s); }),
      what,
      ": a reconstruct stage stands behind fold, whose layers the original does not have; put it before");
}

toml::table parse_toml(std::string_view text, const std::string& what) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& e) {
    fail(ErrorCode::input, what, ": line ", e.source().begin.line, ": ", e.description());
  }
}

}  // namespace

Recipe parse_recipe(std::string_view toml, const std::string& what) {
  const toml::table table = parse_toml(toml, what);
  Keys keys(table, what);
  Recipe recipe;
  recipe.text = toml;
  keys.set("name", recipe.name);
  keys.set("about", recipe.about);
  Retrain defaults;
  if (const toml::table* retraining = keys.table("retraining")) {
    Keys nested(*retraining, what + ", retraining");
    read_retrain(nested, defaults);
    nested.finish();
  }
  if (const auto version = keys.get<int>("version"))
    require(*version == 1, what, ": is of recipe version ", *version, ", this program reads version 1");
  keys.allow("stage");
  keys.finish();
  const toml::array* stages = table.get_as<toml::array>("stage");
  require(stages && !stages->empty(), what, ": has no [[stage]]");
  for (const toml::node& node : *stages) {
    const std::string where = cat(what, ", stage ", recipe.stages.size() + 1);
    require(node.is_table(), where, ": is not a table; write it as [[stage]]");
    recipe.stages.push_back(read_stage(*node.as_table(), defaults, where));
  }
  require_order(recipe.stages, what);
  return recipe;
}

namespace {

std::vector<std::string> recipe_folders() {
  std::vector<std::string> folders{"recipes"};
  if (const char* named = std::getenv("NETSUKE_RECIPES")) folders.insert(folders.begin(), named);
  const std::string program = executable_folder();
  folders.push_back(program + "/../share/netsuke/recipes");  // installed
  folders.push_back(program + "/../../recipes");             // in the build tree
  return folders;
}

}  // namespace

Recipe load_recipe(const std::string& name_or_path) {
  const auto load = [](const std::string& path) {
    const Bytes text = read_file(path, 1 << 20);
    return parse_recipe({reinterpret_cast<const char*>(text.data()), text.size()}, path);
  };
  std::error_code ignored;
  if (std::filesystem::is_regular_file(name_or_path, ignored)) return load(name_or_path);
  std::vector<std::string> names;
  for (const std::string& folder : recipe_folders()) {
    const std::string path = cat(folder, "/", name_or_path, ".toml");
    if (std::filesystem::is_regular_file(path, ignored)) return load(path);
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
      if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  fail(ErrorCode::input, "recipe ", name_or_path, ": is neither a file nor a known recipe; ",
       names.empty() ? cat("there are none in ", join(recipe_folders(), " and "))
                     : cat("there are: ", join(names)));
}

void check(const Budget& budget) {
  // Written so that what is no number is refused too.
  if (budget.max_drop && !(*budget.max_drop >= 0))
    fail(ErrorCode::usage, "--max-drop: is ", *budget.max_drop, ", expected 0 or more points");
  if (budget.target_size && *budget.target_size < 1)
    fail(ErrorCode::usage, "--target-size: is ", *budget.target_size, ", expected 1 or more bytes");
  if (budget.target_ms && !(*budget.target_ms > 0))
    fail(ErrorCode::usage, "--target-ms: is ", *budget.target_ms, ", expected more than 0 milliseconds");
}

Coder parse_coder(std::string_view name) {
  struct Row {
    std::string_view name;
    Coder coder;
  };
  static constexpr Row rows[] = {{"automatic", Coder::automatic},
                                 {"range", Coder::range},
                                 {"huffman", Coder::huffman},
                                 {"symbols", Coder::symbols},
                                 {"plain", Coder::plain}};
  return find_row(std::span<const Row>(rows), name, "coder").coder;
}

namespace {

/// Every retraining of a stage; none of a search, which is nothing without.
template <class Visit>
void each_retraining(Stage& stage, const Visit& visit) {
  if (auto* prune = std::get_if<Prune>(&stage)) visit(prune->retrain);
  if (auto* share = std::get_if<Share>(&stage)) visit(share->retrain);
  if (auto* binarize = std::get_if<Binarize>(&stage)) visit(binarize->retrain);
  if (auto* low_rank = std::get_if<LowRank>(&stage)) visit(low_rank->retrain);
  if (auto* retrain = std::get_if<Retrain>(&stage)) visit(*retrain);
}

}  // namespace

Recipe without_training(const Recipe& recipe, bool has_images) {
  Recipe result = recipe;
  for (Stage& stage : result.stages) {
    each_retraining(stage, [](Retrain& retrain) { retrain.options.epochs = 0; });
    if (auto* reconstruct = std::get_if<Reconstruct>(&stage))
      reconstruct->drawn |= reconstruct->tolerance > 0 && !has_images;
  }
  // What only refits takes no other number of bytes.
  std::erase_if(result.stages, [](const Stage& s) {
    const auto* reconstruct = std::get_if<Reconstruct>(&s);
    return reconstruct && !reconstruct->drawn && reconstruct->tolerance == 0;
  });
  return result;
}

bool trains(const Recipe& recipe) {
  bool any = searches(recipe);
  for (Stage stage : recipe.stages)
    each_retraining(stage, [&](const Retrain& retrain) { any |= retrain.options.epochs > 0; });
  return any;
}

bool searches(const Recipe& recipe) {
  return std::ranges::any_of(recipe.stages,
                             [](const Stage& stage) { return std::holds_alternative<Search>(stage); });
}

Graph shippable(Graph graph, const Recipe& recipe) {
  std::erase_if(graph.metadata, [](const auto& entry) { return entry.first.starts_with("train."); });
  if (!recipe.name.empty()) graph.metadata["recipe"] = recipe.name;
  return graph;
}

WriteOptions write_options(const Recipe& recipe) {
  for (const Stage& stage : recipe.stages)
    if (const Code* code = std::get_if<Code>(&stage)) return code->options;
  return {};
}

}  // namespace netsuke::recipe
