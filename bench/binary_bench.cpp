// Binary kernels beside dense ones and a scalar one, one thread, on every instruction set of the machine.
// TOP/s count a multiply-add, or a sign compared and counted, as two; "limit" is the share of what xor,
// popcount and addition reach in registers (of multiply-adds for kernels with real input).
#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/binary/binary_conv.h"
#include "kernels/binary/binary_weight_conv.h"
#include "kernels/cpu.h"
#include "kernels/limits/limits.h"
#include "scalar_conv.h"

namespace netsuke::bench {
namespace {

using namespace kernels;

struct Layer {
  const char* name;
  ConvShape shape;
};

ConvShape square(size_t channels, size_t size, size_t outputs, size_t kernel) {
  return {channels, size, size, outputs, size, size, kernel, kernel, 1, 1, 1, 1, kernel / 2, kernel / 2};
}

ConvShape product(size_t rows, size_t columns, size_t depth) { return {depth, 1, rows, columns, 1, rows}; }

const Layer kLayers[] = {
    {"3x3.256.14x14", square(256, 14, 256, 3)}, {"3x3.64.56x56", square(64, 56, 64, 3)},
    {"3x3.512.7x7", square(512, 7, 512, 3)},    {"1x1.256.14x14", square(256, 14, 256, 1)},
    {"fc.9216.4096", product(1, 4096, 9216)},
};
const Layer kProducts[] = {
    {"96x256x1024", product(96, 256, 1024)},
    {"1024x1024x4096", product(1024, 1024, 4096)},
    {"4096x4096x4096", product(4096, 4096, 4096)},
};

const Limits& limits() {
  static std::map<std::string, Limits> measured;
  const auto found = measured.find(cpu_level());
  return found != measured.end() ? found->second
                                 : measured.emplace(cpu_level(), measure_limits()).first->second;
}

std::vector<float> random_values(size_t count) {
  Random random(1);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(-1, 1));
  return values;
}

// What all rows of a layer work on.
struct Problem {
  explicit Problem(const ConvShape& s) : shape(s) {
    in = random_values(s.height * s.width * s.channels), scale = random_values(s.out_channels);
    k.resize(s.out_plane(), 1.0f), a.resize(s.height * s.width);
    signs.resize(s.height * s.width * sign_words(s.channels));
    out.resize(s.out_plane() * s.out_channels);
    scratch.resize(std::max({binary_conv_scratch(s), binary_weight_conv_scratch(s), conv2d_scratch(s)}));
    Random random(2);
    bits.resize((s.depth() * s.out_channels + 63) / 64);
    for (uint64_t& word : bits) word = random.next();
    pack_signs(pixels(), signs.data());
  }
  RealPixels pixels() const {
    return {in.data(), shape.channels, shape.height * shape.width, shape.channels};
  }
  ConvPart all(size_t panels) const { return {0, shape.out_plane(), 0, panels}; }
  ImageArguments image() { return {in.data(), shape.channels, out.data(), shape.out_channels}; }
  BinaryOutput output() {
    BinaryOutput output;
    output.scale = output.shift = scale.data(), output.out = out.data(),
    output.out_stride = shape.out_channels;
    return output;
  }

