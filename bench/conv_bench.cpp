// How fast each kernel computes the convolutions of bench/shapes, one thread, beside what the planner expects
// and what the core can do.
//
//     conv_bench --shapes FILE [--level LEVEL] [--density D] [TEXT]    lines that contain TEXT
#include <cstdio>
#include <cstdlib>
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
  for (const auto& candidate : runtime::conv_candidates(s, static_cast<size_t>(weights * density), {})) {
    const bool sparse = candidate.kernel == ConvKernel::sparse;
    if (sparse && density == 1) continue;
    report(std::string(runtime::kernel_name(candidate.kernel, s)).c_str(), s, sparse ? density : 1,
           runtime::time_conv(s, candidate.kernel, density), candidate.ns, limit);
  }
}

}  // namespace
}  // namespace netsuke::bench

int main(int argc, char** argv) {
  std::string shapes, text;
  double density = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool takes_value = flag == "--shapes" || flag == "--level" || flag == "--density";
    if (takes_value ? i + 1 == argc : flag.starts_with("--") || !text.empty())
      return std::fprintf(stderr, "usage: conv_bench --shapes FILE [--level LEVEL] [--density D] [TEXT]\n"),
             2;
    if (!takes_value) text = flag;
    if (flag == "--shapes") shapes = argv[++i];
    if (flag == "--level") netsuke::kernels::set_cpu_level(argv[++i]);
    if (flag == "--density") density = std::atof(argv[++i]);
  }
  const double limit = netsuke::kernels::measure_limits().gflops;
  std::printf("level %s, at most %.0f GFLOP/s\n", netsuke::kernels::cpu_level().c_str(), limit);
  for (const auto& line : netsuke::bench::read_shapes(shapes))
    if (line.text.find(text) != std::string::npos) netsuke::bench::bench_line(line, density, limit);
}
