#include "kernels/limits/limits.h"

#include "kernels/simd_popcount.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/limits/limits.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/binary/count-inl.h"

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

// Reads `count` floats, a multiple of 256, in four stretches at once: more of memory's latency overlaps then
// than in one. Xor is what processors do most of in a cycle.
void run_read(const float* values, size_t count, float* result) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  constexpr size_t kStretches = 4, kVectors = 8, kLanes = hn::MaxLanes(d);
  const size_t stretch = count / kStretches;
  V all[kVectors];
  HWY_UNROLL(8)
  for (size_t v = 0; v < kVectors; ++v) all[v] = hn::Zero(d);
  for (size_t i = 0; i < stretch; i += kVectors / kStretches * kLanes) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) {
      const float* from = values + v % kStretches * stretch + i + v / kStretches * kLanes;
      all[v] = hn::Xor(all[v], hn::Load(d, from));
    }
  }
  for (size_t v = 1; v < kVectors; ++v) all[0] = hn::Xor(all[0], all[v]);
  result[2] = hn::GetLane(all[0]);
}

// Compares signs and counts those that differ, as binary convolutions do, from registers. Returns the
// operations done.
double run_count_bits(size_t rounds, uint32_t* result) {
  const count::WordTag d;
  const count::Words signs = hn::Set(d, result[0]);
  count::Words sum[kSums];
  HWY_UNROLL(20)
  for (size_t i = 0; i < kSums; ++i) sum[i] = hn::Set(d, static_cast<uint32_t>(i));
  for (size_t round = 0; round < rounds; ++round) {
    HWY_UNROLL(20)
    for (size_t i = 0; i < kSums; ++i) sum[i] = count::add_bits(sum[i], hn::Xor(signs, sum[i]));
  }
  count::Words all = sum[0];
  for (size_t i = 1; i < kSums; ++i) all = hn::Add(all, sum[i]);
  result[1] = hn::GetLane(all);
  return 64.0 * static_cast<double>(rounds * kSums * hn::Lanes(d));
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>

#include "kernels/aligned.h"
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_multiply_adds);
HWY_EXPORT(run_read);
HWY_EXPORT(run_count_bits);

namespace {

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

double count_bits_scalar(size_t rounds, uint32_t* result) {
  uint32_t sum[4] = {0, 1, 2, 3};
  for (size_t round = 0; round < rounds; ++round)
    for (uint32_t& value : sum) value += static_cast<uint32_t>(std::popcount(value ^ result[0]));
  result[1] = sum[0] + sum[1] + sum[2] + sum[3];
  return 64.0 * 4 * static_cast<double>(rounds);
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
  const double rate = best_rate(seconds, [&] {
    const float* from = values.data() + piece++ % pieces * count;
    for (size_t i = 0; i < times; ++i) read_floats(from, count);
    return static_cast<double>(times * count * sizeof(float));
  });
  return 1e-9 * rate;
}

double multiply_add_rate(double seconds) {
  return 1e-9 * best_rate(seconds, [] { return do_multiply_adds(20000); });
}

double count_bits_rate(double seconds) {
  volatile uint32_t signs = 0x5A5A'F0F0;
  uint32_t result[2] = {signs, 0};
  return 1e-12 * best_rate(seconds, [&] {
           constexpr size_t kRounds = 10000;
           return scalar_only() ? count_bits_scalar(kRounds, result)
                                : HWY_DYNAMIC_DISPATCH(run_count_bits)(kRounds, result);
         });
}

}  // namespace

void read_floats(const float* values, size_t count) {
  float result[3] = {};
  if (scalar_only())
    read_scalar(values, count, result);
  else
    HWY_DYNAMIC_DISPATCH(run_read)(values, count, result);
  volatile float keep = result[2];
  static_cast<void>(keep);
}

double do_multiply_adds(size_t rounds) {
  volatile float factor = 0.5f, term = 0.5f;  // unknown to the compiler, which would do the sums itself
  float result[3] = {factor, term, 0};
  const double done = scalar_only() ? multiply_adds_scalar(rounds, result)
                                    : HWY_DYNAMIC_DISPATCH(run_multiply_adds)(rounds, result);
  volatile float keep = result[2];
  static_cast<void>(keep);
  return done;
}

double Limits::read_gb(double bytes) const {
  for (const ReadSpeed* level : {&l1, &l2, &l3})
    if (bytes <= static_cast<double>(level->bytes)) return level->gb;
  return memory.gb;
}

Limits& Limits::operator+=(const Limits& other) {
  gflops += other.gflops, sign_tops += other.sign_tops;
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
  limits.sign_tops = count_bits_rate(0.03);
  // Half of a cache, since other things lie in it too; of the last one less, since other cores use it.
  limits.l1.gb = read_rate(values, limits.l1.bytes / 2, 0.02);
  limits.l2.gb = read_rate(values, limits.l2.bytes / 2, 0.02);
  limits.l3.gb = read_rate(values, std::min(limits.l3.bytes / 2, 4 * limits.l2.bytes), 0.03);
  limits.memory.gb = read_rate(values, values.size() * sizeof(float), 0.06);
  return limits;
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
