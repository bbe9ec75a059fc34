#include "report/baselines.h"

#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <vector>

#include "base/error.h"

namespace netsuke::report {
namespace {

double gzip_size(const std::vector<uint8_t>& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    fail(ErrorCode::internal, "zlib cannot start");
  std::vector<uint8_t> out(deflateBound(&stream, bytes.size()) + 32);
  stream.next_in = const_cast<Bytef*>(bytes.data());  // zlib's old interface; it does not write there
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  const auto size = static_cast<double>(stream.total_out);
  deflateEnd(&stream);
  return size;
}

double zstd_size(const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> out(ZSTD_compressBound(bytes.size()));
  return static_cast<double>(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 19));
}

}  // namespace

Baselines baselines(const Graph& graph, size_t limit) {
  std::vector<uint8_t> bytes;
  size_t whole = 0;
  for (const Parameter& p : parameters(graph)) {
    const Weight& weight = *graph.values[p.value].weight;
    whole += static_cast<size_t>(weight_count(weight)) * 4;
    if (bytes.size() >= limit) continue;
    const Tensor dense = to_dense(weight);
    const auto* first = reinterpret_cast<const uint8_t*>(dense.data.data());
    bytes.insert(bytes.end(), first, first + dense.size() * 4);
  }
  Baselines b;
  if (bytes.empty()) return b;
  b.sampled = bytes.size() > limit;
  if (b.sampled) bytes.resize(limit);
  const double scale = static_cast<double>(whole) / static_cast<double>(bytes.size());
  b.gzip9 = gzip_size(bytes) * scale;
  b.zstd19 = zstd_size(bytes) * scale;
  return b;
}

}  // namespace netsuke::report
