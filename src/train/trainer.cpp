#include "train/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "base/catalog.h"
#include "base/error.h"
#include "base/random.h"
#include "base/rounded.h"
#include "train/head.h"
#include "train/schedule.h"

namespace netsuke::train {
namespace {

constexpr uint64_t kDropoutStream = 3;  // of the run's seed; batches.cpp has the others
constexpr int64_t kJudgeBatch = 256;
constexpr auto kReportEvery = std::chrono::milliseconds(200);
constexpr double kTimedShare = 0.02;      ///< of the time: how long steps take is known behind it
constexpr double kJudgeOfStep = 1.0 / 3;  ///< an image judged, of one learned from: no backward pass

double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

/// Rank 0 speaks for all.
Log heard(const Log& log, const World& world) {
  if (world.rank == 0) return log;
  Log silent;
  silent.stop = log.stop;
  return silent;
}

Teachers answering(const std::vector<Graph>& graphs, const Dataset& data, const Options& options,
                   const Log& log) {
  Teachers teachers(graphs, options, log);
  teachers.answer(data, options);
  return teachers;
}

/// What shortens the gradients, taken as one vector, to the length `most` (Pascanu 2013, algorithm 1).
float clipping(std::span<const std::span<const float>> gradients, double most) {
  double squares = 0;
  for (const std::span<const float> gradient : gradients)
    for (const float g : gradient) squares += static_cast<double>(g) * static_cast<double>(g);
  const double norm = std::sqrt(squares);
  return norm > most ? static_cast<float>(most / norm) : 1;
}

}  // namespace

Trainer::Trainer(const Graph& graph, const Dataset& data, const Dataset* validation,
                 const std::vector<Graph>& teachers, const Options& options, const Log& log)
    : validation_(validation),
      options_(options),
      world_(world_from_environment()),
      log_(heard(log, world_)),
      preprocess_(netsuke::preprocess_of(graph)),
      network_(graph, nodes_until(graph, options.freeze), numerics_of(options)),
      optimizer_(find_row(optimizers(), options.optimizer, "optimizer")),
      teachers_(answering(teachers, data, options, log_)),
      batches_(data, preprocess_, teachers_.wanted(), options, world_) {
  if (network_.learned().empty())
    fail(ErrorCode::usage, "--freeze ", options.freeze, ": leaves nothing of ", graph.name, " to train");
  // However many processes share a batch, the run is the same.
  Options whole = options;
  whole.batch = static_cast<int>(batches_.batch_size());
  if (!options.checkpoint.empty() || !world_.alone())
    state_.fingerprint = fingerprint(graph, data, validation, teachers, whole);
  if (!world_.alone()) {
    group_ = std::make_unique<Group>(world_);
    check_same_run();
    network_.join(*group_);
  }
  for (Network::Learned& l : network_.learned()) {
    state_.first.emplace_back(l.weight.free_values().size());
    state_.second.emplace_back(optimizer_.has_second ? l.weight.free_values().size() : 0);
  }
  if (options.average > 0) state_.average = snapshot();
  state_.steps = steps_in_time_ = planned_steps();
}

/// All processes must have been given the same network, images and options.
void Trainer::check_same_run() {
  constexpr uint64_t kPart = 1 << 16;  // squares of which are exact
  std::vector<double> parts;
  for (int i = 0; i < 4; ++i) parts.push_back(static_cast<double>((state_.fingerprint >> (16 * i)) % kPart));
  check_same(parts, "were not given the same network, images and settings");
}

/// Numbers are the same on all processes where their sum and that of their squares are those of one's.
void Trainer::check_same(const std::vector<double>& numbers, std::string_view complaint) {
  std::vector<double> sums = numbers;
  for (const double number : numbers) sums.push_back(number * number);
  group_->sum(sums);
  const double n = world_.size;
  for (size_t i = 0; i < numbers.size(); ++i)
    if (sums[i] != n * numbers[i] || sums[numbers.size() + i] != n * numbers[i] * numbers[i])
      fail(ErrorCode::usage, "process ", world_.rank, " of ", world_.size, ": the processes ", complaint);
}

Result Trainer::run() {
  last_save_ = Clock::now();
  if (options_.resume) resume();
  // A process that does not see the checkpoint would begin anew beside one that goes on.
  if (group_)
    check_same({static_cast<double>(state_.step)},
               "did not go on from the same step: all need to see the checkpoint");
  if (world_.rank == 0) options_.before_training(state_.epochs);
  while (state_.step < state_.steps) train_epoch();
  if (state_.steps < planned_steps())
    log_.line(cat("there was time for ", state_.steps, " of ", planned_steps(), " steps of the ",
                  options_.epochs, " epochs"));
  if (!state_.best.learned.empty()) restore(state_.best);
  return {network_.graph(), state_.epochs, state_.best_epoch};
}

void Trainer::resume() {
  if (options_.checkpoint.empty())
    fail(ErrorCode::usage, "resume: no checkpoint file is named to go on from");
  if (!std::filesystem::exists(options_.checkpoint)) {
    log_.line(cat("--resume: there is no ", options_.checkpoint, ", so the training begins anew"));
    return;
  }
  state_.now = snapshot();
  state_ = read_checkpoint(options_.checkpoint, state_);
  restore(state_.now);
  steps_in_time_ = state_.steps;
  log_.line(
      cat("going on from ", options_.checkpoint, " after ", state_.step, " of ", state_.steps, " steps"));
}

void Trainer::train_epoch() {
  const int64_t end = (epoch() + 1) * batches_.per_epoch();
  const int64_t first = state_.step;
  const Clock::time_point start = epoch_start_ = Clock::now();
  Prefetch prefetch(batches_, state_.step, end);
  while (state_.step < std::min(end, state_.steps)) {
    stop_if_asked();
    const Clock::time_point step_start = Clock::now();
    try {
      train_step(prefetch.next());
    } catch (const Error& error) {
      if (!group_ || error.code() != ErrorCode::interrupted) throw;
      give_up(error);
    }
    step_seconds_ += seconds_since(step_start);
    ++timed_steps_;
    if (options_.minutes > 0) shorten();
    report_progress();
    // Behind the last step the epoch is not over: it is saved when it is judged.
    if (state_.step < std::min(end, state_.steps)) save_now_and_then();
  }
  // Of a resumed epoch the part since then.
  data_rate_ = static_cast<double>((state_.step - first) * batches_.batch_size()) / prefetch.making();
  waited_ = prefetch.waiting() / seconds_since(start);
  finish_epoch();
}

void Trainer::train_step(const Batch& batch) {
  const auto step = static_cast<uint64_t>(state_.step);
  const uint64_t draw = step * static_cast<uint64_t>(world_.size) + static_cast<uint64_t>(world_.rank);
  const uint64_t dropout_seed = Random(Random(options_.seed, kDropoutStream).next(), draw).next();
  std::vector<float> teacher_scores;
  if (teachers_.any()) teacher_scores = teachers_.scores(batch);
  const Targets targets{batch.labels, batch.other_labels, batch.share, teacher_scores};
  BatchResult result = network_.learn(batch.images, targets, objective_of(options_), dropout_seed);
  if (group_) share_step(result);
  check_loss(result.loss);
  update_weights();
  state_.loss_sum += result.loss;
  state_.wrong += result.wrong;
  state_.labelled += result.labelled;
  ++state_.step;
}

/// The loss and errors of the whole batch, whether any process was asked to stop, and how many steps rank 0
/// has time for.
void Trainer::share_step(BatchResult& result) {
  std::array<double, 5> shared{result.loss / world_.size, static_cast<double>(result.wrong),
                               static_cast<double>(result.labelled), log_.stopping() ? 1.0 : 0.0,
                               world_.rank == 0 ? static_cast<double>(steps_in_time_) : 0.0};
  group_->sum(shared);
  result = {shared[0], static_cast<int64_t>(shared[1]), static_cast<int64_t>(shared[2])};
  stopping_ = shared[3] > 0;
  state_.steps = std::max(static_cast<int64_t>(shared[4]), state_.step + 1);
}

/// To the steps that there is time for, with the judgements between and behind them. Never to more than
/// before: a schedule does not go back.
void Trainer::shorten() {
  const double seconds = 60 * options_.minutes, each = step_seconds_ / static_cast<double>(timed_steps_);
  double judging = judge_seconds_;
  if (judging == 0 && validation_)
    judging = kJudgeOfStep * each * static_cast<double>(validation_->size()) /
              static_cast<double>(batches_.batch_size());
  const double left = seconds - seconds_since(start_) - judging;
  if (left > 0 && step_seconds_ < kTimedShare * seconds) return;
  const double judged_step = each + judging / static_cast<double>(batches_.per_epoch());
  const double more = std::max(0.0, left) / judged_step;
  if (more < static_cast<double>(steps_in_time_ - state_.step))
    steps_in_time_ = state_.step + static_cast<int64_t>(more);
  if (!group_) state_.steps = steps_in_time_;
}

/// Running statistics of batch norms are each process's own until here.
void Trainer::share_statistics() {
  for (Network::Learned& l : network_.measured()) {
    const std::span<float> values = l.weight.free_values();
    std::vector<double> sums(values.begin(), values.end());
    group_->sum(sums);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(sums[i] / world_.size);
    l.weight.expand();
  }
}

/// The step that failed has changed no weight: what is kept is whole.
void Trainer::give_up(const Error& lost) {
  if (world_.rank != 0 || options_.checkpoint.empty()) throw lost;
  save_midway();
  fail(ErrorCode::interrupted, lost.what(), "; ", options_.checkpoint, " is kept, resume with --resume");
}

OptimizerStep Trainer::optimizer_step() const {
  OptimizerStep step;
  step.rate = static_cast<float>(learning_rate(options_, state_.step, state_.steps));
  step.momentum = static_cast<float>(options_.momentum);
  step.beta2 = static_cast<float>(options_.beta2 > 0 ? options_.beta2 : optimizer_.beta2);
  step.epsilon = static_cast<float>(options_.epsilon);
  step.weight_decay = static_cast<float>(options_.weight_decay);
  step.nesterov = options_.nesterov;
  step.number = state_.step + 1;
  return step;
}

void Trainer::update_weights() {
  std::vector<std::span<const float>> gradients;
  for (size_t i = 0; i < network_.learned().size(); ++i) {
    const std::span<const float> dense = network_.gradient(i);
    gradients.push_back(dense.empty() ? dense : network_.learned()[i].weight.free_gradient(dense));
  }
  OptimizerStep decaying = optimizer_step();
  if (options_.clip_norm > 0) decaying.gradient_scale = clipping(gradients, options_.clip_norm);
  OptimizerStep plain = decaying;
  plain.weight_decay = 0;
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i].empty()) continue;
    Network::Learned& learned = network_.learned()[i];
    const bool decays =
        !learned.is_bias && !learned.weight.shared() && (options_.decay_depthwise || !learned.is_depthwise);
    optimizer_.step(learned.weight.free_values(), gradients[i], state_.first[i], state_.second[i],
                    decays ? decaying : plain);
    learned.weight.expand();
  }
  if (options_.average > 0) update_average();
}

