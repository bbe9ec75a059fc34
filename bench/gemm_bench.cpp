// Matrix products of the shapes that layers have, on every instruction set of the machine. GFLOP/s count a
// multiply-add as two.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/cpu.h"
#include "kernels/gemm/gemm.h"

namespace netsuke::kernels {
namespace {

struct Layer {
  const char* name;
  size_t m, n, k;
};

constexpr Layer kLayers[] = {
    {"square", 512, 512, 512},        {"lenet5.conv1", 20, 576, 25},
    {"lenet5.conv2", 50, 64, 500},    {"lenet5.ip1.batch16", 16, 500, 800},
    {"vgg16.conv1_2", 64, 3136, 576}, {"vgg16.conv5", 512, 49, 4608},
    {"one panel", 96, 32, 256},       {"mobilenet.1x1", 196, 512, 512},
};

std::vector<float> random_values(size_t count) {
  Random random(1);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(-1, 1));
  return values;
}

void count_flops(benchmark::State& state, const Layer& layer) {
  const double flops = 2.0 * static_cast<double>(layer.m * layer.n * layer.k);
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void bench_linear(benchmark::State& state, const std::string& level, const Layer& layer) {
  set_cpu_level(level);
  const std::vector<float> x = random_values(layer.m * layer.k), weights = random_values(layer.k * layer.n);
  const Panels panels = pack_panels(weights.data(), layer.n, layer.k, {});
  std::vector<float> y(layer.m * layer.n);
  for (auto _ : state) linear(panels, x.data(), layer.k, layer.m, y.data(), layer.n, {}, 0, panels.count());
  count_flops(state, layer);
}

void register_all() {
  for (const std::string& level : cpu_levels()) {
    for (const Layer& layer : kLayers) {
      const std::string name = level + "/" + layer.name;
      benchmark::RegisterBenchmark(name.c_str(),
                                   [=](benchmark::State& state) { bench_linear(state, level, layer); });
    }
  }
}

}  // namespace
}  // namespace netsuke::kernels

int main(int argc, char** argv) {
  netsuke::kernels::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
