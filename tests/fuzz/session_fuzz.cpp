// Any bytes are a model that runs, or an Error, however weights stay in memory: what an application meets
// that gets its models from elsewhere.
#include <netsuke/netsuke.h>

#include <cmath>
#include <cstdlib>

#include "fuzz/checksums.h"

namespace {

using namespace netsuke;

/// Sanitizers are slow: what takes long finds nothing that what takes short does not.
bool is_small(const Model& model) {
  int64_t work = static_cast<int64_t>(model.weight_bytes());
  for (const LayerInfo& layer : model.layers()) {
    int64_t values = 1;
    for (const int64_t side : layer.output_shape) values *= side;
    work += layer.macs + 64 * values;
  }
  return work < (1 << 24) && model.input_size() < (1 << 18);
}

void run_one(const Bytes& file, Residency residency, int threads) {
  const Model model = Model::from_memory(file, "fuzz", {.residency = residency});
  if (!is_small(model)) return;
  Session session(model, {.threads = threads});
  std::vector<float> images(2 * model.input_size());
  for (size_t i = 0; i < images.size(); ++i) images[i] = std::sin(static_cast<float>(i));
  if (session.run(images, 2).size() != 2 * model.output_size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes file = with_sound_checksums({data, data + size});
  constexpr Residency kinds[] = {Residency::fastest, Residency::dense, Residency::packed, Residency::coded};
  try {
    run_one(file, kinds[size % std::size(kinds)], 1 + static_cast<int>(size / std::size(kinds) % 2));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::internal) std::abort();
  }
  return 0;
}