void Trainer::update_average() {
  // Younger than the decay asked for, an average would still hold the random weights of the start.
  const auto steps = static_cast<double>(state_.step);
  const auto moved = static_cast<float>(1 - std::min(options_.average, (1 + steps) / (10 + steps)));
  const auto follow = [moved](std::vector<std::vector<float>>& averages,
                              std::vector<Network::Learned>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const std::span<const float> now = values[i].weight.free_values();
      for (size_t j = 0; j < now.size(); ++j) averages[i][j] += moved * (now[j] - averages[i][j]);
    }
  };
  follow(state_.average.learned, network_.learned());
  follow(state_.average.measured, network_.measured());
}

void Trainer::rate_is_too_high(std::string_view what) const {
  fail(ErrorCode::usage, what, ": the learning rate ", options_.learning_rate,
       " is too high for this network, try a tenth of it");
}

void Trainer::check_loss(double loss) const {
  if (std::isfinite(loss)) return;
  rate_is_too_high(cat("the loss is no longer a finite number in epoch ", epoch() + 1, ", step ",
                       state_.step % batches_.per_epoch() + 1));
}

/// What the last step of an epoch did is seen by no later one.
void Trainer::check_weights() {
  for (std::vector<Network::Learned>* all : {&network_.learned(), &network_.measured()})
    for (Network::Learned& l : *all)
      for (const float value : l.weight.free_values())
        if (!std::isfinite(value))
          rate_is_too_high(
              cat("a weight is no longer a finite number behind epoch ", state_.epochs.size() + 1));
}

