#include "model/weight_record_write.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "codec/floats.h"
#include "codec/relative_index.h"
#include "codec/symbol_stream.h"
#include "model/format.h"
#include "model/range_slices.h"
#include "model/sharing.h"

namespace netsuke::model {
namespace {

using codec::SymbolCoder;

SymbolCoder symbol_coder(Coder coder) {
  if (coder == Coder::plain) return SymbolCoder::packed;
  return coder == Coder::huffman ? SymbolCoder::huffman : SymbolCoder::smallest;
}

// A weight taken apart: what is kept, where, and as floats or as codes.
struct Kept {
  uint8_t encoding = 0;
  std::vector<uint32_t> positions;
  std::vector<float> values;
  Shared shared;  // centroids are empty if the encoding does not share
};

Kept take_apart(const Weight& weight) {
  Kept kept;
  if (std::holds_alternative<Signs>(weight.encoding)) return kept;  // RecordWriter::with_signs
  kept.encoding = static_cast<uint8_t>(weight.encoding.index());
  kept.values = kept_values(weight);
  if (const auto* e = std::get_if<Sparse>(&weight.encoding)) kept.positions = e->positions;
  if (const auto* e = std::get_if<Codebook>(&weight.encoding)) kept.shared = compact(e->centroids, e->codes);
  if (const auto* e = std::get_if<SparseCodebook>(&weight.encoding)) {
    kept.positions = e->positions;
    kept.shared = compact(e->centroids, e->codes);
  }
  return kept;
}

template <class Item>
std::vector<Item> reordered(const std::vector<Item>& items, const std::vector<uint32_t>& source) {
  std::vector<Item> result(items.size());
  for (size_t i = 0; i < items.size(); ++i) result[i] = items[source[i]];
  return result;
}

// A gap index in its best width and order, measured but not yet written.
struct GapPlan {
  std::vector<uint32_t> positions;
  std::vector<uint32_t> source;  // where the values of a transposed order come from; empty by rows
  int bits = 0;
  uint64_t bytes = UINT64_MAX;
};

void consider(GapPlan& best, const std::vector<uint32_t>& positions, const std::vector<uint32_t>& source,
              const WriteOptions& options) {
  const auto runs = codec::count_runs(positions);
  // Once the longest run takes no filler, a wider index has the same symbols.
  const int widest = std::clamp(static_cast<int>(std::bit_width(runs.back().zeros + 1)),
                                codec::kLeastIndexBits, codec::kMostIndexBits);
  const int least = options.index_bits != 0 ? options.index_bits : codec::kLeastIndexBits;
  const int most = options.index_bits != 0 ? options.index_bits : widest;
  for (int bits = least; bits <= most; ++bits) {
    const auto size =
        codec::measure_stream(codec::count_gap_symbols(runs, bits), symbol_coder(options.coder));
    if (size.bytes() < best.bytes)
      best = {{}, {}, bits, size.bytes()}, best.positions = positions, best.source = source;
  }
}

GapPlan plan_gaps(const std::vector<uint32_t>& positions, const Shape& shape, const WriteOptions& options) {
  GapPlan best;
  consider(best, positions, {}, options);
  if (shape.size() >= 2) {
    const auto rows = static_cast<uint64_t>(shape[0]);
    const Transposed by_columns =
        transpose(positions, rows, static_cast<uint64_t>(element_count(shape)) / rows);
    consider(best, by_columns.positions, by_columns.source, options);
  }
  return best;
}

Bytes bitmap_of(const std::vector<uint32_t>& positions, uint64_t elements) {
  Bytes bitmap((elements + 7) / 8, 0);
  for (uint32_t p : positions) bitmap[p / 8] = static_cast<uint8_t>(bitmap[p / 8] | (0x80 >> p % 8));
  return bitmap;
}

class RecordWriter {
 public:
  RecordWriter(const Weight& weight, const WriteOptions& options)
      : shape_(weight.shape),
        elements_(static_cast<uint64_t>(element_count(weight.shape))),
        options_(options),
        signs_(std::get_if<Signs>(&weight.encoding)),
        kept_(take_apart(weight)) {}

  WeightRecord write() {
    if (signs_) return with_signs();
    head_.encoding = kept_.encoding;
    if (sparse() && kept_.values.empty()) {
      head_.positions = PositionForm::gaps;
      return record({});
    }
    const bool range = options_.index_bits == 0 && takes_range_coder();
    WeightRecord symbols = with_symbols();
    // What the range coder would have to undercut may be less than a reader believes: a few values of very
    // many elements, which are not worth the time to find that out.
    if (!range || !believed(symbols)) return symbols;
    WeightRecord best = with_range_coder();
    if (best.empty()) return symbols;
    if (options_.coder == Coder::range) return best;
    return symbols.size() <= best.size() + least_gain(symbols) ? symbols : best;
  }

