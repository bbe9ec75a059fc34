#include "codec/range_weights.h"

namespace netsuke::codec {
namespace {

void fill(SliceCost* cost, const WeightModel& model) {
  if (!cost) return;
  cost->flags = static_cast<double>(model.flag_cost()) / 65536;
  cost->codes = static_cast<double>(model.code_cost()) / 65536;
}

}  // namespace

Bytes encode_slice(const WeightLayout& layout, bool flags, const RankTree* tree, const SliceView& slice,
                   SliceCost* cost) {
  const uint64_t kept = flags ? slice.positions.size() : layout.elements;
  const bool asked = flags && kept < layout.elements;
  RangeEncoder coder;
  WeightModel model(layout, kept, asked, tree);
  model.count_cost(cost != nullptr);
  // Behind the last kept element nothing needs to be said.
  for (uint64_t element = 0, done = 0; done < kept; ++element) {
    const bool keep = !asked || slice.positions[done] == element;
    if (asked) model.code_flag(coder, keep);
    if (keep && tree) model.code_rank(coder, slice.codes[done]);
    done += keep ? 1 : 0;
    model.next();
  }
  fill(cost, model);
  return coder.finish();
}

void decode_slice(ByteView bytes, std::string_view what, const WeightLayout& layout, uint64_t kept,
                  bool flags, const RankTree* tree, uint32_t first, std::span<uint32_t> positions,
                  std::span<uint16_t> codes, SliceCost* cost) {
  const bool asked = flags && kept < layout.elements;
  RangeDecoder coder(bytes, what);
  WeightModel model(layout, kept, asked, tree);
  model.count_cost(cost != nullptr);
  uint64_t element = 0;
  for (uint64_t done = 0; done < kept; ++element) {
    require(element < layout.elements, what, ": a slice keeps ", done, " values instead of ", kept);
    if (!asked || model.code_flag(coder, false)) {
      if (flags) positions[done] = first + static_cast<uint32_t>(element);
      if (tree) codes[done] = static_cast<uint16_t>(model.code_rank(coder, 0));
      ++done;
    }
    model.next();
  }
  coder.finish();
  fill(cost, model);
}

}  // namespace netsuke::codec