void Trainer::finish_epoch() {
  if (group_) share_statistics();
  Epoch e;
  e.loss = state_.loss_sum / static_cast<double>(steps_of_epoch());
  e.train_error = train_error();
  e.seconds = state_.seconds + seconds_since(epoch_start_);
  e.validation_error = -1;
  state_.loss_sum = state_.seconds = 0;
  state_.wrong = state_.labelled = 0;
  check_weights();
  const bool averages = options_.average > 0;
  const Snapshot now = averages ? snapshot() : Snapshot();
  if (averages) restore(state_.average);
  judge_epoch(e);
  if (averages) restore(now);
  report_epoch();
  if (!options_.checkpoint.empty()) save();
  if (world_.rank == 0) options_.after_epoch(state_.epochs);
}

/// Adds what the validation set says of the weights as they are, and keeps them if they are the best so far.
void Trainer::judge_epoch(Epoch& e) {
  if (validation_) {
    const Clock::time_point start = Clock::now();
    const BatchResult judged = judge(*validation_);
    judge_seconds_ = seconds_since(start);
    if (judged.labelled == 0)
      fail(ErrorCode::input, validation_->name(), ": has no image that can be decoded");
    e.validation_error = percent(judged.wrong, judged.labelled);
    e.validation_loss = judged.loss;
    if (!std::isfinite(judged.loss))
      rate_is_too_high(cat("the loss on the validation images is no finite number behind epoch ",
                           state_.epochs.size() + 1));
  }
  state_.epochs.push_back(e);
  if (!is_best()) return;
  state_.best_epoch = static_cast<int>(state_.epochs.size()) - 1;
  // Without a choice to make, the weights at the end are the result.
  if ((validation_ && options_.keep_best) || options_.average > 0) state_.best = snapshot();
}