 private:
  bool sparse() const { return kept_.encoding == 1 || kept_.encoding == 3; }
  codec::FloatCoder float_coder() const {
    if (options_.coder == Coder::plain) return codec::FloatCoder::plain;
    return takes_range_coder() ? codec::FloatCoder::range : codec::FloatCoder::symbols;
  }
  bool takes_range_coder() const {
    return options_.coder == Coder::automatic || options_.coder == Coder::range;
  }

  // A bit for each sign, or the range coder's bytes where they are fewer.
  WeightRecord with_signs() {
    std::vector<uint32_t> positive;
    std::vector<uint16_t> codes(elements_);
    for (uint32_t i = 0; i < elements_; ++i)
      if (signs_->positive(i)) positive.push_back(i), codes[i] = 1;
    head_.encoding = 2;
    head_.positions = PositionForm::bitmap;
    values_ = floats(signs_->scales);
    values_.binary = true;
    WeightRecord plain = record(bitmap_of(positive, elements_));
    if (!takes_range_coder()) return plain;
    head_.shared = true;
    values_.range_coded = true;
    const Bytes coded = write_range_slices(range_slices(shape_, false), false, kSignValues, {}, codes);
    ByteWriter out;
    out.raw(values_.bytes);
    out.raw(coded);
    values_.bytes = out.take();
    WeightRecord ranged = record({});
    return ranged.size() < plain.size() ? ranged : plain;
  }

  WeightRecord with_symbols() {
    head_.positions = PositionForm::all;
    if (!sparse()) {
      write_values();
      return record({});
    }
    WeightRecord best = with_gaps();
    if (options_.index_bits != 0) return best;
    for (const WeightRecord& other : {with_bitmap(), with_joint_codes()})
      if (!other.empty() && other.size() < best.size()) best = other;
    return best;
  }

  // What the range coder must save: of a large weight a hundredth, as it takes tens of times longer to read
  // (docs/decisions/0004).
  size_t least_gain(const WeightRecord& symbols) const {
    constexpr uint64_t kReadInNoTime = uint64_t{1} << 20;
    return elements_ > kReadInNoTime ? symbols.size() / 100 : 0;
  }

  // True if a file may have a range-coded record of this size. A weight's own bytes are enough, whatever the
  // others take.
  bool believed(const WeightRecord& record) const {
    return elements_ <= kRangeElementsPerByte * record.size();
  }

  // Empty if there is nothing for the coder to do, or a reader would not believe it.
  WeightRecord with_range_coder() {
    // Of larger matrices the second order would cost more time than it saves bytes.
    constexpr uint64_t kMostInBothOrders = uint64_t{1} << 22;
    const std::optional<Shared> shared = shared_values();
    if ((!shared && !sparse()) || kept_.values.empty()) return {};
    const RangeOrder by_rows{kept_.positions, kept_.values, shared.value_or(Shared())};
    WeightRecord best = range_record(by_rows, false, 1);
    const auto consider = [&](WeightRecord other) {
      if (other.size() < best.size()) best = std::move(other);
    };
    if (const uint64_t side = image_side(); side > 1 && elements_ <= kMostInBothOrders)
      consider(range_record(by_rows, false, side));
    if (sparse() && shape_.size() >= 2 && elements_ <= kMostInBothOrders) {
      const auto rows = static_cast<uint64_t>(shape_[0]);
      const Transposed turned = transpose(kept_.positions, rows, elements_ / rows);
      RangeOrder by_columns{turned.positions, reordered(kept_.values, turned.source), by_rows.shared};
      if (shared) by_columns.shared.codes = reordered(shared->codes, turned.source);
      consider(range_record(by_columns, true, 1));
    }
    return believed(best) ? best : WeightRecord();
  }

  struct RangeOrder {
    std::vector<uint32_t> positions;
    std::vector<float> values;
    Shared shared;  // without centroids if values are not shared
  };

  // The width of the square image (of one channel or three) whose pixels a matrix takes; 0 if there is none.
  uint64_t image_side() const {
    if (!has_period(shape_, false)) return 0;
    for (const int64_t channels : {1, 3}) {
      const int64_t pixels = shape_[1] / channels;
      const auto side = std::llround(std::sqrt(static_cast<double>(pixels)));
      if (channels * side * side == shape_[1]) return static_cast<uint64_t>(side);
    }
    return 0;
  }

  WeightRecord range_record(const RangeOrder& order, bool by_columns, uint64_t period) {
    const Shared& shared = order.shared;
    ByteWriter out;
    out.varint(shared.centroids.size());
    if (has_period(shape_, by_columns)) out.varint(period);
    out.raw(codec::write_floats(shared.centroids.empty() ? order.values : shared.centroids, float_coder()));
    out.raw(write_range_slices(range_slices(shape_, by_columns, period), sparse(), shared.centroids,
                               order.positions, shared.codes));
    head_.positions = PositionForm::joint;
    head_.shared = false;
    head_.by_columns = by_columns;
    values_ = {out.take(), true};
    WeightRecord result = record({});
    head_.by_columns = false;
    return result;
  }

