// How our own differentiable functions walk over images whose channels have numbers of their own.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "train/tensors.h"

namespace netsuke::train {

/// How a tensor's values are walked through: runs of whole rows, rows of whole pixels and whole vectors.
struct Walk {
  static constexpr int64_t kVector = 16;  // floats, at most

  int64_t channels, count, row, run;

  explicit Walk(const at::Tensor& x) : channels(x.size(1)), count(x.numel()) {
    row = std::lcm(channels, kVector);
    run = std::max<int64_t>(1, kValuesAtOnce / row) * row;
  }
  int64_t pixels() const { return count / channels; }
  int64_t runs() const { return (count + run - 1) / run; }

  /// work(number, first value, values) of each run, on all threads.
  template <class Work>
  void each(const Work& work) const {
    at::parallel_for(0, runs(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        work(i, i * run, static_cast<size_t>(std::min(run, count - i * run)));
    });
  }

  /// A number a channel as often as a row has it.
  std::vector<float> repeated(const float* of_channels) const {
    std::vector<float> out;
    for (int64_t i = 0; i < row; i += channels) out.insert(out.end(), of_channels, of_channels + channels);
    return out;
  }
  std::vector<float> repeated(const at::Tensor& of_channels) const {
    return repeated(of_channels.data_ptr<float>());
  }
};

/// So many sums a channel. Each run has its own, added in order: the result does not depend on the threads.
struct Sums {
  const Walk& walk;
  const int64_t kinds;
  std::vector<float> parts;

  Sums(const Walk& w, int64_t k) : walk(w), kinds(k), parts(static_cast<size_t>(k * w.runs() * w.row)) {}
  float* of(int64_t run, int64_t kind) { return parts.data() + (run * kinds + kind) * walk.row; }

  std::vector<double> total(int64_t kind) const {
    std::vector<double> sums(static_cast<size_t>(walk.channels));
    for (int64_t part = kind; part < kinds * walk.runs(); part += kinds)
      for (int64_t j = 0; j < walk.row; ++j)
        sums[static_cast<size_t>(j % walk.channels)] +=
            static_cast<double>(parts[static_cast<size_t>(part * walk.row + j)]);
    return sums;
  }
};

/// A number a channel, from sums in double.
inline at::Tensor channel_values(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).to(at::kFloat);
}

}  // namespace netsuke::train
