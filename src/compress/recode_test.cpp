#include "compress/recode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "codec/symbol_stream.h"
#include "compress/mask.h"
#include "compress/rate_quantizer.h"
#include "compress/refit.h"

namespace netsuke::compress {
namespace {

constexpr size_t kInputs = 96, kOutputs = 10, kRows = 1000;
const Shape kShape{kOutputs, kInputs};

/// A layer whose inputs lean on each other, as channels of an image do, and its answers.
struct Layer {
  std::vector<float> w, x, y;
  explicit Layer(uint64_t seed) {
    Random random(seed);
    for (size_t i = 0; i < kOutputs * kInputs; ++i) w.push_back(static_cast<float>(random.normal()));
    for (size_t r = 0; r < kRows; ++r) {
      const double all = 1 + random.normal();
      for (size_t i = 0; i < kInputs; ++i)
        x.push_back(static_cast<float>(std::max(0.0, all + random.normal())));
      for (size_t o = 0; o < kOutputs; ++o) {
        float sum = 0.5f;  // the bias
        for (size_t i = 0; i < kInputs; ++i) sum += w[o * kInputs + i] * x[r * kInputs + i];
        y.push_back(sum);
      }
    }
  }
  LayerStatistics statistics() const {
    LayerStatistics s(kInputs, kOutputs);
    s.add(x, y);
    return s;
  }
  double error(const Weight& weight) const {
    return refit(weight, std::vector<float>(kOutputs, 0.5f), statistics(), 0.001).error_before;
  }
};

constexpr float kSteps[] = {-2.4f, -0.8f, 0.8f, 2.4f};

/// Each value at its nearest step, pruned ones left out.
WeightPtr rounded(const Layer& layer, const std::vector<uint32_t>& positions) {
  SparseCodebook book{.centroids = {kSteps, kSteps + 4}, .positions = positions, .codes = {}};
  for (const uint32_t p : positions) {
    size_t nearest = 0;
    for (size_t c = 0; c < 4; ++c)
      if (std::abs(layer.w[p] - kSteps[c]) < std::abs(layer.w[p] - kSteps[nearest])) nearest = c;
    book.codes.push_back(static_cast<uint16_t>(nearest));
  }
  if (positions.size() == layer.w.size()) return make_weight(kShape, Codebook{book.centroids, book.codes});
  return make_weight(kShape, book);
}

std::vector<uint32_t> every(size_t one_in) {
  std::vector<uint32_t> positions;
  for (uint32_t p = 0; p < kOutputs * kInputs; ++p)
    if (p % one_in != one_in - 1) positions.push_back(p);
  return positions;
}

TEST(Recode, ErrorsMakeUpForEachOther) {
  const Layer layer(1);
  const Weight original{kShape, Dense{layer.w}, nullptr};
  for (const size_t one_in : {size_t{100000}, size_t{4}}) {
    const WeightPtr nearest = rounded(layer, every(one_in));
    const WeightPtr recoded = Recoder(original, layer.statistics(), true, 0.001)(nearest);
    EXPECT_EQ(recoded->encoding.index(), nearest->encoding.index());
    EXPECT_EQ(kept_positions(*recoded), kept_positions(*nearest));
    EXPECT_LT(layer.error(*recoded), layer.error(*nearest) / 2) << "one in " << one_in << " pruned";
  }
}

// The entropy-constrained quantizer leaves most values at the centroid whose code is cheapest; the nearest
// centroid of a moved value would often be another.
TEST(Recode, AtNoMoreBitsCodesStayAsCheapAsTheyWere) {
  const Layer layer(3);
  const Weight original{kShape, Dense{layer.w}, nullptr};
  for (const size_t one_in : {size_t{100000}, size_t{4}}) {
    const std::vector<uint32_t> positions = every(one_in);
    std::vector<float> values;
    for (const uint32_t p : positions) values.push_back(layer.w[p]);
    const Clustering cheap = rate_quantize(values, {}, {.clusters = 16, .start = {}, .slope = 0.4}).clusters;
    const WeightPtr kept = positions.size() == layer.w.size()
                               ? make_weight(kShape, Dense{values})
                               : make_weight(kShape, Sparse{positions, values});
    const WeightPtr shared = with_codebook(*kept, cheap.centroids, cheap.codes);
    const auto bits = [&](const Weight& weight) {
      const Codebook* book = std::get_if<Codebook>(&weight.encoding);
      const std::vector<uint16_t>& codes =
          book ? book->codes : std::get<SparseCodebook>(weight.encoding).codes;
      return codec::entropy_bits(codec::count_symbols(codes, static_cast<uint32_t>(cheap.centroids.size())));
    };
    const Recoder recode(original, layer.statistics(), true, 0.001);
    const WeightPtr nearest = recode(shared), recoded = recode.at_no_more_bits(shared);
    EXPECT_GT(bits(*nearest), 1.05 * bits(*shared)) << "or this test shows nothing";
    EXPECT_LE(bits(*recoded), bits(*shared));
    EXPECT_GT(bits(*recoded), 0.8 * bits(*shared));
    EXPECT_EQ(kept_positions(*recoded), kept_positions(*shared));
    EXPECT_LT(layer.error(*recoded), 0.7 * layer.error(*shared)) << "one in " << one_in << " pruned";
  }
}

// Inputs that have nothing to do with each other cannot make up for anything: the nearest centroid is best.
TEST(Recode, TakesTheNearestWhereInputsAreIndependent) {
  const Layer layer(2);
  const Weight original{kShape, Dense{layer.w}, nullptr};
  std::vector<float> x, y;  // one input at a time
  for (size_t r = 0; r < kInputs; ++r)
    for (size_t i = 0; i < kInputs; ++i) x.push_back(r == i ? 1.0f : 0.0f);
  for (size_t r = 0; r < kInputs; ++r)
    for (size_t o = 0; o < kOutputs; ++o) y.push_back(layer.w[o * kInputs + r]);
  LayerStatistics statistics(kInputs, kOutputs);
  statistics.add(x, y);
  const WeightPtr nearest = rounded(layer, every(4));
  EXPECT_EQ(*Recoder(original, statistics, false, 0.001)(nearest), *nearest);
}

TEST(Recode, WhatKeepsNothingOrOverflowsIsNotShared) {
  const Layer layer(5);
  const LayerStatistics statistics = layer.statistics();
  const WeightPtr nothing = make_weight(kShape, Sparse{});
  EXPECT_EQ(kept_count(*share_within({}, nothing, {}, statistics, statistics, 0.001).weight), 0);
  LayerStatistics overflowed = statistics;
  const std::vector<float> x(kInputs, std::numeric_limits<float>::infinity()), y(kOutputs, 1.0f);
  overflowed.add(x, y);
  const WeightPtr original = make_weight(kShape, Dense{layer.w});
  const Refit fitted = share_within({}, original, {}, overflowed, overflowed, 0.001);
  EXPECT_TRUE(std::isinf(fitted.error_after));
  EXPECT_EQ(*fitted.weight, *original);
}

// As a linear layer sees few images: with fewer rows than inputs nothing is learned that holds for others.
TEST(Recode, FewRowsDoNotMakeALayerWorseThanItsTolerance) {
  const Layer layer(6), noise(7);
  LayerStatistics few(kInputs, kOutputs), many(kInputs, kOutputs);
  std::vector<float> wrong = layer.y;  // answers with an error that no weight makes
  for (size_t i = 0; i < wrong.size(); ++i) wrong[i] += 3 * noise.w[i % noise.w.size()];
  few.add(std::span(layer.x).first(40 * kInputs), std::span(wrong).first(40 * kOutputs));
  many.add(std::span(layer.x).subspan(40 * kInputs), std::span(layer.y).subspan(40 * kOutputs));
  const WeightPtr original = make_weight(kShape, Dense{layer.w});
  const std::vector<float> bias(kOutputs, 0.5f);
  const Refit fitted = share_within({.error = 0.001}, original, bias, few, many, 0.0001);
  EXPECT_LE(answer_error(*fitted.weight, fitted.bias, many), 0.001 + 1e-6);
}

TEST(Recode, LeavesAloneWhatHasNoCodesOrNoRows) {
  const Layer layer(3);
  const WeightPtr original = make_weight(kShape, Dense{layer.w});
  EXPECT_EQ(Recoder(*original, layer.statistics(), true, 0.001)(original), original);
  const WeightPtr nearest = rounded(layer, every(4));
  EXPECT_EQ(Recoder(*original, LayerStatistics(kInputs, kOutputs), true, 0.001)(nearest), nearest);
  EXPECT_THROW(Recoder(*original, LayerStatistics(kInputs, kOutputs + 1), true, 0.001), Error);
}

TEST(Recode, SharesByNoMoreBitsThanTheAnswersNeed) {
  const Layer layer(4);
  LayerStatistics first(kInputs, kOutputs), second(kInputs, kOutputs);
  const size_t half = kRows / 2;
  first.add(std::span(layer.x).first(half * kInputs), std::span(layer.y).first(half * kOutputs));
  second.add(std::span(layer.x).last(half * kInputs), std::span(layer.y).last(half * kOutputs));
  const WeightPtr original = make_weight(kShape, Dense{layer.w});
  const std::vector<float> bias(kOutputs, 0.5f);
  size_t before = 1 << 16;
  for (const double error : {1e-5, 1e-4, 1e-3}) {
    const Refit fitted = share_within({.error = error}, original, bias, first, second, 0.001);
    const size_t values = std::get<Codebook>(fitted.weight->encoding).centroids.size();
    EXPECT_LT(values, before) << "a tolerance of " << error;
    before = values;
    // The floats fit these answers but for the ridge.
    EXPECT_LE(answer_error(*fitted.weight, fitted.bias, second), error + 1e-5);
  }
  const Refit coarse =
      share_within({.error = 0, .least_bits = 2, .most_bits = 2}, original, bias, first, second, 0.001);
  EXPECT_LE(std::get<Codebook>(coarse.weight->encoding).centroids.size(), 8u) << "no more bits than the most";
}

}  // namespace
}  // namespace netsuke::compress