/// Of the epoch just finished: the last one is best where there is nothing to choose by.
bool Trainer::is_best() const {
  if (!validation_ || !options_.keep_best || state_.epochs.size() == 1) return true;
  const Epoch& best = state_.epochs[static_cast<size_t>(state_.best_epoch)];
  const Epoch& now = state_.epochs.back();
  return std::pair(now.validation_error, now.validation_loss) <
         std::pair(best.validation_error, best.validation_loss);
}

/// Of the images that can be decoded: those that cannot have no label.
BatchResult Trainer::judge(const Dataset& data) const {
  BatchResult total;
  for (int64_t first = 0; first < data.size(); first += kJudgeBatch) {
    const int64_t count = std::min(kJudgeBatch, data.size() - first);
    const Batch batch = plain_batch(data, preprocess_, first, count);
    const BatchResult result = network_.judge(batch.images, batch.labels);
    total.loss += result.loss * static_cast<double>(count);
    total.wrong += result.wrong;
    total.labelled += result.labelled;
  }
  total.loss /= static_cast<double>(std::max<int64_t>(1, total.labelled));
  return total;
}

Snapshot Trainer::snapshot() {
  Snapshot snapshot;
  const auto copy = [](std::span<float> values) { return std::vector<float>(values.begin(), values.end()); };
  for (Network::Learned& l : network_.learned()) snapshot.learned.push_back(copy(l.weight.free_values()));
  for (Network::Learned& l : network_.measured()) snapshot.measured.push_back(copy(l.weight.free_values()));
  return snapshot;
}

