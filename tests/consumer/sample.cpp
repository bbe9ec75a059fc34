// sample MODEL.nsk EXPECTED: writes a small pruned and shared model and the result that consumer must get
// from it.
#include <cstdio>
#include <string>

#include "base/file.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "model/write.h"

namespace netsuke {
namespace {

Graph sample() {
  Builder b("sample");
  ValueId x = b.input("data", {2, 9, 9});
  x = b.conv("conv1", x, 6, {3, 3});
  x = b.apply("relu1", Relu{}, {x});
  x = b.apply("pool1", MaxPool{}, {x});
  x = b.linear("ip1", b.apply("flat", Flatten{}, {x}), 7);
  Graph graph = b.finish({b.apply("prob", Softmax{}, {x})});
  const ValueId weight = find_value(graph, "ip1.weight");
  SparseCodebook shared{{-0.25f, 0.125f, 0.5f}, {}, {}};
  const Shape shape = graph.values[weight].weight->shape;
  for (uint32_t i = 0; i < static_cast<uint32_t>(element_count(shape)); i += 5) {
    shared.positions.push_back(i);
    shared.codes.push_back(static_cast<uint16_t>(i % 3));
  }
  graph.values[weight].weight = make_weight(shape, std::move(shared));
  return graph;
}

void write(const std::string& model, const std::string& expected) {
  const Graph graph = sample();
  Tensor input({1, 2, 9, 9});
  for (size_t i = 0; i < input.size(); ++i) input.data[i] = static_cast<float>(i % 97) / 97;
  std::string numbers;
  const Tensor result = evaluate(graph, {input})[0];
  for (float value : result.data) numbers += cat(value, '\n');
  write_file(model, write_model(graph).bytes);
  write_file(expected, numbers);
}

}  // namespace
}  // namespace netsuke

int main(int, char** argv) try { netsuke::write(argv[1], argv[2]); } catch (const netsuke::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
