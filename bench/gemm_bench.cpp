// Matrix products of the shapes that layers have, on every instruction set of the machine. GFLOP/s count a
// multiply-add as two; "of multiply-adds" and "of reading" are shares of what the core does without the rest.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "kernels/cpu.h"
#include "kernels/gemm/gemm.h"
#include "kernels/limits/limits.h"

namespace netsuke::kernels {
namespace {

struct Layer {
  const char* name;
  size_t m, n, k;
};

constexpr Layer kLayers[] = {
    {"square", 512, 512, 512},         {"lenet5.conv1", 20, 576, 25},
    {"lenet5.conv2", 50, 64, 500},     {"lenet5.ip1.batch16", 16, 500, 800},
    {"vgg16.conv1_2", 3136, 64, 576},  {"vgg16.conv3_2", 3136, 256, 2304},
    {"vgg16.conv5_2", 196, 512, 4608}, {"one panel", 96, 32, 256},
    {"mobilenet.1x1", 196, 512, 512},
};

std::vector<float> random_values(size_t count) {
  Random random(1);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(-1, 1));
  return values;
}

constexpr Layer kVectorLayers[] = {
    {"vgg16.fc6", 1, 4096, 25088}, {"alexnet.fc6", 1, 4096, 9216}, {"alexnet.fc7", 1, 4096, 4096}};

double median(std::vector<double>& times) {
  const auto middle = times.begin() + std::ssize(times) / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

double seconds_of(auto&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Times the product of a layer and something else in turn, since a machine's speed changes by the second, and
// gives the medians of both.
template <class Other>
std::pair<double, double> in_turn(benchmark::State& state, const Layer& layer, const Other& other) {
  const std::vector<float> x = random_values(layer.m * layer.k);
  const Panels panels = pack_panels(random_values(layer.k * layer.n).data(), layer.n, layer.k, {});
  std::vector<float> y(layer.m * layer.n);
  std::vector<double> products, others;
  for (auto _ : state) {
    products.push_back(seconds_of(
        [&] { linear(panels, x.data(), layer.k, layer.m, y.data(), layer.n, {}, 0, panels.count()); }));
    others.push_back(seconds_of([&] { other(panels); }));
    state.SetIterationTime(products.back());
  }
  return {median(products), median(others)};
}

void bench_product(benchmark::State& state, const std::string& level, const Layer& layer) {
  set_cpu_level(level);
  double done = 0;
  const auto [product, adds] = in_turn(state, layer, [&](const Panels&) { done = do_multiply_adds(20000); });
  const double flops = 2.0 * static_cast<double>(layer.m * layer.n * layer.k);
  state.counters["GFLOP/s"] = 1e-9 * flops / product;
  state.counters["of multiply-adds"] = flops / product / (done / adds);
}

// A matrix times a vector waits for the matrix.
void bench_vector(benchmark::State& state, const std::string& level, const Layer& layer) {
  set_cpu_level(level);
  double bytes = 0;
  const auto [product, read] = in_turn(state, layer, [&](const Panels& panels) {
    read_floats(panels.values.data(), panels.values.size());
    bytes = 4.0 * static_cast<double>(panels.values.size());
  });
  state.counters["GB/s"] = 1e-9 * bytes / product;
  state.counters["of reading"] = read / product;
}

void register_all() {
  using Bench = void (*)(benchmark::State&, const std::string&, const Layer&);
  const auto add = [](const std::string& level, const std::string& what, const Layer& layer, Bench bench) {
    benchmark::RegisterBenchmark((level + "/" + what + layer.name).c_str(), [=](benchmark::State& state) {
      bench(state, level, layer);
    })->UseManualTime();
  };
  for (const std::string& level : cpu_levels()) {
    for (const Layer& layer : kVectorLayers) add(level, "vector x ", layer, bench_vector);
    for (const Layer& layer : kLayers) add(level, "", layer, bench_product);
  }
}

}  // namespace
}  // namespace netsuke::kernels

int main(int argc, char** argv) {
  netsuke::kernels::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
