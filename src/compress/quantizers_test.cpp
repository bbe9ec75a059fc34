#include "compress/quantizers.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/random.h"
#include "compress/share.h"
#include "graph/builder.h"
#include "model/write.h"

namespace netsuke::compress {
namespace {

struct Sample {
  std::vector<float> values, importance;
};

Sample sample(size_t count, uint64_t seed) {
  Random random(seed);
  Sample s;
  for (size_t i = 0; i < count; ++i) {
    s.values.push_back(static_cast<float>(random.normal()));
    s.importance.push_back(static_cast<float>(std::exp(random.normal())));
  }
  return s;
}

double entropy(const Clustering& clusters) {
  std::map<uint16_t, double> counts;
  for (const uint16_t code : clusters.codes) ++counts[code];
  double bits = 0;
  for (const auto& [code, count] : counts)
    bits += count * std::log2(static_cast<double>(clusters.codes.size()) / count);
  return bits;
}

TEST(Quantizers, ThoseAtEqualLossLoseNoMoreThanKMeans) {
  const Sample s = sample(2000, 1);
  const QuantizerInput input{.values = s.values, .importance = s.importance, .bits = 4};
  std::map<std::string_view, Clustering> by_name;
  for (const Quantizer& q : quantizers()) {
    by_name[q.name] = q.cluster(input);
    EXPECT_TRUE(std::ranges::is_sorted(by_name[q.name].centroids)) << q.name;
    EXPECT_EQ(by_name[q.name].codes.size(), s.values.size()) << q.name;
  }
  const double most = sharing_loss(input, by_name["kmeans"]) * 1.00001;
  for (const char* name : {"rate", "grid", "hessian"})
    EXPECT_LE(sharing_loss(input, by_name[name]), most) << name;
  EXPECT_LT(entropy(by_name["rate"]), entropy(by_name["kmeans"]));
  EXPECT_LE(by_name["hessian"].centroids.size(), 16u);
}

TEST(Quantizers, TheBestIsTheOneOfFewestBytes) {
  const Sample s = sample(2000, 2);
  const QuantizerInput input{.values = s.values, .importance = s.importance, .bits = 4};
  const auto bytes = [](const Clustering& c) { return static_cast<size_t>(entropy(c)); };
  const size_t best = bytes(best_quantized(input, bytes));
  const double most = sharing_loss(input, quantizers()[0].cluster(input)) * 1.00001;
  for (const Quantizer& q : quantizers()) {
    const Clustering c = q.cluster(input);
    if (sharing_loss(input, c) > most) continue;
    EXPECT_LE(best, bytes(c)) << q.name;
  }
}

TEST(Quantizers, ChosenByBytesAFileIsNoLargerThanByKMeans) {
  Builder net("net", 4);
  const Graph graph = net.finish({net.linear("ip", net.input("data", {80}), 60)});
  const ShareOptions k_means{.bits = {.all = 4, .by_key = {}}, .half_centroids = true};
  ShareOptions best = k_means;
  best.quantizer = "best";
  EXPECT_LT(write_model(share(graph, best)).bytes.size(), write_model(share(graph, k_means)).bytes.size());
  best.quantizer = "median";
  EXPECT_THROW(share(graph, best), Error);
}

}  // namespace
}  // namespace netsuke::compress
