// How good and how fast a network is, told by the runtime that ships.
#include <algorithm>
#include <chrono>

#include "base/threads.h"
#include "cli/common.h"
#include "graph/preprocess.h"
#include "graph/shapes.h"
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

/// The next images of the data set, as the network's input.
void fill_batch(const Preprocess& preprocess, const Dataset& data, int64_t first, int64_t count,
                Threads& threads, std::vector<float>& batch) {
  const Shape& shape = data.image_shape();
  const auto size = static_cast<size_t>(element_count(shape));
  threads.each(static_cast<size_t>(count), [&](size_t i) {
    std::vector<uint8_t> pixels(size);
    data.pixels(first + static_cast<int64_t>(i), pixels);
    apply(preprocess, pixels.data(), static_cast<int>(shape[0]), static_cast<int64_t>(size) / shape[0],
          batch.data() + i * size);
  });
}

/// How many classes score higher than the right one; a tie counts against the network.
int64_t rank_of(std::span<const float> scores, size_t label) {
  int64_t rank = 0;
  for (size_t c = 0; c < scores.size(); ++c) rank += c != label && scores[c] >= scores[label];
  return rank;
}

}  // namespace

Accuracy measure_accuracy(const Graph& graph, const Dataset& data, int threads, const Log& log) {
  require_fit(graph, data);
  runtime::Session session(graph, {.threads = threads});
  const Preprocess preprocess = preprocess_of(graph);
  const auto classes = static_cast<size_t>(element_count(infer_shapes(graph)[graph.outputs.at(0)]));
  Threads pool(threads);
  std::vector<float> batch(static_cast<size_t>(element_count(data.image_shape()) * kBatch)),
      scores(classes * kBatch);
  Accuracy result{.images = data.size()};
  int64_t first_right = 0, five_right = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t first = 0; first < data.size(); first += kBatch) {
    if (log.stopping()) fail(ErrorCode::interrupted, "stopped while measuring accuracy");
    const int64_t count = std::min(kBatch, data.size() - first);
    fill_batch(preprocess, data, first, count, pool, batch);
    session.run({batch.data(), batch.size() / kBatch * static_cast<size_t>(count)}, count,
                {scores.data(), classes * static_cast<size_t>(count)});
    for (int64_t i = 0; i < count; ++i) {
      const int label = data.label(first + i);
      require(label >= 0 && std::cmp_less(label, classes), "data set ", data.name(), ": image ", first + i,
              " has label ", label, ", model ", graph.name, " knows ", classes, " classes");
      const int64_t rank =
          rank_of({scores.data() + static_cast<size_t>(i) * classes, classes}, static_cast<size_t>(label));
      first_right += rank < 1;
      five_right += rank < 5;
    }
    log.progress({.job = "measure",
                  .done = static_cast<uint64_t>(first + count),
                  .total = static_cast<uint64_t>(data.size()),
                  .unit = "images",
                  .note = {}});
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double percent = 100.0 / static_cast<double>(std::max<int64_t>(1, data.size()));
  result.top1 = percent * static_cast<double>(first_right);
  result.top5 = percent * static_cast<double>(five_right);
  return result;
}

Latency measure_latency(const Graph& graph, int threads, int runs) {
  runtime::Session session(graph, {.threads = threads});
  const auto shapes = infer_shapes(graph);
  std::vector<float> input(static_cast<size_t>(element_count(shapes[graph.inputs.at(0)])), 0.5f);
  std::vector<float> output(static_cast<size_t>(element_count(shapes[graph.outputs.at(0)])));
  std::vector<double> times;
  for (int i = -2; i < runs; ++i) {  // the first two warm the caches and do not count
    const auto start = std::chrono::steady_clock::now();
    session.run(input, 1, output);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (i >= 0) times.push_back(time.count());
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 9 / 10]};
}

}  // namespace netsuke::cli
