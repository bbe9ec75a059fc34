// The training loop.
#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/error.h"

#include "train/batches.h"
#include "train/checkpoint.h"
#include "train/network.h"
#include "train/optimizer.h"
#include "train/teachers.h"

namespace netsuke::train {

/// One call of train(): its network, and where in the run it is.
class Trainer {
 public:
  /// The arguments of train(), already checked; they outlive this.
  Trainer(const Graph& graph, const Dataset& data, const Dataset* validation,
          const std::vector<Graph>& teachers, const Options& options, const Log& log);

  Result run();

 private:
  void resume();
  void train_epoch();
  void train_step(const Batch& batch);
  void update_weights();
  OptimizerStep optimizer_step() const;
  void update_average();
  void finish_epoch();
  bool is_best() const;
  void judge_epoch(Epoch& epoch);
  BatchResult judge(const Dataset& data) const;
  [[noreturn]] void rate_is_too_high(std::string_view what) const;
  void check_loss(double loss) const;
  void check_weights();
  void check_same_run();
  void check_same(const std::vector<double>& numbers, std::string_view complaint);
  double train_error() const;
  void shorten();
  void save();
  void save_midway();
  void save_now_and_then();
  void stop_if_asked();
  void share_step(BatchResult& result);
  void share_statistics();
  [[noreturn]] void give_up(const Error& lost);
  void report_progress();
  void report_epoch() const;

  Snapshot snapshot();
  void restore(const Snapshot& snapshot);

  int64_t epoch() const { return state_.step / batches_.per_epoch(); }
  int64_t planned_steps() const { return options_.epochs * batches_.per_epoch(); }
  /// Epochs of the run, the last of which may be cut short.
  int64_t epochs() const { return (state_.steps - 1) / batches_.per_epoch() + 1; }
  /// Steps done of the epoch that the last one was of.
  int64_t steps_of_epoch() const { return (state_.step - 1) % batches_.per_epoch() + 1; }

  const Clock::time_point start_ = Clock::now();
  const Dataset* validation_;
  const Options& options_;
  const World world_;
  const Log log_;  ///< says nothing but for rank 0
  Preprocess preprocess_;
  Network network_;
  const Optimizer& optimizer_;
  std::unique_ptr<Group> group_;  ///< none when alone
  bool stopping_ = false;         ///< on any rank
  Teachers teachers_;
  Batches batches_;
  Checkpoint state_;           ///< its `now` is filled only when it is saved
  int64_t steps_in_time_ = 0;  ///< what `state_.steps` is to become
  int64_t timed_steps_ = 0;    ///< since this object began
  double step_seconds_ = 0;    ///< that these took
  double judge_seconds_ = 0;   ///< that the last judgement took
  Clock::time_point epoch_start_;
  double data_rate_ = 0;  ///< images/s that could be made in this epoch: see Prefetch
  double waited_ = 0;     ///< for them, share of the time
  Clock::time_point last_report_;
  Clock::time_point last_save_;
};

}  // namespace netsuke::train
