// consumer MODEL.nsk [EXPECTED]: runs a model on inputs 0, 1/97, 2/97, ... and compares the first result with
// the numbers in the file EXPECTED.
#include <netsuke/netsuke.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>

int main(int argc, char** argv) try {
  const netsuke::Model model = netsuke::Model::load(argc > 1 ? argv[1] : "");
  netsuke::Session session(model, {.threads = 2});
  std::vector<float> input(2 * model.input_size());
  for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<float>(i % 97) / 97;
  const std::vector<float> output = session.run(input, 2);

  std::printf("netsuke %s: %s, %zu layers, %zu outputs\n", netsuke::version().data(), model.name().c_str(),
              model.layers().size(), model.output_size());
  for (float value : output)
    if (!std::isfinite(value)) return std::puts("a result is not finite"), 1;
  if (argc < 3) return 0;
  std::ifstream file(argv[2]);
  const std::vector<float> expected{std::istream_iterator<float>(file), {}};
  if (expected.size() != model.output_size()) return std::puts("EXPECTED has another number of results"), 1;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::abs(output[i] - expected[i]) > 1e-4f)
      return std::printf("result %zu is %g, expected %g\n", i, output[i], expected[i]), 1;
  }
  return 0;
} catch (const netsuke::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.code());
}
