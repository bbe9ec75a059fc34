// Which instruction set the kernels run on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace netsuke::kernels {

/// Levels of this program on this machine, worst first: always "scalar" (plain loops, the twins of the SIMD
/// kernels), then the likes of "sse4", "avx2", "avx512", "avx512dl". The last is Ice Lake's and Zen 4's
/// AVX-512, which counts bits; kernels that count none are the same on both.
std::vector<std::string> cpu_levels();

/// The level in use: the best there is, or the one the environment variable NETSUKE_CPU names, which is read
/// once. Throws Error(usage) if it names one that is not in cpu_levels().
const std::string& cpu_level();

/// Changes the level for the whole process, for tests: nothing else may be computing meanwhile, and what was
/// packed (see pack_panels) must be packed anew. Throws Error(usage) if `level` is not in cpu_levels().
void set_cpu_level(std::string_view level);

/// True if the level is "scalar". Kernels ask this once a call.
bool scalar_only();

}  // namespace netsuke::kernels
