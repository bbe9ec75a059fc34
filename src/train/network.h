// A graph ready to compute and to learn. Behind this header is torch, and nothing of it shows here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"
#include "train/group.h"
#include "train/train.h"
#include "train/trained_weight.h"

namespace netsuke::train {

/// How a batch's answers are judged: cross-entropy against the labels (smoothed: the true class gets
/// 1 - smoothing, and all share the rest), mixed with the teacher's soft answers (Hinton 2015, section 2).
struct Objective {
  double label_smoothing = 0;
  double distill_alpha = 0;
  double distill_temperature = 1;
  bool match_logits = false;
};
Objective objective_of(const Options& options);

/// What a training pass computes otherwise than the graph says: see Options of these names.
struct Numerics {
  const BinaryGradient* binary_gradient = &binary_gradients()[0];
  bool smooth_sign = false;
  bool bf16 = false;
  bool surgery = false;
};
/// Throws Error(usage) if this machine cannot compute so.
Numerics numerics_of(const Options& options);

/// What a batch should be answered with.
struct Targets {
  std::span<const int64_t> labels;  ///< -1: none
  /// Of mixed images: the loss is share x that of `labels` + (1 - share) x that of these; may be empty.
  std::span<const int64_t> other_labels;
  double share = 1;
  std::span<const float> teacher_scores;  ///< before softmax; may be empty
};

struct BatchResult {
  double loss = 0;       ///< mean over the batch
  int64_t wrong = 0;     ///< images that have a label, which is not that of their highest score
  int64_t labelled = 0;  ///< images that have a label
};

/// Threads for torch and its BLAS (0: one a core), and denormals flushed; before anything else here is
/// called.
void set_up_torch(int threads);

class Network {
 public:
  /// The graph must have one input and one output of scores (NC, or NC11); a final Softmax or
  /// LogSoftmax is looked through. Weights, biases and slopes learn; operands of arithmetic stay as they
  /// are, and so does all that the first `frozen` nodes have.
  explicit Network(const Graph& graph, size_t frozen = 0, const Numerics& numerics = {});
  ~Network();

  /// One constant that learns, with its gradient of the last learn().
  struct Learned {
    ValueId value;
    TrainedWeight weight;
    bool is_bias = false;  ///< or a scale or slope: weight decay is not for them
    bool is_depthwise = false;
  };
  std::vector<Learned>& learned();
  /// Running means and variances of batch norms: measured in passing, not learned; always dense.
  std::vector<Learned>& measured();

  /// From now on gradients are the means over all processes of the group, which outlives this.
  void join(Group& group);
  /// A training pass: fills gradient(i) for every learned()[i].
  BatchResult learn(std::span<const float> images, const Targets& targets, const Objective& objective,
                    uint64_t dropout_seed);
  /// As learn(), but the network computes as in inference: nothing drops, and batch norms keep to their
  /// running statistics.
  BatchResult differentiate(std::span<const float> images, std::span<const int64_t> labels);
  /// dL/ddense of learned()[i].
  std::span<const float> gradient(size_t i) const;
  /// Inference against labels, in fp32 as the file will be run; the loss is the plain cross-entropy.
  BatchResult judge(std::span<const float> images, std::span<const int64_t> labels) const;
  /// Inference in the precision of training: scores before the softmax, [images, classes].
  std::vector<float> logits(std::span<const float> images) const;
  /// Inference by libtorch alone: the graph's own output.
  netsuke::Tensor output(const netsuke::Tensor& input) const;

  /// The graph as it was given, with the weights as they are now.
  Graph graph() const;

 private:
  struct Torch;
  std::unique_ptr<Torch> torch_;
};

}  // namespace netsuke::train
