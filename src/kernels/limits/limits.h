// What this machine can do at most: the yardsticks that kernels are held against (Williams, Waterman,
// Patterson 2009, "Roofline").
#pragma once

#include <cstddef>

namespace netsuke::kernels {

/// How fast one level of the memory can be read.
struct ReadSpeed {
  size_t bytes = 0;  ///< the most data that it holds; of main memory SIZE_MAX
  double gb = 0;     ///< 1e9 bytes a second
};

/// Of one core, or of several that work at once (see operator+=).
struct Limits {
  double gflops = 0;  ///< 1e9 operations on 32-bit floats a second; a multiply-add is two
  ReadSpeed l1, l2, l3, memory;
  /// 1e12 operations on signs a second: xor, popcount and addition do two for each sign, as a multiply-add
  /// would.
  double sign_tops = 0;

  /// Reading speed of the nearest level that holds `bytes`, in 1e9 bytes a second.
  double read_gb(double bytes) const;
  /// Adds a core that was measured at the same time.
  Limits& operator+=(const Limits& other);
};

/// Measures the calling thread's core on the level that cpu_level() names, in about a quarter of a second.
/// Each figure is the best of many short runs, so that others' work on the machine falsifies it least. Called
/// on several threads at once, the phases keep in step, and the figures are what each core gets of the
/// memory they share. Needs twice the memory of the last cache; throws std::bad_alloc.
Limits measure_limits();

// What these figures are made of, to be timed in turn with what is held against them.

inline constexpr size_t kReadUnit = 256;
/// Reads `count` aligned floats, a multiple of kReadUnit, and does next to nothing with them.
void read_floats(const float* values, size_t count);
/// Multiplies and adds floats in registers, the same number in every round. Returns the operations done.
double do_multiply_adds(size_t rounds);

}  // namespace netsuke::kernels
