#include "runtime/session.h"

#include <algorithm>
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

size_t images_at_a_time(const Plan& plan, const SessionOptions& options, int threads) {
  if (options.max_batch > 0) return static_cast<size_t>(options.max_batch);
  const size_t fitting = std::clamp<size_t>(kArenaFloats / std::max<size_t>(plan.arena, 1), 1, kMostImages);
  return std::max(fitting, static_cast<size_t>(threads));
}

}  // namespace

Session::Session(std::shared_ptr<const Plan> plan, SessionOptions options)
    : plan_(std::move(plan)),
      options_(checked(options)),
      workers_(options_.threads, plan_->scratch),
      input_size_(static_cast<size_t>(element_count(plan_->input_shape))),
      piece_(images_at_a_time(*plan_, options, workers_.count())),
      seconds_(plan_->steps.size()) {}

Session::Session(const Graph& graph, SessionOptions options) : Session(make_plan(graph), options) {}

void Session::run(std::span<const float> in, int64_t batch, std::span<float> out) {
  const auto check = [&](std::string_view what, size_t found, size_t each) {
    if (found % each != 0 || !std::cmp_equal(found / each, batch))
      fail(ErrorCode::usage, "model ", plan_->name, ": ", what, " has ", found, " values, expected ", each,
           " for each of ", batch, " images");
  };
  check("the input", in.size(), input_size());
  check("the output", out.size(), output_size());
  const auto images = static_cast<size_t>(batch);
  for (size_t done = 0; done < images; done += std::min(piece_, images - done))
    run_piece(in.data() + done * input_size(), std::min(piece_, images - done),
              out.data() + done * output_size());
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

void Session::run_piece(const float* in, size_t images, float* out) {
  const size_t floats = images * plan_->arena;
  if (arena_.size() < floats) {
    try {
      arena_ = kernels::AlignedFloats(floats);
    } catch (const std::exception&) {
      fail(ErrorCode::unsupported, "model ", plan_->name, ": no memory for the ", floats * sizeof(float),
           " bytes that ", images, " images take");
    }
  }
  const Batch batch{images, in, arena_.data()};
  run_steps(batch);
  std::copy_n(batch.read(plan_->output), images * output_size(), out);
}

void Session::run_steps(const Batch& batch) {
  if (!options_.timed) {
    for (const Step& step : plan_->steps) runtime::run(step, batch, workers_);
    return;
  }
  using Clock = std::chrono::steady_clock;
  for (size_t i = 0; i < plan_->steps.size(); ++i) {
    const Clock::time_point start = Clock::now();
    runtime::run(plan_->steps[i], batch, workers_);
    seconds_[i] += std::chrono::duration<double>(Clock::now() - start).count();
  }
  images_ += static_cast<int64_t>(batch.images);
}

std::vector<StepReport> Session::explain() const {
  std::vector<StepReport> reports;
  for (size_t i = 0; i < plan_->steps.size(); ++i) {
    const Step& step = plan_->steps[i];
    const double ms = images_ ? seconds_[i] * 1e3 / static_cast<double>(images_) : 0;
    reports.push_back({step.name, step.op, step.kernel, step.activation, step.macs, ms});
  }
  return reports;
}

}  // namespace netsuke::runtime
