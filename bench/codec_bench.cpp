// How fast weights are read from a file's bytes, by coder, on one thread. MB/s count the float weights that a
// layer has, pruned ones too: 4 bytes each. "bits" are those of the file for each kept weight.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"
#include "graph/builder.h"
#include "model/read.h"
#include "model/write.h"

namespace netsuke {
namespace {

struct Layer {
  const char* name;
  Shape shape;
  double density;
  int bits;  ///< of a code
};

// As the papers' networks: every weight at 8 bits, Deep Compression's convolutions and linear layers.
const Layer kLayers[] = {
    {"squeezenet.3x3.8bit", {256, 64, 3, 3}, 1, 8},
    {"squeezenet.conv10.8bit", {1000, 512, 1, 1}, 1, 8},
    {"alexnet.conv3.35percent.8bit", {384, 256, 3, 3}, 0.35, 8},
    {"alexnet.fc7.9percent.5bit", {1024, 4096}, 0.09, 5},
    {"vgg16.fc6.4percent.5bit", {128, 25088}, 0.04, 5},
};

// The largest of normal weights are kept; rows and columns differ in how many, as they do once trained.
SparseCodebook random_weight(const Layer& layer) {
  Random random(1);
  const auto elements = static_cast<size_t>(element_count(layer.shape));
  const size_t columns = elements / static_cast<size_t>(layer.shape[0]);
  std::vector<double> of_column(columns);
  for (double& scale : of_column) scale = 1 + 0.2 * random.normal();
  std::vector<float> values(elements), sizes(elements);
  for (size_t i = 0; i < elements; ++i)
    values[i] = static_cast<float>(random.normal() * of_column[i % columns]);
  std::transform(values.begin(), values.end(), sizes.begin(), [](float v) { return std::abs(v); });
  const auto dropped = static_cast<std::ptrdiff_t>((1 - layer.density) * static_cast<double>(elements));
  std::nth_element(sizes.begin(), sizes.begin() + dropped, sizes.end());
  const float least = dropped == 0 ? 0 : sizes[static_cast<size_t>(dropped)];
  SparseCodebook weight;
  const int codes = 1 << layer.bits;
  for (int c = 0; c < codes; ++c)
    weight.centroids.push_back(4.0f * (static_cast<float>(c) + 0.5f) / static_cast<float>(codes / 2) - 4.0f);
  for (size_t i = 0; i < elements; ++i) {
    if (std::abs(values[i]) < least) continue;
    weight.positions.push_back(static_cast<uint32_t>(i));
    const auto code = static_cast<int>((values[i] + 4) * static_cast<float>(codes) / 8);
    weight.codes.push_back(static_cast<uint16_t>(std::clamp(code, 0, codes - 1)));
  }
  return weight;
}

Graph network(const Layer& layer) {
  Builder b(layer.name);
  const Shape& s = layer.shape;
  Graph graph;
  if (s.size() == 2) {
    const ValueId x = b.input("x", {s[1]});
    graph = b.finish({b.linear("layer", x, static_cast<int>(s[0]), false)});
  } else {
    const ValueId x = b.input("x", {s[1], s[2], s[3]});
    graph = b.finish({b.conv("layer", x, static_cast<int>(s[0]),
                             {static_cast<int>(s[2]), static_cast<int>(s[3])}, {}, false)});
  }
  SparseCodebook weight = random_weight(layer);
  Encoding encoding = std::move(weight);
  if (layer.density == 1) {
    auto& all = std::get<SparseCodebook>(encoding);
    encoding = Codebook{std::move(all.centroids), std::move(all.codes)};
  }
  graph.values[graph.nodes[0].inputs[1]].weight = make_weight(s, std::move(encoding));
  return graph;
}

void bench_read(benchmark::State& state, const Layer& layer, Coder coder) {
  const Written written = write_model(network(layer), {.coder = coder, .threads = 1});
  for (auto _ : state) benchmark::DoNotOptimize(read_model(written.bytes, "benchmark"));
  const TensorLedger& weight = written.ledger.tensors[0];
  state.counters["MB/s"] = benchmark::Counter(4e-6 * static_cast<double>(weight.elements),
                                              benchmark::Counter::kIsIterationInvariantRate);
  state.counters["bits"] = 8 * static_cast<double>(weight.bytes) / static_cast<double>(weight.kept);
}

void register_all() {
  constexpr std::pair<const char*, Coder> kCoders[] = {
      {"plain", Coder::plain}, {"huffman", Coder::huffman}, {"range", Coder::range}};
  for (const Layer& layer : kLayers) {
    for (const auto& [coder_name, coder] : kCoders) {
      const std::string name = std::string(layer.name) + "/" + coder_name;
      benchmark::RegisterBenchmark(name.c_str(), [&layer, coder = coder](benchmark::State& state) {
        bench_read(state, layer, coder);
      })->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace
}  // namespace netsuke

int main(int argc, char** argv) {
  netsuke::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
