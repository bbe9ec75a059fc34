#include "compress/share.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "compress/mask.h"
#include "compress/prune.h"
#include "graph/builder.h"
#include "tensor/half.h"

namespace netsuke::compress {
namespace {

using testing::Each;
using testing::Le;

Graph net_of(uint64_t seed) {
  Builder net("net", seed);
  ValueId x = net.input("data", {2, 10, 10});
  x = net.conv("conv1", x, 32, {3, 3});
  x = net.apply("flatten", Flatten{}, {x});
  x = net.linear("ip1", x, 10);
  return net.finish({x});
}

const Weight& weight_of(const Graph& graph, size_t target) {
  return *graph.values[weight_targets(graph)[target].value].weight;
}

TEST(Share, CentroidsThatTrainingMovedBecomeHalvesAgain) {
  Graph graph = net_of(1);
  WeightPtr& weight = graph.values[weight_targets(graph)[1].value].weight;
  const auto count = static_cast<uint32_t>(weight_count(*weight));
  weight = make_weight(weight->shape, SparseCodebook{{-0.1f, 0.3f, 0.30001f}, {0, 5, count - 1}, {2, 0, 1}});
  const Graph rounded = with_half_centroids(graph);
  const auto& shared = std::get<SparseCodebook>(weight_of(rounded, 1).encoding);
  EXPECT_EQ(shared.centroids, (std::vector<float>{round_to_half(-0.1f), round_to_half(0.3f)}));
  EXPECT_EQ(shared.codes, (std::vector<uint16_t>{1, 0, 1}));
  EXPECT_EQ(weight_of(rounded, 0), weight_of(graph, 0)) << "a dense weight stays";
}

TEST(Share, WithoutTheCodebookTheValuesAreTheSame) {
  const Graph shared = share(prune_to_density(net_of(1), {.all = {}, .by_key = {{"ip1", 0.3}}}), {});
  const WeightPtr dense = without_codebook(weight_of(shared, 0)),
                  sparse = without_codebook(weight_of(shared, 1));
  EXPECT_EQ(encoding_name(dense->encoding), "dense");
  EXPECT_EQ(encoding_name(sparse->encoding), "sparse");
  EXPECT_EQ(to_dense(*dense).data, to_dense(weight_of(shared, 0)).data);
  EXPECT_EQ(to_dense(*sparse).data, to_dense(weight_of(shared, 1)).data);
}

TEST(Share, DenseBecomesACodebookAndSparseKeepsItsPositions) {
  const Graph graph = prune_to_density(net_of(1), {.all = {}, .by_key = {{"ip1", 0.3}}});
  const Graph shared = share(graph, {});
  verify(shared);
  const auto& conv = std::get<Codebook>(weight_of(shared, 0).encoding);
  EXPECT_LE(conv.centroids.size(), 256u);
  EXPECT_EQ(value_bits(weight_of(shared, 0)), 8);
  const auto& linear = std::get<SparseCodebook>(weight_of(shared, 1).encoding);
  EXPECT_LE(linear.centroids.size(), 32u);
  EXPECT_EQ(linear.positions, std::get<Sparse>(weight_of(graph, 1).encoding).positions);
}

TEST(Share, MoreBitsComeNearerToTheWeights) {
  const Graph graph = net_of(2);
  const std::vector<float> before = kept_values(weight_of(graph, 1));
  double previous = 1e30;
  for (int bits = 1; bits <= 8; ++bits) {
    const Graph shared = share(graph, {.bits = {.all = {}, .by_key = {{"ip1", bits}}}});
    EXPECT_EQ(weight_of(shared, 0), weight_of(graph, 0)) << "conv1 has no bits and must stay";
    const std::vector<float> after = kept_values(weight_of(shared, 1));
    double error = 0;
    for (size_t i = 0; i < before.size(); ++i) error += (before[i] - after[i]) * (before[i] - after[i]);
    EXPECT_LT(error, previous);
    previous = error;
  }
}

TEST(Share, HalfCentroidsFitInSixteenBits) {
  const Graph shared = share(net_of(3), {.half_centroids = true});
  verify(shared);
  for (size_t target : {size_t{0}, size_t{1}})
    for (float centroid : std::get<Codebook>(weight_of(shared, target).encoding).centroids)
      EXPECT_EQ(round_to_half(centroid), centroid);
}

TEST(Share, SharingAgainChangesNothing) {
  const Graph shared = share(net_of(4), {});
  const Graph again = share(shared, {.start = Initialisation::density});
  for (size_t target : {size_t{0}, size_t{1}})
    EXPECT_LE(std::get<Codebook>(weight_of(again, target).encoding).centroids.size(),
              std::get<Codebook>(weight_of(shared, target).encoding).centroids.size());
  EXPECT_EQ(share(shared, {.start = Initialisation::optimal}), shared);
}

TEST(Share, AnEmptyLayerStaysAndWrongBitsAreRefused) {
  const Graph empty = prune_to_density(net_of(5), {.all = 0.0, .by_key = {}});
  EXPECT_EQ(share(empty, {}), empty);
  EXPECT_THROW(share(net_of(5), {.bits = {.all = 17, .by_key = {}}}), Error);
  EXPECT_THROW(share(net_of(5), {.bits = {.all = 0, .by_key = {}}}), Error);
  EXPECT_THROW(share(net_of(5), {.bits = {.all = {}, .by_key = {{"fc1", 5}}}}), Error);
}

TEST(Half, RoundsToTheNearestWithTiesToEven) {
  EXPECT_EQ(round_to_half(1.0f), 1.0f);
  EXPECT_EQ(round_to_half(0.1f), 0.0999755859375f);
  EXPECT_EQ(round_to_half(2049.0f), 2048.0f);
  EXPECT_EQ(round_to_half(2051.0f), 2052.0f);
  EXPECT_EQ(round_to_half(-65504.0f), -65504.0f);
  EXPECT_EQ(round_to_half(1e6f), 1e6f) << "beyond the range";
  EXPECT_EQ(round_to_half(0x1p-24f), 0x1p-24f) << "the least subnormal";
  EXPECT_EQ(round_to_half(0x1p-26f), 0.0f);
  EXPECT_EQ(round_to_half(0x1.8p-24f), 0x1p-23f) << "a tie among subnormals";
}

#if defined(__FLT16_MAX__) && !defined(__clang__)  // clang 14 has the type only for some processors
TEST(Half, AgreesWithTheCompiler) {
  Random random(7);
  for (int i = 0; i < 100'000; ++i) {
    const auto value =
        static_cast<float>(random.normal() * std::ldexp(1.0, static_cast<int>(random.below(34)) - 24));
    const float expected =
        std::fabs(value) < 65504 ? static_cast<float>(static_cast<_Float16>(value)) : value;
    EXPECT_EQ(round_to_half(value), expected);
  }
}
#endif

}  // namespace
}  // namespace netsuke::compress
