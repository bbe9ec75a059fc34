#include "codec/range_coder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "codec/adaptive_bit.h"

namespace netsuke::codec {
namespace {

struct Bit {
  bool value;
  Probability one;
};

// Probabilities of all sizes, the extremes among them; bits as probable as they say, or against all odds.
std::vector<Bit> random_bits(Random& random, size_t count) {
  const bool contrary = random.below(4) == 0;
  std::vector<Bit> bits(count);
  for (Bit& bit : bits) {
    bit.one = random.below(8) == 0 ? (random.below(2) == 0 ? 1 : 65535)
                                   : static_cast<Probability>(1 + random.below(65535));
    bit.value = (random.uniform() * 65536 < bit.one) != contrary;
  }
  return bits;
}

double information(const std::vector<Bit>& bits) {
  double sum = 0;
  for (const Bit& bit : bits) sum -= std::log2((bit.value ? bit.one : 65536 - bit.one) / 65536.0);
  return sum;
}

TEST(RangeCoder, GivesBackWhatWasCodedInAsManyBytesAsItHoldsInformation) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const auto bits = random_bits(random, random.below(3000));
    RangeEncoder encoder;
    for (const Bit& bit : bits) encoder.code(bit.value, bit.one);
    const Bytes bytes = encoder.finish();
    EXPECT_LE(static_cast<double>(bytes.size()), information(bits) * 1.0001 / 8 + 2);
    RangeDecoder decoder(bytes, "test");
    for (const Bit& bit : bits) ASSERT_EQ(decoder.code(false, bit.one), bit.value);
    decoder.finish();
  }
}

TEST(RangeCoder, CarriesRunThroughManyBytes) {
  // Zeros that were all but certain to be ones keep the interval just below a carry; then it happens.
  for (size_t zeros = 1; zeros < 200; ++zeros) {
    RangeEncoder encoder;
    for (size_t i = 0; i < zeros; ++i) encoder.code(false, 65535);
    for (size_t i = 0; i < 20; ++i) encoder.code(i % 2 == 0, 65535);
    const Bytes bytes = encoder.finish();
    RangeDecoder decoder(bytes, "test");
    for (size_t i = 0; i < zeros; ++i) ASSERT_FALSE(decoder.code(false, 65535));
    for (size_t i = 0; i < 20; ++i) ASSERT_EQ(decoder.code(false, 65535), i % 2 == 0);
  }
}

TEST(RangeCoder, NothingTakesNoBytes) {
  EXPECT_TRUE(RangeEncoder().finish().empty());
  RangeEncoder likely;
  for (int i = 0; i < 100; ++i) likely.code(true, 65000);
  EXPECT_TRUE(likely.finish().empty());
  RangeDecoder decoder({}, "test");
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(decoder.code(false, 65000));
  decoder.finish();
}

TEST(RangeCoder, BytesThatNoEncoderWritesAreRefused) {
  const Bytes zero_at_end = {17, 0}, too_long(13, 1);
  for (const Bytes& bytes : {zero_at_end, too_long}) {
    RangeDecoder decoder(bytes, "test");
    decoder.code(false, 32768);
    EXPECT_THROW(decoder.finish(), Error);
  }
}

TEST(AdaptiveBit, IsTheAverageAtFirstAndFollowsLater) {
  AdaptiveBit bit(1 << 21, 2);
  for (int i = 0; i < 8; ++i) bit.update(true);
  EXPECT_GT(bit.probability(), 50000u);
  for (int i = 0; i < 5000; ++i) bit.update(false);
  EXPECT_LT(bit.probability(), 100u);
  EXPECT_GE(bit.probability(), 22u);
  for (int i = 0; i < 5000; ++i) bit.update(true);
  EXPECT_GT(bit.probability(), 65400u);
  EXPECT_LE(bit.probability(), 65514u);
}

TEST(AdaptiveBit, SquashAndLogitAreInverse) {
  for (size_t p = 0; p < 4096; ++p) {
    const int logit = kAdaptive.logit[p];
    const double exact =
        std::clamp(256 * std::log((static_cast<double>(p) + 0.5) / (4095.5 - static_cast<double>(p))),
                   -1.0 * kMostLogit, 1.0 * kMostLogit);
    EXPECT_NEAR(logit, exact, 12 + 0.02 * std::fabs(exact)) << p;
    if (std::abs(logit) < kMostLogit) {
      EXPECT_NEAR(kAdaptive.squashed[static_cast<size_t>(logit + 2048)], 16.0 * static_cast<double>(p) + 8,
                  70)
          << p;
    }
  }
}

// What a mixer of one useful and one useless estimate costs, in bits.
TEST(Mixer, LearnsWhichEstimateToTrust) {
  Random random(5);
  Mixer<2> mixer(1, 6, 20000, 20000);
  std::vector<AdaptiveBit> good(2, AdaptiveBit(1 << 21, 2)), useless(16, AdaptiveBit(1 << 21, 2));
  double late = 0;
  RangeEncoder encoder;
  for (int i = 0; i < 20000; ++i) {
    const size_t hint = random.below(2), noise = random.below(16);
    const bool bit = (random.uniform() < 0.95) == (hint == 1);
    mixer.code(encoder, bit, 0, good[0], std::array{&good[hint], &useless[noise]});
    if (i >= 10000) late -= std::log2(mixer.last() / 65536.0);
  }
  EXPECT_LT(late / 10000, 1.03 * 0.2864);  // the entropy of 0.95
}

}  // namespace
}  // namespace netsuke::codec
