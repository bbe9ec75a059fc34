#include "model/range_slices.h"

#include <algorithm>

namespace netsuke::model {
namespace {

constexpr uint64_t kSliceElements = uint64_t{1} << 20;

codec::WeightLayout layout_of(const Shape& shape, bool transposed, uint64_t period) {
  codec::WeightLayout layout;
  const auto side = [&](size_t i) { return static_cast<uint64_t>(shape[i]); };
  layout.elements = static_cast<uint64_t>(element_count(shape));
  uint64_t row = shape.size() < 2 ? layout.elements : layout.elements / std::max<uint64_t>(side(0), 1);
  if (transposed) row = side(0);
  layout.columns = std::clamp<uint64_t>(row, 1, codec::kMostColumns);
  if (has_period(shape, transposed) && period > 0 && period <= layout.columns) layout.period = period;
  if (transposed || shape.size() != 4 || side(2) * side(3) > layout.columns) return layout;
  layout.period = std::max<uint64_t>(side(2) * side(3), 1);
  layout.kernel_width = side(2) > 1 ? side(3) : 0;
  return layout;
}

}  // namespace

std::optional<codec::RankTree> rank_tree(std::span<const float> centroids) {
  if (centroids.empty()) return std::nullopt;
  return codec::RankTree(centroids);
}

bool has_period(const Shape& shape, bool transposed) { return shape.size() == 2 && !transposed; }

std::vector<codec::WeightLayout> range_slices(const Shape& shape, bool transposed, uint64_t period) {
  const codec::WeightLayout whole = layout_of(shape, transposed, period);
  const uint64_t most = std::max<uint64_t>(kSliceElements / whole.columns, 1) * whole.columns;
  std::vector<codec::WeightLayout> slices;
  for (uint64_t done = 0; done < whole.elements; done += most) {
    slices.push_back(whole);
    slices.back().elements = std::min(most, whole.elements - done);
  }
  return slices;
}

std::vector<RangeSlice> split_range_slices(ByteReader& in, const std::vector<codec::WeightLayout>& layouts,
                                           bool flags, uint64_t kept) {
  std::vector<RangeSlice> slices;
  std::vector<uint64_t> lengths;
  for (const codec::WeightLayout& layout : layouts) {
    const bool last = slices.size() + 1 == layouts.size();
    RangeSlice slice{layout, layout.elements, {}};
    if (flags) {
      const uint64_t most = std::min(kept, layout.elements);
      slice.kept = last ? kept : in.varint(most, "the number of kept values of a slice");
      require(slice.kept <= most, in.what(), ": its last slice keeps ", kept, " values of ", layout.elements);
      kept -= slice.kept;
    }
    slices.push_back(slice);
    lengths.push_back(last ? 0 : in.varint(in.remaining(), "the length of a slice"));
  }
  for (size_t i = 0; i < slices.size(); ++i)
    slices[i].bytes = in.take(i + 1 == slices.size() ? in.remaining() : lengths[i]);
  return slices;
}

RangeCoded read_range_slices(std::span<const RangeSlice> slices, std::string_view what, bool flags,
                             std::span<const float> centroids, std::span<uint32_t> positions,
                             std::span<uint16_t> codes, bool with_cost) {
  const auto tree = rank_tree(centroids);
  RangeCoded result;
  uint64_t first = 0, done = 0;
  for (const RangeSlice& slice : slices) {
    codec::SliceCost cost;
    codec::decode_slice(slice.bytes, what, slice.layout, slice.kept, flags, tree ? &*tree : nullptr,
                        static_cast<uint32_t>(first), flags ? positions.subspan(done, slice.kept) : positions,
                        tree ? codes.subspan(done, slice.kept) : codes, with_cost ? &cost : nullptr);
    result.bytes += slice.bytes.size();
    result.cost.flags += cost.flags;
    result.cost.codes += cost.codes;
    first += slice.layout.elements;
    done += slice.kept;
  }
  return result;
}

}  // namespace netsuke::model
