// How good and how fast a network is, told by the runtime that ships.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <future>
#include <limits>

#include "base/clock.h"
#include "base/threads.h"
#include "cli/common.h"
#include "cli/timings.h"
#include "data/relabel.h"
#include "graph/preprocess.h"
#include "graph/view.h"
#include "report/rank.h"
#include "runtime/session.h"

namespace netsuke::cli {
namespace {

constexpr int64_t kBatch = 64;

void require_fit(const Graph& graph, const Dataset& data) {
  const Shape& input = graph.values[graph.inputs.at(0)].shape;
  const Shape image(input.begin() + 1, input.end());
  require(image == data.image_shape(), "data set ", data.name(), ": has images of ",
          to_text(data.image_shape()), ", model ", graph.name, " takes ", to_text(image));
}

/// Images of the data set, as the network's input.
struct Batch {
  int64_t first = 0, count = 0;
  std::vector<float> values;
  std::vector<char> sound;  ///< 0 for a damaged image, whose values mean nothing
};

/// Decodes batches in threads of its own, one ahead of use.
class BatchReader {
 public:
  BatchReader(const Dataset& data, Preprocess preprocess, int threads)
      : data_(data), preprocess_(std::move(preprocess)), threads_(threads) {
    read_ahead();
  }
  /// A batch of 0 images at the end.
  Batch next() {
    Batch batch = coming_.get();
    at_ += batch.count;
    if (batch.count > 0) read_ahead();
    return batch;
  }

 private:
  void read_ahead() {
    coming_ = std::async(std::launch::async, [this, first = at_] { return read(first); });
  }
  Batch read(int64_t first) {
    const Shape& shape = data_.image_shape();
    const auto size = static_cast<size_t>(element_count(shape));
    Batch batch{first, std::min(kBatch, data_.size() - first), {}, {}};
    const auto count = static_cast<size_t>(batch.count);
    batch.values.resize(count * size);
    batch.sound.resize(count);
    threads_.each(count, [&](size_t i) {
      std::vector<uint8_t> pixels(size);
      batch.sound[i] = data_.sound_pixels(first + static_cast<int64_t>(i), pixels);
      apply(preprocess_, pixels.data(), static_cast<int>(shape[0]), static_cast<int64_t>(size) / shape[0],
            batch.values.data() + i * size);
    });
    return batch;
  }

  const Dataset& data_;
  Preprocess preprocess_;
  Threads threads_;
  int64_t at_ = 0;
  std::future<Batch> coming_;
};

/// -log p of the right class. A probability that rounds to zero counts as the smallest float.
double loss_of(std::span<const float> scores, size_t label, Scores kind) {
  const double right = scores[label];
  if (kind == Scores::log_probabilities) return -right;
  if (kind == Scores::probabilities)
    return -std::log(std::max(right, static_cast<double>(std::numeric_limits<float>::min())));
  const double most = *std::ranges::max_element(scores);
  double sum = 0;
  for (const float score : scores) sum += std::exp(static_cast<double>(score) - most);
  return most + std::log(sum) - right;
}

/// Right answers so far.
struct Tally {
  Scores kind = Scores::logits;
  int64_t images = 0, damaged = 0, first = 0, five = 0;
  double loss = 0;

  void add(const Batch& batch, const Dataset& data, std::span<const float> scores, size_t classes) {
    for (int64_t i = 0; i < batch.count; ++i) {
      if (!batch.sound[static_cast<size_t>(i)]) {
        ++damaged;
        continue;
      }
      const int label = data.label(batch.first + i);
      require(label >= 0, "data set ", data.name(),
              ": has no labels to compare answers with; pictures in a folder for each class have");
      require(std::cmp_less(label, classes), "data set ", data.name(), ": image ", batch.first + i,
              " has label ", label, ", the model knows ", classes, " classes");
      const auto answer = scores.subspan(static_cast<size_t>(i) * classes, classes);
      const int64_t rank = report::rank_of(answer, static_cast<size_t>(label));
      loss += loss_of(answer, static_cast<size_t>(label), kind);
      ++images;
      first += rank < 1;
      five += rank < 5;
    }
  }
};

/// Of one image, whose probabilities are added to `sums`.
void add_probabilities(std::span<const float> scores, Scores kind, std::span<float> sums) {
  const float most = *std::ranges::max_element(scores);
  double total = 0;
  std::vector<double> chances;
  for (const float score : scores) {
    const double chance = kind == Scores::probabilities ? static_cast<double>(score)
                                                        : std::exp(static_cast<double>(score - most));
    chances.push_back(chance);
    total += chance;
  }
  for (size_t c = 0; c < chances.size(); ++c) sums[c] += static_cast<float>(chances[c] / total);
}

Accuracy accuracy_of(const Tally& tally, double seconds) {
  const auto images = static_cast<double>(std::max<int64_t>(1, tally.images));
  return {.images = tally.images,
          .damaged = tally.damaged,
          .top1 = 100 * static_cast<double>(tally.first) / images,
          .top5 = 100 * static_cast<double>(tally.five) / images,
          .loss = tally.loss / images,
          .seconds = seconds};
}

/// Hands every batch with its scores to `take(batch, scores, classes)`.
template <class Take>
void answer_all(const Graph& graph, const Dataset& data, int threads, const Log& log, const Take& take) {
  require_fit(graph, data);
  runtime::Session session(graph, {.threads = threads}, plan_options());
  const size_t classes = session.output_size();
  std::vector<float> scores(classes * kBatch);
  BatchReader reader(data, preprocess_of(graph), threads);
  for (Batch batch = reader.next(); batch.count > 0; batch = reader.next()) {
    if (log.stopping()) fail(ErrorCode::interrupted, "stopped while measuring accuracy");
    session.run(batch.values, batch.count, {scores.data(), classes * static_cast<size_t>(batch.count)});
    take(batch, scores, classes);
    log.progress({.job = "measure",
                  .done = static_cast<uint64_t>(batch.first + batch.count),
                  .total = static_cast<uint64_t>(data.size()),
                  .unit = "images",
                  .note = {}});
  }
}

}  // namespace

Scores scores_of(const Graph& graph) {
  ValueId id = graph.outputs.at(0);
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (node->output != id) continue;
    if (std::holds_alternative<Softmax>(node->op)) return Scores::probabilities;
    if (std::holds_alternative<LogSoftmax>(node->op)) return Scores::log_probabilities;
    if (!is_view(node->op)) break;
    id = node->inputs[0];
  }
  return Scores::logits;
}

