// Any bytes give a graph or an Error; a graph can be written, and reads back to the same file.
#include <cstdlib>

#include "fuzz/checksums.h"
#include "model/read.h"
#include "model/weight_record.h"
#include "model/write.h"

namespace {

using namespace netsuke;

// The writer tries the range coder in several orders, which on millions of elements takes the sanitizers
// seconds.
Coder coder_for(const Graph& graph) {
  int64_t elements = 0;
  for (const Value& value : graph.values)
    if (value.weight) elements += weight_count(*value.weight);
  return elements > (1 << 18) ? Coder::symbols : Coder::automatic;
}

// Weights that stay in the file are what they are when all is read, as a whole and by rows.
void check_records(const Graph& graph, const Bytes& file) {
  const Graph closed = read_model(file, "fuzz", nullptr, true);
  for (size_t id = 0; id < graph.values.size(); ++id) {
    const WeightPtr& weight = closed.values[id].weight;
    if (!weight || !std::holds_alternative<Recorded>(weight->encoding)) continue;
    const Tensor whole = to_dense(*graph.values[id].weight);
    const Record& record = *weight->record;
    if (record.rows == 0) continue;
    if (record.apart == record.rows) {
      if (to_dense(model::reread(record)).data != whole.data) std::abort();
      continue;
    }
    std::vector<float> parts;
    for (size_t part = 0; part * record.apart < record.rows; ++part) {
      const Tensor some = to_dense(model::reread(record, part));
      parts.insert(parts.end(), some.data.begin(), some.data.end());
    }
    if (parts != whole.data) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Graph graph;
  const Bytes file = with_sound_checksums({data, data + size});
  try {
    graph = read_model(file, "fuzz");
  } catch (const Error& error) {
    if (error.code() == ErrorCode::internal) std::abort();
    return 0;
  }
  check_records(graph, file);
  // A file from elsewhere may hold centroids that are not used; what we write ourselves never changes any
  // more.
  const WriteOptions options{.coder = coder_for(graph), .threads = 1};
  const Bytes written = write_model(graph, options).bytes;
  const Bytes again = write_model(read_model(written, "written"), options).bytes;
  if (again != written) std::abort();
  return 0;
}