  ConvShape shape;
  std::vector<float> in, scale, k, a, out;
  std::vector<uint64_t> bits, signs;
  AlignedFloats scratch;
};

void count(benchmark::State& state, const ConvShape& s, double limit_tops) {
  const double tera = 2e-12 * static_cast<double>(s.out_plane() * s.out_channels * s.depth());
  state.counters["TOP/s"] = benchmark::Counter(tera, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["limit"] =
      benchmark::Counter(tera / limit_tops, benchmark::Counter::kIsIterationInvariantRate);
}

void bench_scalar(benchmark::State& state, const ConvShape& s) {
  Problem problem(s);
  const std::vector<float> weights = random_values(s.depth() * s.out_channels);
  std::vector<float> columns(s.out_plane() * s.depth());
  for (auto _ : state) im2col_conv(s, weights.data(), problem.in.data(), columns.data(), problem.out.data());
  count(state, s, 1e-3 * limits().gflops);
}

void bench_dense(benchmark::State& state, const ConvShape& s) {
  Problem problem(s);
  const ConvWeights weights = pack_conv(s, random_values(s.depth() * s.out_channels).data(), problem.scale);
  for (auto _ : state)
    conv2d(s, weights, problem.image(), problem.all(weights.panels()), problem.scratch.data());
  count(state, s, 1e-3 * limits().gflops);
}

void bench_binary_weight(benchmark::State& state, const ConvShape& s) {
  Problem problem(s);
  const BinaryWeights weights = pack_binary(s, problem.bits);
  for (auto _ : state)
    binary_weight_conv(s, weights, {problem.scale.data(), problem.scale.data()}, problem.image(),
                       problem.all(weights.panels()), problem.scratch.data());
  count(state, s, 1e-3 * limits().gflops);
}

// Signs of real input, and floats: what a convolution of a network that is otherwise real takes. With
// `with_k` also K of XNOR-Net.
void bench_binary(benchmark::State& state, const ConvShape& s, bool with_k) {
  Problem problem(s);
  const BinaryWeights weights = pack_binary(s, problem.bits);
  BinaryOutput output = problem.output();
  if (with_k) output.k = problem.k.data();
  for (auto _ : state) {
    pack_signs(problem.pixels(), problem.signs.data());
    if (with_k) {
      mean_abs(problem.pixels(), problem.a.data());
      box_filter(s, problem.a.data(), problem.k.data());
    }
    binary_conv(s, weights, problem.signs.data(), output, problem.all(weights.panels()),
                problem.scratch.data());
  }
  count(state, s, limits().sign_tops);
}

void bench_pack(benchmark::State& state, const ConvShape& s) {
  Problem problem(s);
  for (auto _ : state) pack_signs(problem.pixels(), problem.signs.data());
  state.counters["GB/s"] = benchmark::Counter(4e-9 * static_cast<double>(problem.in.size()),
                                              benchmark::Counter::kIsIterationInvariantRate);
}

void bench_k(benchmark::State& state, const ConvShape& s) {
  Problem problem(s);
  for (auto _ : state) {
    mean_abs(problem.pixels(), problem.a.data());
    box_filter(s, problem.a.data(), problem.k.data());
  }
}

// The convolution alone; with `to_signs` its result is the signs that the next one reads.
void bench_kernel(benchmark::State& state, const ConvShape& s, bool to_signs) {
  Problem problem(s);
  const BinaryWeights weights = pack_binary(s, problem.bits);
  std::vector<uint64_t> signs(s.out_plane() * sign_words(s.out_channels));
  BinaryOutput output = problem.output();
  if (to_signs) output.out = nullptr, output.signs = signs.data();
  for (auto _ : state)
    binary_conv(s, weights, problem.signs.data(), output, problem.all(weights.panels()),
                problem.scratch.data());
  count(state, s, limits().sign_tops);
}

using Row = void (*)(benchmark::State&, const ConvShape&);

constexpr std::pair<const char*, Row> kRows[] = {
    {"dense", bench_dense},
    {"binary weights", bench_binary_weight},
    {"binary: pack, convolve", [](benchmark::State& s, const ConvShape& c) { bench_binary(s, c, false); }},
    {"binary: pack, K, convolve", [](benchmark::State& s, const ConvShape& c) { bench_binary(s, c, true); }},
    {"pack", bench_pack},
    {"K", bench_k},
    {"convolve", [](benchmark::State& s, const ConvShape& c) { bench_kernel(s, c, false); }},
    {"convolve to signs", [](benchmark::State& s, const ConvShape& c) { bench_kernel(s, c, true); }},
};

void add(const std::string& level, const Layer& layer, const char* row, Row run) {
  const std::string name = level + "/" + layer.name + "/" + row;
  benchmark::RegisterBenchmark(name.c_str(), [level, &layer, run](benchmark::State& state) {
    set_cpu_level(level);
    run(state, layer.shape);
  })->Unit(benchmark::kMicrosecond);
}

void register_all() {
  add(cpu_levels().back(), kLayers[0], "scalar im2col", bench_scalar);
  for (const std::string& level : cpu_levels()) {
    if (level == "scalar") continue;
    for (const Layer& layer : kLayers)
      for (const auto& [name, run] : kRows) add(level, layer, name, run);
    for (const Layer& layer : kProducts)
      add(level, layer, "product",
          [](benchmark::State& s, const ConvShape& c) { bench_kernel(s, c, false); });
  }
}

void print_limits() {
  for (const std::string& level : cpu_levels()) {
    set_cpu_level(level);
    std::printf("%s: at most %.3f TOP/s on signs, %.3f TFLOP/s\n", level.c_str(), limits().sign_tops,
                1e-3 * limits().gflops);
  }
}

}  // namespace
}  // namespace netsuke::bench

int main(int argc, char** argv) {
  netsuke::bench::register_all();
  benchmark::Initialize(&argc, argv);
  netsuke::bench::print_limits();
  benchmark::RunSpecifiedBenchmarks();
}