Accuracy measure_accuracy(const Graph& graph, const Dataset& data, int threads, const Log& log) {
  Tally tally{.kind = scores_of(graph)};
  const auto start = std::chrono::steady_clock::now();
  answer_all(graph, data, threads, log,
             [&](const Batch& batch, std::span<const float> scores, size_t classes) {
               tally.add(batch, data, scores, classes);
             });
  return accuracy_of(tally, seconds_since(start));
}

Accuracy measure_ensemble(std::span<const Graph> graphs, const Dataset& data, int threads, const Log& log) {
  const auto start = std::chrono::steady_clock::now();
  const auto images = static_cast<size_t>(data.size());
  Batch whole{0, data.size(), {}, std::vector<char>(images, 1)};
  std::vector<float> sums;
  size_t classes = 0;
  for (const Graph& graph : graphs)
    answer_all(graph, data, threads, log,
               [&](const Batch& batch, std::span<const float> scores, size_t count) {
                 require(classes == 0 || count == classes, "model ", graph.name, ": knows ", count,
                         " classes, another one ", classes);
                 classes = count;
                 sums.resize(images * classes);
                 for (size_t i = 0; std::cmp_less(i, batch.count); ++i) {
                   const size_t image = static_cast<size_t>(batch.first) + i;
                   whole.sound[image] = whole.sound[image] && batch.sound[i];
                   add_probabilities(scores.subspan(i * classes, classes), scores_of(graph),
                                     std::span(sums).subspan(image * classes, classes));
                 }
               });
  for (float& sum : sums) sum /= static_cast<float>(graphs.size());
  Tally tally{.kind = Scores::probabilities};
  tally.add(whole, data, sums, classes);
  return accuracy_of(tally, seconds_since(start));
}

DatasetPtr labelled_by(const Graph& graph, DatasetPtr data, int threads, const Log& log) {
  std::vector<int> labels(static_cast<size_t>(data->size()));
  size_t outputs = 0;
  answer_all(graph, *data, threads, log,
             [&](const Batch& batch, std::span<const float> scores, size_t classes) {
               outputs = classes;
               for (int64_t i = 0; i < batch.count; ++i) {
                 const auto answer = scores.subspan(static_cast<size_t>(i) * classes, classes);
                 labels[static_cast<size_t>(batch.first + i)] =
                     static_cast<int>(std::ranges::max_element(answer) - answer.begin());
               }
             });
  std::vector<std::string> names = data->classes();
  if (names.size() != outputs) {
    names.clear();
    for (size_t c = 0; c < outputs; ++c) names.push_back(cat(c));
  }
  std::string name = data->name();
  return with_labels(std::move(data), std::move(labels), std::move(names), std::move(name));
}

Latency latency_of(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const size_t runs = times.size();
  return {runs, times.front(), times[runs / 2], times[runs * 9 / 10], times[runs * 99 / 100]};
}

Latency measure_latency(const Graph& graph, int threads, int runs) {
  runtime::Session session(graph, {.threads = threads}, plan_options());
  const std::vector<float> input(session.input_size(), 0.5f);
  std::vector<float> output(session.output_size());
  std::vector<double> times;
  for (int i = -2; i < runs; ++i) {  // the first two warm the caches and do not count
    const auto start = std::chrono::steady_clock::now();
    session.run(input, 1, output);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (i >= 0) times.push_back(time.count());
  }
  return latency_of(std::move(times));
}

}  // namespace netsuke::cli