  // The values as codes, if they are shared or few enough are different.
  std::optional<Shared> shared_values() const {
    if (!kept_.shared.centroids.empty()) return kept_.shared;
    return share_exactly(kept_.values, std::min(kept_.values.size() / 2, size_t{65536}));
  }

  WeightRecord with_gaps() {
    const GapPlan plan = plan_gaps(kept_.positions, shape_, options_);
    Kept by_rows;
    if (!plan.source.empty()) {
      by_rows = kept_;
      kept_.values = reordered(kept_.values, plan.source);
      if (!kept_.shared.centroids.empty()) kept_.shared.codes = reordered(kept_.shared.codes, plan.source);
    }
    head_.positions = PositionForm::gaps;
    head_.by_columns = !plan.source.empty();
    ByteWriter index;
    index.u8(static_cast<uint8_t>(plan.bits));
    index.raw(codec::write_stream(codec::gaps_from_positions(plan.positions, plan.bits), 1u << plan.bits,
                                  symbol_coder(options_.coder)));
    write_values();
    if (head_.by_columns) kept_ = std::move(by_rows);
    WeightRecord result = record(index.bytes());
    head_.by_columns = false;
    return result;
  }

  WeightRecord with_bitmap() {
    head_.positions = PositionForm::bitmap;
    write_values();
    return record(bitmap_of(kept_.positions, elements_));
  }

  WeightRecord with_joint_codes() {
    const Shared& shared = kept_.shared;
    if (shared.centroids.empty() || shared.centroids.size() >= codec::kMaxAlphabet) return {};
    // More than eight elements to a byte could never be smaller, and a reader would refuse it.
    if (elements_ > 64 * kept_.values.size()) return {};
    std::vector<uint16_t> joint(elements_, 0);
    for (size_t i = 0; i < shared.codes.size(); ++i)
      joint[kept_.positions[i]] = static_cast<uint16_t>(shared.codes[i] + 1);
    const auto alphabet = static_cast<uint32_t>(shared.centroids.size()) + 1;
    const Bytes codes = codec::write_stream(joint, alphabet, symbol_coder(options_.coder));
    if (elements_ > 8 * codes.size()) return {};
    head_.positions = PositionForm::joint;
    head_.shared = true;
    values_ = codebook(shared, codes);
    return record({});
  }

  // Sets values_ and head_.shared to the smaller of plain floats and a codebook with codes.
  void write_values() {
    head_.shared = false;
    values_ = {};
    if (kept_.values.empty()) return;
    const size_t count = kept_.values.size();
    const std::optional<Shared> shared = shared_values();
    // Planes of floats hold all that the codes do, so floats can win by the codebook's size at most: try only
    // where that is a good part of the whole.
    if (!shared || count <= 16 * shared->centroids.size() || count < 4096) values_ = floats(kept_.values);
    if (!shared) return;
    const auto alphabet = static_cast<uint32_t>(shared->centroids.size());
    WeightRecord as_codes =
        codebook(*shared, codec::write_stream(shared->codes, alphabet, symbol_coder(options_.coder)));
    if (!values_.empty() && values_.size() <= as_codes.size()) return;
    values_ = std::move(as_codes);
    head_.shared = true;
  }

  WeightRecord codebook(const Shared& shared, const Bytes& codes) const {
    const WeightRecord centroids = floats(shared.centroids);
    ByteWriter out;
    out.varint(shared.centroids.size() - 1);
    out.raw(centroids.bytes);
    out.raw(codes);
    return {out.take(), centroids.range_coded};
  }

  WeightRecord floats(std::span<const float> values) const {
    Bytes bytes = codec::write_floats(values, float_coder());
    const bool range_coded = codec::is_range_coded(static_cast<codec::FloatForm>(bytes.at(0)));
    return {std::move(bytes), range_coded};
  }

  WeightRecord record(const Bytes& index) {
    ByteWriter out;
    const auto* rank = std::find(std::begin(kShortRanks), std::end(kShortRanks), shape_.size());
    head_.rank_code = static_cast<uint8_t>(rank - std::begin(kShortRanks));
    out.u8(pack(head_));
    if (head_.rank_code == 3) out.u8(static_cast<uint8_t>(shape_.size()));
    for (int64_t dim : shape_) out.varint(static_cast<uint64_t>(dim));
    if (sparse()) out.varint(kept_.values.size());
    out.raw(index);
    out.raw(values_.bytes);
    return {out.take(), values_.range_coded, values_.binary};
  }

  const Shape& shape_;
  uint64_t elements_;
  const WriteOptions& options_;
  const Signs* signs_ = nullptr;  // of a binary weight
  Kept kept_;
  RecordHead head_;
  WeightRecord values_;  // only the part behind the positions
};

}  // namespace

WeightRecord write_weight(const Weight& weight, const WriteOptions& options) {
  return RecordWriter(weight, options).write();
}

}  // namespace netsuke::model
