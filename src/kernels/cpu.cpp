#include "kernels/cpu.h"

#include "kernels/simd_popcount.h"
// Highway's headers come after.
#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace netsuke::kernels {
namespace {

std::string level_name(int64_t target) {
  std::string name = hwy::TargetName(target);
  if (name == "AVX3") return "avx512";
  if (name == "AVX3_DL") return "avx512dl";
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  return name;
}

// What the machine has, without the limits that an earlier call may have set.
int64_t machine_targets() {
  static const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return targets;
}

// Highway gives better targets lower bits; this visits them from worst to best.
std::vector<int64_t> targets_worst_first() {
  std::vector<int64_t> targets;
  for (int bit = 62; bit >= 0; --bit) {
    const int64_t target = int64_t{1} << bit;
    if (machine_targets() & target) targets.push_back(target);
  }
  return targets;
}

void limit_targets(std::string_view level) {
  int64_t allowed = 0;
  for (int64_t target : targets_worst_first()) {
    allowed |= target;
    if (level_name(target) == level) break;
  }
  hwy::SetSupportedTargetsForTest(allowed);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

std::string checked(std::string_view level) {
  const std::vector<std::string> levels = cpu_levels();
  if (std::find(levels.begin(), levels.end(), level) == levels.end())
    fail(ErrorCode::usage, "the CPU level '", level,
         "' (NETSUKE_CPU) is not one of this machine's: ", join(levels));
  return std::string(level);
}

std::string& current_level() {
  static std::string level = [] {
    const char* wanted = std::getenv("NETSUKE_CPU");
    if (!wanted || !*wanted) return cpu_levels().back();
    std::string level = checked(wanted);
    limit_targets(level);
    return level;
  }();
  return level;
}

}  // namespace

std::vector<std::string> cpu_levels() {
  std::vector<std::string> levels{"scalar"};
  for (int64_t target : targets_worst_first()) {
    // Highway's own emulations are no level of ours: "scalar" means the twins.
    if ((target & (HWY_SCALAR | HWY_EMU128)) == 0) levels.push_back(level_name(target));
  }
  return levels;
}

const std::string& cpu_level() { return current_level(); }

void set_cpu_level(std::string_view level) {
  current_level() = checked(level);
  limit_targets(level);
}

bool scalar_only() { return current_level() == "scalar"; }

}  // namespace netsuke::kernels
