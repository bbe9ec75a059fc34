#include "codec/adaptive_bit.h"

namespace netsuke::codec {
namespace {

// Logits of -8, -7.5, ... 8. Written out: no library's exp() has a say in what a file means.
constexpr std::array<int, 33> kSquash = {22,    36,    60,    98,    162,   267,   439,   720,   1179,
                                         1921,  3108,  4971,  7812,  11955, 17625, 24743, 32768, 40793,
                                         47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097,
                                         65269, 65374, 65438, 65476, 65500, 65514};

constexpr int squash_by_lines(int logit) {
  const auto above = static_cast<size_t>(logit + 2048);
  const size_t point = above / 128;
  return kSquash[point] + (kSquash[point + 1] - kSquash[point]) * static_cast<int>(above % 128) / 128;
}

constexpr AdaptiveTables make_tables() {
  AdaptiveTables tables{};
  for (int i = 0; i < 4096; ++i)
    tables.squashed[static_cast<size_t>(i)] = static_cast<uint16_t>(squash_by_lines(i - 2048));
  int x = -kMostLogit;
  for (int p = 0; p < 4096; ++p) {
    while (x < kMostLogit && squash_by_lines(x) < 16 * p + 8) ++x;
    tables.logit[static_cast<size_t>(p)] = static_cast<int16_t>(x);
  }
  for (uint32_t n = 0; n < 256; ++n) {
    tables.rate[n] = static_cast<uint16_t>(131072 / (2 * n + 3));
    tables.confidence[n] = static_cast<uint16_t>(n < 2 ? 0 : (512 * n - 768) / (2 * n - 2));
  }
  return tables;
}

}  // namespace

constinit const AdaptiveTables kAdaptive = make_tables();

}  // namespace netsuke::codec
