// A recipe: the stages that make a network small, as a TOML file.
//
//   name = "deep-compression"
//   [retraining]                     # defaults of every retraining below
//   rate = 0.1                       # of the learning rate the model was trained with
//   [[stage]]
//   do = "prune"
//   density = { conv = 0.4, linear = 0.06, ip2 = 0.2 }
//   rounds = 4                       # iterative: prune a little, retrain, prune more
//   retrain = { epochs = 2 }
//   [[stage]]
//   do = "share"
//   bits = { conv = 8, linear = 5 }
//   retrain = { epochs = 2 }         # centroid fine-tuning
//   [[stage]]
//   do = "code"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compress/binarize.h"
#include "compress/low_rank.h"
#include "compress/prune.h"
#include "compress/share.h"
#include "model/write.h"
#include "train/train.h"

namespace netsuke::recipe {

/// Training under the constraints that the encodings state: masks after pruning, shared centroids after
/// sharing.
struct Retrain {
  Retrain() { options.epochs = 0; }     ///< none unless asked for
  train::Options options;               ///< its learning rate is ignored: see the next two
  double rate = 0.1;                    ///< times the model's own learning rate (Han 2015: a tenth)
  std::optional<double> learning_rate;  ///< or an absolute one
  bool teacher_is_original = false;     ///< learn from the dense original as well
};

struct Prune {
  compress::PerLayer<double> density;  ///< one of the three is given
  compress::PerLayer<double> quality;
  std::optional<double> global_density;
  bool by_quality = false;
  int rounds = 1;
  compress::Schedule schedule = compress::Schedule::geometric;
  bool adjust_dropout = true;  ///< D_r = D_o sqrt(C_ir / C_io)
  bool remove_dead = true;
  Retrain retrain;  ///< after every round; none if its epochs are 0
};

struct Share {
  compress::ShareOptions options;
  Retrain retrain;  ///< centroid fine-tuning
};

struct Round {
  compress::PerLayer<int> bits;
};

struct Binarize {
  compress::BinarizeOptions options;
  /// One step with the above: no file keeps the real weights behind the signs.
  Retrain retrain;
};

/// Batch norms become part of the layers beside them, or thresholds of signs: fewer bytes, but no retraining
/// after.
struct Fold {};

struct LowRank {
  compress::LowRankOptions options;
  Retrain retrain;
};

/// Layers refitted to the original's answers on images, which need no labels: see recipe/reconstruct.h.
struct Reconstruct {
  bool drawn = false;  ///< images from data/drawn.h, whatever data there is
  bool recode = true;  ///< shared weights take new codes as well (compress/recode.h)
  /// Weights are shared anew too, by the fewest bits that add no more than this to a layer's error, in shares
  /// of the answers' energy: so much for a layer of as many weights as they have on average, for others times
  /// the square root of their share of that. Values are the original's again, what retraining made of them is
  /// lost. 0: weights keep their centroids.
  double tolerance = 0;
  int images = 128;
  int64_t rows = 16384;        ///< places of these images that a layer is fitted to
  int64_t most_inputs = 2304;  ///< of a filter: memory and time grow with its square and cube
  double ridge = 0.003;        ///< times the mean square input: how much values hold on to what they are
};

/// Images that a tolerance needs: every fourth one is what the others' fit is judged by.
constexpr int kLeastToJudgeBy = 4;

/// What a file must keep to. Any may be left away, but not all.
struct Budget {
  std::optional<double> max_drop;      ///< points of top-1 below the original's, on the validation images
  std::optional<int64_t> target_size;  ///< bytes of the file
  std::optional<double> target_ms;     ///< of one image, on this machine
  bool any() const { return max_drop || target_size || target_ms; }
};
/// Throws Error(usage) naming the flag for a budget that nothing can keep: a negative one, no size, no time.
void check(const Budget& budget);

/// The smallest file within a budget: attempts that each ask the allocator (compress/allocate.h) for fewer
/// bytes, retrain, share and are measured.
struct Search {
  Budget budget;
  double first_step = 0.4;   ///< of the bytes of the attempt before, while next to nothing is lost
  double step = 0.75;        ///< of the bytes of the attempt before, once the first points are lost
  double least_step = 0.03;  ///< ends where the next attempt would be smaller by less than this share
  /// All attempts together; a retraining that would take longer is shortened. 0: as long as it takes.
  double minutes = 0;
  int most_clusters = 32;
  int vector_bits = 8;  ///< of biases and batch norms
  int64_t curvature_images = 2048;
  /// Where there are too few images to retrain by, each layer is refitted to the original's answers on so
  /// many of them before; 0: never.
  int refit_images = 256;
  Retrain pruned;  ///< after pruning; its epochs double where an attempt fails
  Retrain shared;  ///< centroid fine-tuning
};

struct Code {
  WriteOptions options;
};

using Stage = std::variant<Prune, Retrain, Share, Round, Binarize, Fold, LowRank, Reconstruct, Search, Code>;

struct Recipe {
  std::string name;
  std::string about;
  std::vector<Stage> stages;
  std::string text;  ///< the TOML it was read from: what tells one recipe from another
};

/// Throws Error(input) naming `what`, the line, the unknown key with its nearest match, or the stage that
/// stands where it must not (anything after "code").
Recipe parse_recipe(std::string_view toml, const std::string& what);

/// A name ("deep-compression", looked for in the recipes folders) or a path.
Recipe load_recipe(const std::string& name_or_path);

/// "automatic", "range", "huffman", "symbols" or "plain"; throws Error(usage) otherwise.
Coder parse_coder(std::string_view name);

/// The same stages with no epoch of training anywhere: what they make of the weights as they are, which tells
/// how many bytes and milliseconds the recipe will give. Where bits depend on images these are drawn, unless
/// there are some.
Recipe without_training(const Recipe& recipe, bool has_images = false);

/// True if any stage trains.
bool trains(const Recipe& recipe);

/// True if a stage searches.
bool searches(const Recipe& recipe);

/// What is worth shipping: what training needed to know is not, the recipe's name is.
Graph shippable(Graph graph, const Recipe& recipe);

/// How the file is to be written: the code stage's options, or the defaults.
WriteOptions write_options(const Recipe& recipe);

}  // namespace netsuke::recipe
