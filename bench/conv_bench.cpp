// How fast each kernel computes the convolutions of bench/shapes, one thread, beside what the planner expects
// and what the core can do.
//
//     conv_bench [--level LEVEL] [--density D] SHAPES-FILE [TEXT]    lines that contain TEXT
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/function_ref.h"
#include "base/random.h"
#include "kernels/cpu.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/limits/limits.h"
#include "kernels/sparse/sparse_conv.h"
#include "kernels/winograd/winograd.h"
#include "runtime/conv_cost.h"
#include "shapes/shape_lines.h"

namespace netsuke::bench {
namespace {

using runtime::ConvKernel;

// The median of enough runs to take 60 ms, in nanoseconds. Between runs other memory is read, as other layers
// do, so that weights come from where they come from in a network; then input and output, whose memory a
// network has just used.
double median_ns(const std::vector<float>& in, const std::vector<float>& out, FunctionRef<void()> run) {
  using Clock = std::chrono::steady_clock;
  static std::vector<float> others(size_t{16} << 20, 1.0f);
  std::vector<double> ns;
  double total = 0;
  run();
  while (total < 6e7 || ns.size() < 5) {
    float sum = 0;
    for (size_t i = 0; i < others.size(); i += 16) sum += others[i];
    for (const std::vector<float>* image : {&in, &out})
      for (size_t i = 0; i < image->size(); i += 16) sum += (*image)[i];
    others[0] = sum * 1e-9f;
    const auto start = Clock::now();
    run();
    ns.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    total += ns.back();
  }
  std::nth_element(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2), ns.end());
  return ns[ns.size() / 2];
}

std::vector<float> random_values(size_t count) {
  Random random(1);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(-1, 1));
  return values;
}

struct Problem {
  kernels::ConvShape shape;
  std::vector<float> weights, in, out;
  double density;

  Problem(const kernels::ConvShape& s, double kept)
      : shape(s),
        weights(random_values(s.out_channels * s.depth())),
        in(random_values(s.height * s.width * s.channels)),
        out(s.out_plane() * s.out_channels),
        density(kept) {
    Random random(2);
    for (float& weight : weights)
      if (random.uniform(0, 1) >= kept) weight = 0;
  }
  kernels::ImageArguments image() {
    return {in.data(), shape.channels, out.data(), shape.out_channels, nullptr, 0, {0, 6}};
  }
};

double sparse_ns(Problem& p) {
  std::vector<uint32_t> positions;
  std::vector<float> values;
  for (size_t i = 0; i < p.weights.size(); ++i)
    if (p.weights[i] != 0) positions.push_back(static_cast<uint32_t>(i)), values.push_back(p.weights[i]);
  const auto packed = kernels::pack_sparse_conv(p.shape, positions, values, {});
  kernels::AlignedFloats scratch(kernels::sparse_conv_scratch(p.shape));
  return median_ns(p.in, p.out, [&] {
    kernels::sparse_conv(p.shape, packed, p.in.data(), p.shape.channels, p.out.data(), p.shape.out_channels,
                         {0, 6}, 0, p.shape.out_plane(), scratch.data());
  });
}

double kernel_ns(Problem& p, ConvKernel kernel) {
  const kernels::ConvShape& s = p.shape;
  if (kernel == ConvKernel::sparse) return sparse_ns(p);
  if (kernel == ConvKernel::direct) {
    const auto packed = kernels::pack_conv(s, p.weights.data(), {});
    kernels::AlignedFloats scratch(kernels::conv2d_scratch(s));
    return median_ns(p.in, p.out, [&] {
      kernels::conv2d(s, packed, p.image(), {0, s.out_plane(), 0, packed.panels()}, scratch.data());
    });
  }
  const size_t m = runtime::winograd_tile(kernel);
  const auto packed = kernels::pack_winograd(s, p.weights.data(), {}, m);
  kernels::AlignedFloats scratch(kernels::winograd_scratch(s, m));
  return median_ns(p.in, p.out, [&] {
    kernels::winograd(s, packed, p.image(), {0, kernels::winograd_tiles(s, m), 0, packed.panels()},
                      scratch.data());
  });
}

double depthwise_ns(Problem& p) {
  const kernels::ConvShape& s = p.shape;
  const auto packed = kernels::pack_depthwise(p.weights.data(), nullptr, s.channels, s.kernel_h, s.kernel_w);
  return median_ns(p.in, p.out, [&] {
    kernels::depthwise(s, packed, p.in.data(), s.channels, p.out.data(), s.channels, {0, 6}, 0, s.out_height);
  });
}

void report(const char* kernel, const kernels::ConvShape& s, double density, double ns, double expected,
            double limit) {
  const double flops = 2.0 * static_cast<double>(s.out_plane() * s.out_channels * s.depth()) * density;
  std::printf("  %-12s %9.1f us  %6.1f GFLOP/s  %4.0f %%", kernel, ns / 1e3, flops / ns,
              100 * flops / ns / limit);
  if (expected > 0) std::printf("   estimate %9.1f us, %4.2f of it", expected / 1e3, expected / ns);
  std::printf("\n");
  std::fflush(stdout);
}

void bench_line(const ShapeLine& line, double density, double limit) {
  Problem problem(line.shape, density);
  const kernels::ConvShape& s = line.shape;
  std::printf("%s\n", line.text.c_str());
  if (s.is_depthwise()) return report("depthwise", s, 1, depthwise_ns(problem), 0, limit);
  const auto weights = static_cast<double>(s.depth() * s.out_channels);
  for (const auto& candidate : runtime::conv_candidates(s, static_cast<size_t>(weights * density))) {
    const bool sparse = candidate.kernel == ConvKernel::sparse;
    if (sparse && density == 1) continue;
    report(std::string(runtime::kernel_name(candidate.kernel, s)).c_str(), s, sparse ? density : 1,
           kernel_ns(problem, candidate.kernel), candidate.ns, limit);
  }
}

}  // namespace
}  // namespace netsuke::bench

int main(int argc, char** argv) {
  double density = 1;
  int i = 1;
  for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
    if (!std::strcmp(argv[i], "--level")) netsuke::kernels::set_cpu_level(argv[i + 1]);
    if (!std::strcmp(argv[i], "--density")) density = std::atof(argv[i + 1]);
  }
  if (i >= argc) return std::fprintf(stderr, "usage: conv_bench [--level L] [--density D] FILE [TEXT]\n"), 2;
  const char* text = i + 1 < argc ? argv[i + 1] : "";
  const double limit = netsuke::kernels::measure_limits().gflops;
  std::printf("level %s, at most %.0f GFLOP/s\n", netsuke::kernels::cpu_level().c_str(), limit);
  for (const auto& line : netsuke::bench::read_shapes(argv[i]))
    if (line.text.find(text) != std::string::npos) netsuke::bench::bench_line(line, density, limit);
}
