#include "runtime/session.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "base/error.h"

namespace netsuke::runtime {
namespace {

// Activations of the images computed at a time take about this much: weights are then read for many images at
// once, and what one step writes is still near when the next one reads it.
constexpr size_t kArenaFloats = size_t{1} << 20;
constexpr size_t kMostImages = 64;

constexpr int kMostThreads = 1024;

SessionOptions checked(SessionOptions options) {
  if (options.threads < 0 || options.threads > kMostThreads)
    fail(ErrorCode::usage, "threads is ", options.threads, ", expected 0 to ", kMostThreads);
  if (options.max_batch < 0)
    fail(ErrorCode::usage, "max_batch is ", options.max_batch, ", expected 0 or more");
  return options;
}

size_t images_at_a_time(const Plan& plan, const SessionOptions& options) {
  if (options.max_batch > 0) return static_cast<size_t>(options.max_batch);
  return std::clamp<size_t>(kArenaFloats / std::max<size_t>(plan.arena, 1), 1, kMostImages);
}

}  // namespace

Session::Session(std::shared_ptr<const Plan> plan, SessionOptions options)
    : plan_(std::move(plan)),
      options_(checked(options)),
      threads_(options_.threads),
      lanes_(static_cast<size_t>(threads_.count())),
      together_(nullptr, {}),
      input_size_(static_cast<size_t>(element_count(plan_->input_shape))),
      piece_(images_at_a_time(*plan_, options_)) {
  std::vector<float*> scratch;
  for (Lane& lane : lanes_) {
    lane.scratch.resize(plan_->scratch);
    lane.seconds.resize(plan_->steps.size());
    lane.alone = Workers(nullptr, {lane.scratch.data()});
    scratch.push_back(lane.scratch.data());
  }
  together_ = Workers(&threads_, std::move(scratch));
}

Session::Session(const Graph& graph, SessionOptions options, PlanOptions plan)
    : Session(make_plan(graph, std::move(plan)), options) {}

void Session::run(std::span<const float> in, int64_t batch, std::span<float> out) {
  const auto check = [&](std::string_view what, size_t found, size_t each) {
    if (found % each != 0 || !std::cmp_equal(found / each, batch))
      fail(ErrorCode::usage, "model ", plan_->name, ": ", what, " has ", found, " values, expected ", each,
           " for each of ", batch, " images");
  };
  check("the input", in.size(), input_size());
  check("the output", out.size(), output_size());
  const auto images = static_cast<size_t>(batch);
  if (images < lanes_.size())
    run_together(in.data(), images, out.data());
  else
    run_apart(in.data(), images, out.data());
}

// Threads take pieces of the batch until none is left. They meet once, at the end: where a machine is busy
// with other things too, every meeting costs the time until the last of them gets its turn.
void Session::run_apart(const float* in, size_t images, float* out) {
  const size_t piece = std::min(piece_, (images + lanes_.size() - 1) / lanes_.size());
  for (Lane& lane : lanes_) reserve(lane, piece);  // all of them, though a fast one may take all the pieces
  std::atomic<size_t> next = 0;
  threads_.each(lanes_.size(), [&](size_t i) {
    for (size_t first = next.fetch_add(piece); first < images; first = next.fetch_add(piece))
      run_piece(lanes_[i], lanes_[i].alone, in + first * input_size(), std::min(piece, images - first),
                out + first * output_size());
  });
}

void Session::run_together(const float* in, size_t images, float* out) {
  for (size_t first = 0; first < images; first += piece_)
    run_piece(lanes_[0], together_, in + first * input_size(), std::min(piece_, images - first),
              out + first * output_size());
}

Tensor Session::run(const Tensor& in) {
  Shape expected = plan_->input_shape, result = plan_->output_shape;
  expected[0] = result[0] = in.shape.empty() ? 1 : in.dim(0);
  if (in.shape != expected)
    fail(ErrorCode::usage, "model ", plan_->name, ": the input is ", to_text(in.shape), ", expected ",
         to_text(expected));
  Tensor out(result);
  run(in.data, in.dim(0), out.data);
  return out;
}

void Session::run_piece(Lane& lane, Workers& workers, const float* in, size_t images, float* out) {
  reserve(lane, images);
  const Batch batch{images, in, lane.arena.data()};
  run_steps(lane, workers, batch);
  for (size_t image = 0; image < images; ++image)
    std::copy_n(batch.read(plan_->output, image), output_size(), out + image * output_size());
}

void Session::reserve(Lane& lane, size_t images) const {
  const size_t floats = images * plan_->arena;
  if (lane.arena.size() >= floats) return;
  try {
    lane.arena = kernels::AlignedFloats(floats);
  } catch (const std::exception&) {
    fail(ErrorCode::unsupported, "model ", plan_->name, ": no memory for the ", floats * sizeof(float),
         " bytes that ", images, " images take");
  }
}

void Session::run_steps(Lane& lane, Workers& workers, const Batch& batch) {
  if (!options_.timed) {
    for (const Step& step : plan_->steps) runtime::run(step, batch, workers);
    return;
  }
  using Clock = std::chrono::steady_clock;
  for (size_t i = 0; i < plan_->steps.size(); ++i) {
    const Clock::time_point start = Clock::now();
    runtime::run(plan_->steps[i], batch, workers);
    lane.seconds[i] += std::chrono::duration<double>(Clock::now() - start).count();
  }
  lane.images += static_cast<int64_t>(batch.images);
}

std::vector<StepReport> Session::explain() const {
  std::vector<StepReport> reports;
  for (size_t i = 0; i < plan_->steps.size(); ++i) {
    double seconds = 0;
    int64_t images = 0;
    for (const Lane& lane : lanes_) seconds += lane.seconds[i], images += lane.images;
    const Step& step = plan_->steps[i];
    const double ms = images ? seconds * 1e3 / static_cast<double>(images) : 0;
    reports.push_back(
        {step.name, step.op, step.kernel, step.activation, step.macs, ms, step.weight_bytes, step.refused});
  }
  return reports;
}

void Session::forget_times() {
  for (Lane& lane : lanes_) {
    std::ranges::fill(lane.seconds, 0.0);
    lane.images = 0;
  }
}

}  // namespace netsuke::runtime
