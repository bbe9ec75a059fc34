// Short trainings through the module, and the reference's judgement of what came out.
#pragma once

#include <cmath>

#include "graph/evaluate.h"
#include "graph/preprocess.h"
#include "train/test_data.h"
#include "train/train.h"

namespace netsuke::train {

inline Options short_run() {
  Options options;
  options.epochs = 6;
  options.batch = 16;
  options.learning_rate = 0.05;
  options.threads = 1;  // nothing here is worth waking a second one
  return options;
}

/// One plain step of gradient descent on the whole of `data`: the weights move by -gradient.
inline Options one_step(const Dataset& data) {
  Options options;
  options.epochs = 1;
  options.batch = static_cast<int>(data.size());
  options.learning_rate = 1;
  options.momentum = options.weight_decay = 0;
  options.nesterov = false;
  options.schedule = "constant";
  options.threads = 1;
  return options;
}

inline Result run(const Graph& graph, const Dataset& data, const Options& options,
                  const Dataset* validation = nullptr, const Graph* teacher = nullptr) {
  const std::vector<Graph> teachers = teacher ? std::vector<Graph>{*teacher} : std::vector<Graph>();
  return module().train(graph, data, validation, teachers, options, Log());
}

inline const Weight& weight(const Graph& graph, const std::string& name) {
  return *graph.values[find_value(graph, name)].weight;
}

inline void set_weight(Graph& graph, const std::string& name, Encoding encoding) {
  WeightPtr& w = graph.values[find_value(graph, name)].weight;
  w = make_weight(w->shape, std::move(encoding));
}

inline Tensor batch_of(const Graph& graph, const Dataset& data) {
  Tensor batch({data.size(), 1, 8, 8});
  std::vector<uint8_t> pixels(64);
  for (int64_t i = 0; i < data.size(); ++i) {
    data.pixels(i, pixels);
    apply(preprocess_of(graph), pixels.data(), 1, 64, batch.data.data() + i * 64);
  }
  return batch;
}

/// By the reference evaluation, not by torch.
inline double error_percent(const Graph& graph, const Dataset& data) {
  const Tensor scores = evaluate(graph, {batch_of(graph, data)})[0];
  int wrong = 0;
  for (int64_t i = 0; i < data.size(); ++i) {
    const float* row = scores.data.data() + i * scores.dim(1);
    wrong += std::max_element(row, row + scores.dim(1)) - row != data.label(i);
  }
  return 100.0 * wrong / static_cast<double>(data.size());
}

inline double loss(const Graph& graph, const Dataset& data) {
  const Tensor chances = evaluate(graph, {batch_of(graph, data)})[0];
  double sum = 0;
  for (int64_t i = 0; i < data.size(); ++i)
    sum -=
        std::log(static_cast<double>(chances.data[static_cast<size_t>(i * chances.dim(1) + data.label(i))]));
  return sum / static_cast<double>(data.size());
}

}  // namespace netsuke::train
