// How fast each kernel computes the convolutions of bench/shapes, one thread, beside what the planner expects
// and what the core can do.
//
//     conv_bench [--level LEVEL] [--density D] SHAPES-FILE [TEXT]    lines that contain TEXT
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/cpu.h"
#include "kernels/limits/limits.h"
#include "runtime/conv_cost.h"
#include "runtime/tune.h"
#include "shapes/shape_lines.h"

namespace netsuke::bench {
namespace {

using runtime::ConvKernel;

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
  const kernels::ConvShape& s = line.shape;
  std::printf("%s\n", line.text.c_str());
  if (s.is_depthwise()) return report("depthwise", s, 1, runtime::time_depthwise(s), 0, limit);
  const auto weights = static_cast<double>(s.depth() * s.out_channels);
  for (const auto& candidate : runtime::conv_candidates(s, static_cast<size_t>(weights * density), nullptr)) {
    const bool sparse = candidate.kernel == ConvKernel::sparse;
    if (sparse && density == 1) continue;
    report(std::string(runtime::kernel_name(candidate.kernel, s)).c_str(), s, sparse ? density : 1,
           runtime::time_conv(s, candidate.kernel, density), candidate.ns, limit);
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
