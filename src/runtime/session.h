// A plan with the memory and the threads to run it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "kernels/aligned.h"
#include "runtime/plan.h"
#include "runtime/run.h"
#include "tensor/tensor.h"

namespace netsuke::runtime {

struct SessionOptions {
  int threads = 1;     ///< the caller's among them; 0 takes one for each core
  int max_batch = 0;   ///< images a thread computes at a time, which bounds memory; 0 chooses
  bool timed = false;  ///< measures every step, for explain()
};

/// One step as people are told about it.
struct StepReport {
  std::string name;         ///< the node's
  std::string_view op;      ///< "conv2d"
  std::string_view kernel;  ///< "conv_gemm"; "reference" where no kernel exists
  std::string activation;   ///< the ReLU or clip that the step does too, or empty
  int64_t macs = 0;         ///< for one image
  double ms = 0;            ///< thread time for one image, the mean since forget_times(); 0 if not timed
  size_t weight_bytes = 0;  ///< what the kernel's form of the weights takes in memory
  std::string refused;      ///< why other kernels were not taken, or empty
};

/// Runs batches of any size. With several threads, each computes whole images of its own as long as there are
/// enough of them; a batch smaller than the number of threads shares the work within each step. One thread
/// may use a session at a time; any number of sessions may share a plan.
class Session {
 public:
  explicit Session(std::shared_ptr<const Plan> plan, SessionOptions options = {});
  explicit Session(const Graph& graph, SessionOptions options = {}, PlanOptions plan = {});

  const Plan& plan() const { return *plan_; }
  /// Values of one image at the input and at the output.
  size_t input_size() const { return input_size_; }
  size_t output_size() const { return plan_->output.size(); }

  /// `batch` images, one after the other, to as many results. Throws Error(usage) if a length is not batch
  /// times input_size() or output_size().
  void run(std::span<const float> in, int64_t batch, std::span<float> out);
  /// The same with shapes: [N, ...] to [N, ...].
  Tensor run(const Tensor& in);

  std::vector<StepReport> explain() const;
  /// Begins the means of explain() anew.
  void forget_times();

 private:
  // What one thread needs to compute images by itself.
  struct Lane {
    kernels::AlignedFloats scratch;
    kernels::AlignedFloats arena;
    Workers alone{nullptr, {}};   // this thread without the others
    std::vector<double> seconds;  // spent in each step, if timed
    int64_t images = 0;           // that were timed
  };

  void run_apart(const float* in, size_t images, float* out);
  void run_together(const float* in, size_t images, float* out);
  void run_piece(Lane& lane, Workers& workers, const float* in, size_t images, float* out);
  void run_steps(Lane& lane, Workers& workers, const Batch& batch);
  void reserve(Lane& lane, size_t images) const;

  std::shared_ptr<const Plan> plan_;
  SessionOptions options_;
  Threads threads_;
  std::vector<Lane> lanes_;  // one a thread
  Workers together_;
  size_t input_size_ = 0;
  size_t piece_ = 1;  // most images a thread computes at a time
};

}  // namespace netsuke::runtime