void Trainer::restore(const Snapshot& snapshot) {
  const auto put = [](std::vector<Network::Learned>& to, const std::vector<std::vector<float>>& from) {
    for (size_t i = 0; i < to.size(); ++i) {
      std::ranges::copy(from[i], to[i].weight.free_values().begin());
      to[i].weight.expand();
    }
  };
  put(network_.learned(), snapshot.learned);
  put(network_.measured(), snapshot.measured);
}

void Trainer::save() {
  if (world_.rank != 0) return;
  state_.now = snapshot();
  write_checkpoint(options_.checkpoint, state_);
  last_save_ = Clock::now();
}

/// In the middle of an epoch: the time that it has taken so far is part of the state.
void Trainer::save_midway() {
  state_.seconds += seconds_since(epoch_start_);
  epoch_start_ = Clock::now();
  save();
}

void Trainer::save_now_and_then() {
  if (!options_.checkpoint.empty() && seconds_since(last_save_) >= 60 * options_.checkpoint_minutes)
    save_midway();
}

void Trainer::stop_if_asked() {
  if (group_ ? !stopping_ : !log_.stopping()) return;
  const std::string where = cat("training stopped in epoch ", epoch() + 1, " of ", epochs());
  if (options_.checkpoint.empty()) fail(ErrorCode::interrupted, where);
  save_midway();
  fail(ErrorCode::interrupted, where, "; ", options_.checkpoint, " is kept, resume with --resume");
}

/// Per cent of the labelled images of this epoch so far; -1 where there was none.
double Trainer::train_error() const {
  return state_.labelled > 0 ? percent(state_.wrong, state_.labelled) : -1;
}

void Trainer::report_progress() {
  const bool last = state_.step == state_.steps;
  if (!last && Clock::now() - last_report_ < kReportEvery) return;
  last_report_ = Clock::now();
  const std::string note = cat("epoch ", (state_.step - 1) / batches_.per_epoch() + 1, '/', epochs(),
                               ", loss ", rounded(state_.loss_sum / static_cast<double>(steps_of_epoch()), 4),
                               train_error() >= 0 ? cat(", error ", rounded(train_error(), 2), " %") : "");
  const auto images = [&](int64_t step) { return static_cast<uint64_t>(step * batches_.batch_size()); };
  log_.progress({"train", images(state_.step), images(state_.steps), "images", note});
}

void Trainer::report_epoch() const {
  const Epoch& e = state_.epochs.back();
  const auto images = static_cast<double>(steps_of_epoch() * batches_.batch_size());
  std::string line = cat("epoch ", state_.epochs.size(), '/', epochs(), ": loss ", rounded(e.loss, 4));
  if (e.train_error >= 0) line += cat(", train error ", rounded(e.train_error, 2), " %");
  if (validation_)
    line += cat(", validation error ", rounded(e.validation_error, 2), " %, loss ",
                rounded(e.validation_loss, 4));
  line += cat(", ", rounded(images / e.seconds, 0), " images/s");
  line +=
      cat(" (data ", rounded(data_rate_, 0), "/s, waited for ", rounded(100 * waited_, 0), " % of the time)");
  log_.line(line);
}

}  // namespace netsuke::train
