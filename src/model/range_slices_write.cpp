#include "model/range_slices.h"

namespace netsuke::model {

Bytes write_range_slices(const std::vector<codec::WeightLayout>& slices, bool flags,
                         std::span<const float> centroids, std::span<const uint32_t> positions,
                         std::span<const uint16_t> codes) {
  const auto tree = rank_tree(centroids);
  ByteWriter table, all;
  uint64_t first = 0, done = 0;
  for (size_t i = 0; i < slices.size(); ++i) {
    const uint64_t end = first + slices[i].elements;
    std::vector<uint32_t> places;
    uint64_t kept = slices[i].elements;
    if (flags) {
      for (uint64_t k = done; k < positions.size() && positions[k] < end; ++k)
        places.push_back(static_cast<uint32_t>(positions[k] - first));
      kept = places.size();
    }
    const codec::SliceView view{places, tree ? codes.subspan(done, kept) : codes};
    const Bytes bytes = codec::encode_slice(slices[i], flags, tree ? &*tree : nullptr, view);
    if (i + 1 < slices.size()) {
      if (flags) table.varint(kept);
      table.varint(bytes.size());
    }
    all.raw(bytes);
    first = end;
    done += kept;
  }
  table.raw(all.bytes());
  return table.take();
}

}  // namespace netsuke::model
