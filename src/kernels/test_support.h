// What the kernels' twin tests share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "base/random.h"
#include "kernels/cpu.h"

namespace netsuke::kernels {

inline std::vector<float> random_values(Random& random, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.uniform(-1, 1));
  return values;
}

/// A size in [least, most].
inline size_t pick(Random& random, size_t least, size_t most) {
  return least + static_cast<size_t>(random.below(most - least + 1));
}

/// Runs `check` with `rounds` seeds on every level of this machine but "scalar", and prints level and seed
/// with whatever fails.
inline void on_every_level(int rounds, const std::function<void(Random&)>& check) {
  const std::string before = cpu_level();
  for (const std::string& level : cpu_levels()) {
    if (level == "scalar") continue;
    set_cpu_level(level);
    for (uint64_t seed = 0; seed < static_cast<uint64_t>(rounds) && !testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE("level " + level + ", seed " + std::to_string(seed));
      Random random(seed);
      check(random);
    }
  }
  set_cpu_level(before);
}

inline void expect_near(const std::vector<float>& found, const std::vector<float>& expected,
                        float tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], tolerance) << "at " << i;
}

}  // namespace netsuke::kernels
