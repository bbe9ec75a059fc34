#include "kernels/limits/limits.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/limits/limits.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Independent sums: enough to hide a multiply-add's latency (4 cycles on 2 or 4 units), few enough for the
// registers.
#if HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)
inline constexpr size_t kSums = 20;
#else
inline constexpr size_t kSums = 12;
#endif

// Returns the operations done. The values tend to 1, far from whatever slows a processor down.
double run_multiply_adds(size_t rounds, float* result) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const V factor = hn::Set(d, result[0]), term = hn::Set(d, result[1]);
  V sum[kSums];
  HWY_UNROLL(20)
  for (size_t i = 0; i < kSums; ++i) sum[i] = hn::Set(d, static_cast<float>(i));
  for (size_t round = 0; round < rounds; ++round) {
    HWY_UNROLL(20)
    for (size_t i = 0; i < kSums; ++i) sum[i] = hn::MulAdd(sum[i], factor, term);
  }
  V all = sum[0];
  for (size_t i = 1; i < kSums; ++i) all = hn::Add(all, sum[i]);
  result[2] = hn::GetLane(all);
  return 2.0 * static_cast<double>(rounds * kSums * hn::Lanes(d));
}

// Reads `count` floats, a multiple of 256. Xor is what processors do most of in a cycle.
void run_read(const float* values, size_t count, float* result) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  constexpr size_t kVectors = 8, kLanes = hn::MaxLanes(d);
  V all[kVectors];
  HWY_UNROLL(8)
  for (size_t v = 0; v < kVectors; ++v) all[v] = hn::Zero(d);
  for (size_t i = 0; i < count; i += kVectors * kLanes) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) all[v] = hn::Xor(all[v], hn::Load(d, values + i + v * kLanes));
  }
  for (size_t v = 1; v < kVectors; ++v) all[0] = hn::Xor(all[0], all[v]);
  result[2] = hn::GetLane(all[0]);
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "kernels/aligned.h"
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_multiply_adds);
HWY_EXPORT(run_read);

namespace {

constexpr size_t kReadUnit = 256;  // floats

double multiply_adds_scalar(size_t rounds, float* result) {
  float sum[4] = {0, 1, 2, 3};
  for (size_t round = 0; round < rounds; ++round)
    for (float& value : sum) value = value * result[0] + result[1];
  result[2] = sum[0] + sum[1] + sum[2] + sum[3];
  return 8.0 * static_cast<double>(rounds);
}

void read_scalar(const float* values, size_t count, float* result) {
  float sum[4] = {};
  for (size_t i = 0; i < count; i += 4)
    for (size_t k = 0; k < 4; ++k) sum[k] += values[i + k];
  result[2] = sum[0] + sum[1] + sum[2] + sum[3];
}

// The best rate of many runs in about `seconds`; run() returns how much it did.
template <class Run>
double best_rate(double seconds, const Run& run) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  double best = 0;
  const Clock::time_point begin = Clock::now();
  do {
    const Clock::time_point start = Clock::now();
    const double done = run();
    best = std::max(best, done / std::max(since(start), 1e-9));
  } while (since(begin) < seconds);
  return best;
}

// What the system says of a cache, else `usual`, within what is sensible: some say 0, some what a hundred
// cores share.
size_t cache_bytes(int name, size_t usual, size_t most) {
  const long told = sysconf(name);
  return told > 0 ? std::min(static_cast<size_t>(told), most) : usual;
}

// Walks over the first `bytes` of `values` again and again. Each run that is timed is a piece: long enough
// for the clock, so short that a busy machine lets some of them pass undisturbed.
double read_rate(const AlignedFloats& values, size_t bytes, double seconds) {
  constexpr size_t kPiece = size_t{4} << 20;
  const size_t count = std::min(bytes, kPiece) / sizeof(float) / kReadUnit * kReadUnit;
  const size_t pieces = bytes / sizeof(float) / count;
  const size_t times = (kPiece / 4 + bytes) / bytes;
  size_t piece = 0;
  float result[3] = {};
  const double rate = best_rate(seconds, [&] {
    const float* from = values.data() + piece++ % pieces * count;
    for (size_t i = 0; i < times; ++i) {
      if (scalar_only())
        read_scalar(from, count, result);
      else
        HWY_DYNAMIC_DISPATCH(run_read)(from, count, result);
    }
    return static_cast<double>(times * count * sizeof(float));
  });
  return 1e-9 * rate;
}

double multiply_add_rate(double seconds) {
  volatile float factor = 0.5f, term = 0.5f;  // unknown to the compiler, which would do the sums itself
  float result[3] = {factor, term, 0};
  return 1e-9 * best_rate(seconds, [&] {
           constexpr size_t kRounds = 20000;
           return scalar_only() ? multiply_adds_scalar(kRounds, result)
                                : HWY_DYNAMIC_DISPATCH(run_multiply_adds)(kRounds, result);
         });
}

}  // namespace

double Limits::read_gb(double bytes) const {
  for (const ReadSpeed* level : {&l1, &l2, &l3})
    if (bytes <= static_cast<double>(level->bytes)) return level->gb;
  return memory.gb;
}

Limits& Limits::operator+=(const Limits& other) {
  gflops += other.gflops;
  for (const auto level : {&Limits::l1, &Limits::l2, &Limits::l3, &Limits::memory}) {
    (this->*level).bytes = (other.*level).bytes;
    (this->*level).gb += (other.*level).gb;
  }
  return *this;
}

Limits measure_limits() {
  Limits limits;
  limits.l1.bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, size_t{32} << 10, size_t{256} << 10);
  limits.l2.bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, size_t{512} << 10, size_t{4} << 20);
  limits.l3.bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE, size_t{8} << 20, size_t{128} << 20);
  limits.l3.bytes = std::max(limits.l3.bytes, limits.l2.bytes);
  limits.memory.bytes = SIZE_MAX;
  const AlignedFloats values(2 * limits.l3.bytes / sizeof(float), 1.0f);
  limits.gflops = multiply_add_rate(0.04);
  // Half of a cache, since other things lie in it too; of the last one less, since other cores use it.
  limits.l1.gb = read_rate(values, limits.l1.bytes / 2, 0.02);
  limits.l2.gb = read_rate(values, limits.l2.bytes / 2, 0.02);
  limits.l3.gb = read_rate(values, std::min(limits.l3.bytes / 2, 4 * limits.l2.bytes), 0.03);
  limits.memory.gb = read_rate(values, values.size() * sizeof(float), 0.06);
  return limits;
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
