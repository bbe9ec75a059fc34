// Training as a function Graph -> Graph. No libtorch here: this header is all that other rooms see of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "data/dataset.h"
#include "graph/graph.h"

namespace netsuke::train {

struct Epoch {
  double loss = 0;              ///< mean training loss
  double train_error = 0;       ///< per cent of the labelled images as they passed, augmented; -1: none are
  double validation_error = 0;  ///< per cent; negative without a validation set
  double validation_loss = 0;
  double seconds = 0;
};

constexpr double kNoTime = 1e-6;  ///< minutes, as Options::minutes when none are left: 0 is no bound

struct Options {
  int epochs = 10;
  int batch = 64;
  double learning_rate = 0.05;
  std::string optimizer = "sgd";  ///< or "adam", "adamw", "rmsprop": formulas in train/optimizer.h
  double momentum = 0.9;          ///< Adam's beta1
  double beta2 = 0;               ///< Adam's, or RMSprop's alpha; 0: 0.999, or 0.99 of RMSprop
  double epsilon = 1e-8;          ///< of Adam and RMSprop
  bool nesterov = true;           ///< of SGD
  double weight_decay = 5e-4;     ///< on weights of two dimensions or more; not on biases, norms, centroids
  /// Weight decay on depthwise convolutions too; MobileNet advises against (Howard 2017, section 3.2).
  bool decay_depthwise = true;
  double clip_norm = 0;  ///< all gradients together are shortened to this length; 0: as they are
  /// Decay a step of a moving average of the weights, which is judged and returned in their place; 0: none.
  double average = 0;
  /// "constant", "step" (x0.1 at 1/2 and 3/4), "cosine", "linear" or "polynomial" (all three to 0).
  std::string schedule = "cosine";
  double power = 2;  ///< of the polynomial schedule: (1 - progress)^power
  double warmup_epochs = 0;
  double label_smoothing = 0;
  int shift = 0;      ///< augmentation: random shift by up to this many pixels each way, zeros come in
  bool flip = false;  ///< augmentation: mirror left-right half of the time
  double rotate = 0;  ///< augmentation: random rotation by up to this many degrees, bilinear
  double zoom = 0;    ///< augmentation: random scaling by a factor in [1 - zoom, 1 + zoom]
  /// Augmentation: a random part of the image, of at least this share of its area and an aspect of 3/4 to
  /// 4/3, resized to the whole (Szegedy 2015, section 6); 0 is off.
  double crop = 0;
  /// Augmentation: brightness, contrast and saturation by factors in [1 - jitter, 1 + jitter].
  double jitter = 0;
  int cutout = 0;  ///< augmentation: a square of this many pixels a side becomes grey (DeVries 2017)
  /// Each image is changed in that many ways, drawn once, of which every epoch shows the next: teachers then
  /// answer each of them once. 0: anew every epoch.
  int versions = 0;
  /// Pairs of images and their labels are mixed in shares drawn from Beta(mixup, mixup) (Zhang 2018); 0 to 1.
  double mixup = 0;
  uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores
  /// With a validation set: return the weights of the epoch that was best on it (fewest errors, then lowest
  /// loss) rather than the last.
  bool keep_best = true;
  /// Distillation from the teachers: loss = alpha T^2 soft + (1 - alpha) hard (Hinton 2015, section 2). 0 is
  /// off.
  double distill_alpha = 0;
  double distill_temperature = 4;
  /// The soft part is half the mean squared difference of the scores, each less their mean: what soft targets
  /// become at high temperatures (Hinton 2015, section 2.1). The temperature is then ignored.
  bool match_logits = false;
  /// How the gradient passes the signs of binary weights to the real ones behind them: rows of
  /// train/binary_gradient.h.
  std::string binary_gradient = "paper";
  /// How it passes the signs of binary inputs: "clipped", by 1 where |x| < 1 (XNOR-Net), or "smooth", by
  /// 2 - 2 |x| there (Bi-Real Net, Liu 2018, equation 6).
  std::string sign_gradient = "clipped";
  /// Pruned weights come back where they grow larger than kept ones, which then go: as many are kept as
  /// before (dynamic network surgery, Guo 2016).
  bool surgery = false;
  /// "fp32", or "bf16": convolutions multiply bfloat16 numbers, add up in fp32, and hand on bfloat16, as do
  /// the operators between them, teachers' too. Weights, their gradients' sums, statistics, the loss and all
  /// judging stay fp32.
  std::string precision = "fp32";
  /// A file for the teachers' answers, so that they run once for any number of students; empty for none.
  std::string teacher_answers;
  /// Nodes up to and with the one of this name keep their weights, and their batch norms the statistics that
  /// they have; empty: everything learns.
  std::string freeze;
  /// Where to keep a checkpoint after every epoch, every `checkpoint_minutes` and at Ctrl-C; empty for none.
  std::string checkpoint;
  double checkpoint_minutes = 10;
  /// How long train() may take, judging included; 0: as long as it takes. Where that is too short for all
  /// epochs it ends after as many steps as there is time for, and its schedule with it: the result then
  /// depends on the machine. It is at least one step.
  double minutes = 0;
  /// Called after every epoch with all of the run so far.
  std::function<void(const std::vector<Epoch>&)> after_epoch = [](const std::vector<Epoch>&) {};
  /// Once all is checked, with the epochs that a resumed run has behind it.
  std::function<void(const std::vector<Epoch>&)> before_training = [](const std::vector<Epoch>&) {};
  bool resume = false;  ///< go on from `checkpoint` if it exists; the result is that of an uninterrupted run
};

struct Result {
  Graph graph;  ///< the same encodings as went in, with trained values
  std::vector<Epoch> epochs;
  int best_epoch = 0;  ///< index into epochs whose weights `graph` holds
};

/// Trains on softmax cross-entropy of the graph's output (a final Softmax node
/// is looked through). What the encodings state stays true: Sparse keeps its mask (or, under surgery, its
/// number of weights) and Codebook forms learn
/// their centroids, whose gradient is the sum over their weights (Deep Compression, equation 3). Batch norms
/// use batch statistics and update their running ones. Deterministic for a given seed and number of threads.
/// Throws Error(interrupted) at Ctrl-C after writing the checkpoint.
///
/// Images of label -1 have none: they count for the soft part of a distillation alone.
Result train(const Graph& graph, const Dataset& data, const Dataset* validation,
             const std::vector<Graph>& teachers, const Options& options, const Log& log);

struct CurvatureOptions {
  int64_t images = 2048;  ///< of the data set, drawn by the seed; all of them where there are fewer
  uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores
};

/// The diagonal of the Fisher information, by ValueId: for every element of a constant that learns the mean
/// over images and over labels drawn from the network's own answers of (d -log p(label) / d weight)^2; empty
/// for all other values. Half of it times the square of a small change is how much the loss grows (Optimal
/// Brain Damage, LeCun 1990, equation 5, with the Fisher information for the Hessian). The data set's labels
/// are not looked at. Throws as train() does.
std::vector<std::vector<float>> curvature(const Graph& graph, const Dataset& data,
                                          const CurvatureOptions& options, const Log& log);

/// Class scores by libtorch, [images, classes]: the second opinion that tests hold the runtime against.
Tensor infer(const Graph& graph, const Tensor& input);

/// The functions of the training module, which is loaded on demand so that verbs that do not train never pay
/// for it.
struct Module {
  decltype(&train::train) train;
  decltype(&train::infer) infer;
  decltype(&train::curvature) curvature;
};

/// Opens the module beside the program or in its library folder. Throws Error(unsupported) saying what to
/// install or build when it is absent.
const Module& module();

}  // namespace netsuke::train
