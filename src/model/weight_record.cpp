#include "model/weight_record.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "codec/bit_pack.h"
#include "codec/floats.h"
#include "codec/relative_index.h"
#include "codec/symbol_stream.h"
#include "model/format.h"
#include "model/range_slices.h"
#include "model/sharing.h"

namespace netsuke::model {
namespace {

constexpr uint64_t kMostCentroids = 65536;

class WeightReader {
 public:
  WeightReader(ByteView record, std::string_view what, TensorLedger& ledger, bool entropy)
      : in_(record, what), ledger_(ledger), entropy_(entropy) {}

  Weight read(ReadBudget& budget) {
    read_sizes(budget.kept);
    if (head_.signs()) return read_signs(budget.range_elements);
    check_head();
    if (kept_ > 0 && head_.range_coded())
      read_range_coded(budget.range_elements);
    else if (kept_ > 0)
      read_parts();
    require(in_.remaining() == 0, in_.what(), ": ", in_.remaining(), " bytes too many");
    if (head_.by_columns) order_by_rows();
    fill_ledger();
    return {shape_, encoding()};
  }

  /// Only the rows of `record` from part * apart on.
  Weight read_part(const Record& record, size_t part) {
    uint64_t any = std::numeric_limits<uint64_t>::max();
    read_sizes(any);
    const uint64_t most = part_elements(), begin = most * part;
    part_.emplace(Part{record, part, begin, std::min(begin + most, elements_)});
    head_.range_coded() ? read_range_coded(any) : read_parts();
    return {shape_, encoding()};
  }

  /// What was read, for reading parts of it again.
  Record record(ByteView bytes) {
    Record record{.bytes = {bytes.begin(), bytes.end()}};
    record.rows = record.apart = static_cast<size_t>(shape_.empty() ? 1 : shape_[0]);
    if (kept_ == 0 || !can_be_read_in_parts()) return record;
    record.apart = part_elements() / (elements_ / record.rows);
    if (was_range_coded_ || record.apart == record.rows) return record;
    record.entries = std::move(entries_);
    record.behind_gaps = behind_gaps_;
    return record;
  }

 private:
  struct Part {
    const Record& record;
    size_t number;
    uint64_t begin, end;  ///< elements
  };

  bool can_be_read_in_parts() const {
    const bool in_order =
        was_range_coded_ || head_.positions == PositionForm::gaps || head_.positions == PositionForm::all;
    return in_order && head_.shared && !head_.by_columns;
  }

  /// Of whole rows, as the range coder's slices are; all that there are where rows are wider than its own,
  /// whose slices may end anywhere.
  uint64_t part_elements() const {
    if (elements_ == 0 || shape_.size() < 2) return elements_;
    const codec::WeightLayout slice = range_slices(shape_, false).front();
    const bool has_rows = slice.columns * static_cast<uint64_t>(shape_[0]) == elements_;
    return has_rows ? slice.elements : elements_;
  }

  void read_sizes(uint64_t& kept_budget) {
    head_ = unpack_head(in_.u8());
    read_shape();
    read_kept(kept_budget);
  }

  bool sparse() const { return head_.encoding == 1 || head_.encoding == 3; }

  void read_shape() {
    const uint64_t rank = head_.rank_code < 3 ? kShortRanks[head_.rank_code] : in_.u8();
    require(rank <= kMaxRank, in_.what(), ": ", rank, " dimensions, at most ", kMaxRank, " are accepted");
    for (uint64_t i = 0; i < rank; ++i)
      shape_.push_back(static_cast<int64_t>(in_.varint(kMaxElements, "a dimension")));
    elements_ = static_cast<uint64_t>(element_count(shape_));
  }

  void read_kept(uint64_t& budget) {
    kept_ = sparse() ? in_.varint(elements_, "the number of kept values") : elements_;
    require(kept_ <= budget, in_.what(), ": keeps ", kept_,
            " values, more than a file of this size may have");
    budget -= kept_;
  }

  Weight read_signs(uint64_t& range_budget) {
    require(!head_.by_columns && !shape_.empty(), in_.what(), ": a form that contradicts itself in byte 0");
    Signs signs;
    signs.words.resize((elements_ + 63) / 64);
    const auto set = [&](size_t i, bool on) { signs.words[i / 64] |= uint64_t{on} << (i % 64); };
    if (!head_.shared) {
      const ByteView bitmap = in_.take((elements_ + 7) / 8);
      for (uint64_t i = 0; i < elements_; ++i) set(i, ((bitmap[i / 8] >> (7 - i % 8)) & 1) != 0);
      require(elements_ % 8 == 0 || (bitmap[elements_ / 8] & (0xFF >> elements_ % 8)) == 0, in_.what(),
              ": signs beyond the last of ", elements_, " elements");
      ledger_.codes_bytes = static_cast<int64_t>(bitmap.size());
    }
    const size_t start = in_.at();
    if (elements_ > 0) signs.scales = codec::read_floats(in_, static_cast<uint64_t>(shape_[0]));
    ledger_.codebook_bytes = static_cast<int64_t>(in_.at() - start);
    if (head_.shared) {
      charge_range_elements(range_budget);
      codes_.resize(elements_);
      ledger_.codes_bytes = static_cast<int64_t>(
          read_range_slices(split_range_slices(in_, range_slices(shape_, false), false, elements_),
                            in_.what(), false, kSignValues, {}, codes_, false)
              .bytes);
      for (size_t i = 0; i < codes_.size(); ++i) set(i, codes_[i] != 0);
    }
    require(in_.remaining() == 0, in_.what(), ": ", in_.remaining(), " bytes too many");
    form_ = head_.shared ? "signs, range" : "signs";
    fill_ledger();
    ledger_.value_bits = 1;
    if (elements_ > 0)
      ledger_.coded_value_bits =
          8.0 * static_cast<double>(ledger_.codes_bytes) / static_cast<double>(elements_);
    ledger_.entropy_bytes = static_cast<double>(ledger_.codes_bytes);
    return {shape_, std::move(signs)};
  }

  bool can_go_by_columns() const {
    return head_.positions == PositionForm::gaps || (head_.range_coded() && sparse());
  }

  void check_head() const {
    const bool sound = (head_.range_coded() || sparse() == (head_.positions != PositionForm::all)) &&
                       (!head_.by_columns || (can_go_by_columns() && !shape_.empty()));
    require(sound, in_.what(), ": a form that contradicts itself in byte 0");
  }

  void read_parts() {
    if (!part_) part_elements_ = can_be_read_in_parts() ? part_elements() : elements_;
    if (head_.positions == PositionForm::gaps) read_gaps();
    if (head_.positions == PositionForm::bitmap) read_bitmap();
    if (!head_.shared) {
      read_values();
      form_ += form_.empty() ? "floats" : ", floats";
      return;
    }
    read_centroids(1 + in_.varint(kMostCentroids - 1, "the number of centroids less one"));
    if (head_.positions == PositionForm::joint)
      read_joint_codes();
    else
      read_codes();
  }

  void read_values() {
    const size_t start = in_.at();
    values_ = codec::read_floats(in_, kept_);
    ledger_.raw_bytes = static_cast<int64_t>(in_.at() - start);
  }

  void read_centroids(uint64_t count) {
    require(count <= kept_, in_.what(), ": ", count, " centroids for ", kept_, " values");
    const size_t start = in_.at();
    values_ = codec::read_floats(in_, count);
    ledger_.codebook_bytes = static_cast<int64_t>(in_.at() - start);
  }

  void charge_range_elements(uint64_t& budget) {
    require(elements_ <= budget, in_.what(), ": ", elements_,
            " elements, more than a file of this size may have range-coded");
    budget -= elements_;
  }

  void read_range_coded(uint64_t& budget) {
    charge_range_elements(budget);
    const uint64_t centroids = in_.varint(kMostCentroids, "the number of centroids");
    require(sparse() || centroids > 0, in_.what(), ": nothing to range-code, as all is kept as floats");
    const uint64_t period =
        has_period(shape_, head_.by_columns) ? in_.varint(codec::kMostColumns, "the period of a matrix") : 1;
    head_.shared = centroids > 0;
    centroids > 0 ? read_centroids(centroids) : read_values();
    const std::vector<RangeSlice> slices =
        split_range_slices(in_, range_slices(shape_, head_.by_columns, period), sparse(), kept_);
    std::span<const RangeSlice> wanted = slices;
    if (part_) {
      wanted = wanted.subspan(part_->number, 1);
      have_part(wanted[0].kept);
    }
    if (sparse()) positions_.resize(kept_);
    if (head_.shared) codes_.resize(kept_);
    const RangeCoded coded =
        read_range_slices(wanted, in_.what(), sparse(), head_.shared ? values_ : std::vector<float>(),
                          positions_, codes_, entropy_);
    if (!part_) charge(coded);
    was_range_coded_ = true;
  }

  /// From here on the weight is its part, which keeps so many values.
  void have_part(uint64_t kept) {
    const uint64_t columns = elements_ / static_cast<uint64_t>(shape_[0]);
    elements_ = part_->end - part_->begin;
    shape_[0] = static_cast<int64_t>(elements_ / columns);
    kept_ = kept;
  }

  // The range coder needs no gaps; what they would have taken before coding is what a pruned weight is
  // compared with.
  void imagine_gaps() {
    const auto runs = codec::count_runs(positions_);
    uint64_t least = UINT64_MAX;
    for (int bits = codec::kLeastIndexBits; bits <= codec::kMostIndexBits; ++bits) {
      const std::vector<uint64_t> counts = codec::count_gap_symbols(runs, bits);
      const uint64_t symbols = std::accumulate(counts.begin(), counts.end(), uint64_t{0});
      if (symbols * static_cast<uint64_t>(bits) >= least) continue;
      least = symbols * static_cast<uint64_t>(bits);
      ledger_.index_bits = bits;
      ledger_.fillers = static_cast<int64_t>(symbols - kept_);
    }
  }

  void charge(const RangeCoded& coded) {
    const auto kept = static_cast<double>(kept_);
    // What each part takes of the bytes is known from its probabilities, which are asked for with the
    // entropy.
    const double all = coded.cost.flags + coded.cost.codes;
    const double flags = all > 0 ? coded.cost.flags / all : 0;
    const double bits = 8.0 * static_cast<double>(coded.bytes);
    ledger_.coded_index_bits = sparse() ? flags * bits / kept : 0;
    ledger_.coded_value_bits = (1 - flags) * bits / kept;
    ledger_.index_bytes = std::llround(flags * static_cast<double>(coded.bytes));
    ledger_.codes_bytes = static_cast<int64_t>(coded.bytes) - ledger_.index_bytes;
    if (entropy_ && sparse()) {
      ledger_.entropy_bytes += codec::entropy_bits(std::vector<uint64_t>{kept_, elements_ - kept_}) / 8;
      imagine_gaps();
    }
    if (head_.shared) count_entropy(codes_, static_cast<uint32_t>(values_.size()));
    form_ = head_.shared ? "range" : "range, floats";
  }

  void read_gaps() {
    const int bits = in_.u8();
    require(bits >= codec::kLeastIndexBits && bits <= codec::kMostIndexBits, in_.what(), ": an index of ",
            bits, " bits, 2 to 16 are accepted");
    codec::StreamReader stream(in_, 1u << bits);
    require(stream.only_symbol() != codec::filler(bits), in_.what(), ": an index of fillers only");
    stream.require_room_for(kept_);
    if (part_) return read_gaps_of_part(bits, stream);
    uint64_t at = 0, fillers = 0;
    std::vector<uint64_t> counts(entropy_ ? size_t{1} << bits : 0, 0);
    const auto next = [&] {
      const uint32_t symbol = stream.next();
      if (entropy_) ++counts[symbol];
      return symbol;
    };
    positions_.resize(kept_);
    for (size_t i = 0; i < kept_; ++i) {
      const Record::Entry entry{i, at, stream.at(), 0};
      codec::positions_from_gaps(bits, {&positions_[i], 1}, at, elements_, in_.what(), next, fillers);
      while (entries_.size() * part_elements_ <= positions_[i]) entries_.push_back(entry);
    }
    ledger_.index_bits = bits;
    ledger_.fillers = static_cast<int64_t>(fillers);
    ledger_.entropy_bytes += codec::entropy_bits(counts) / 8;
    charge(stream.finish(in_), ledger_.index_bytes, ledger_.coded_index_bits, "gaps");
    behind_gaps_ = in_.at();
  }

  void read_gaps_of_part(int bits, codec::StreamReader& stream) {
    const Record::Entry* entry = &part_->record.entries[part_->number];
    uint64_t at = entry->element, fillers = 0;
    stream.move_to(entry->gap_bit);
    positions_.resize(entry[1].kept - entry->kept);
    codec::positions_from_gaps(
        bits, positions_, at, elements_, in_.what(), [&] { return stream.next(); }, fillers);
    for (uint32_t& position : positions_) position -= static_cast<uint32_t>(part_->begin);
    in_.take(part_->record.behind_gaps - in_.at());
  }

  void read_bitmap() {
    const ByteView bitmap = in_.take((elements_ + 7) / 8);
    for (uint64_t i = 0; i < 8 * bitmap.size(); ++i)
      if ((bitmap[i / 8] >> (7 - i % 8)) & 1) positions_.push_back(static_cast<uint32_t>(i));
    require(positions_.size() == kept_ && positions_.back() < elements_, in_.what(), ": a bitmap of ",
            positions_.size(), " bits for ", kept_, " kept values");
    ledger_.index_bytes = static_cast<int64_t>(bitmap.size());
    ledger_.coded_index_bits = 8.0 * static_cast<double>(bitmap.size()) / static_cast<double>(kept_);
    form_ = "bitmap";
  }

  void read_codes() {
    const auto alphabet = static_cast<uint32_t>(values_.size());
    if (part_) return read_codes_of_part(alphabet);
    codec::StreamReader stream(in_, alphabet);
    stream.require_room_for(kept_);
    complete_entries();
    codes_.resize(kept_);
    for (size_t i = 0; i + 1 < entries_.size(); ++i) {
      entries_[i].code_bit = stream.at();
      stream.read(std::span(codes_).subspan(entries_[i].kept, entries_[i + 1].kept - entries_[i].kept));
    }
    count_entropy(codes_, alphabet);
    charge(stream.finish(in_), ledger_.codes_bytes, ledger_.coded_value_bits, "codes");
  }

  /// Gaps told where parts begin up to the last kept value; where all values are kept, or a bitmap tells
  /// which, nothing has yet.
  void complete_entries() {
    if (head_.positions == PositionForm::bitmap) entries_.emplace_back();
    for (uint64_t begin = entries_.size() * part_elements_; begin < elements_; begin += part_elements_)
      entries_.push_back({.kept = sparse() ? kept_ : begin});
    entries_.push_back({.kept = kept_});
  }

  void read_codes_of_part(uint32_t alphabet) {
    const Record::Entry* entry = &part_->record.entries[part_->number];
    have_part(entry[1].kept - entry->kept);
    codec::StreamReader stream(in_, alphabet);
    stream.move_to(entry->code_bit);
    codes_.resize(kept_);
    stream.read(codes_);
  }

  // Code 0 says that an element is not kept, code c + 1 that it is centroid c.
  void read_joint_codes() {
    const auto alphabet = static_cast<uint32_t>(values_.size()) + 1;
    require(alphabet <= codec::kMaxAlphabet && elements_ <= 8 * in_.remaining(), in_.what(), ": ", elements_,
            " codes in ", in_.remaining(), " bytes");
    codec::StreamSize size;
    const std::vector<uint16_t> joint = codec::read_stream(in_, elements_, alphabet, &size);
    for (uint32_t i = 0; i < joint.size(); ++i) {
      if (joint[i] == 0) continue;
      positions_.push_back(i);
      codes_.push_back(static_cast<uint16_t>(joint[i] - 1));
    }
    require(codes_.size() == kept_, in_.what(), ": ", codes_.size(), " codes for ", kept_, " kept values");
    count_entropy(joint, alphabet);
    charge(size, ledger_.codes_bytes, ledger_.coded_value_bits, "joint codes");
  }

  void count_entropy(const std::vector<uint16_t>& symbols, uint32_t alphabet) {
    if (entropy_) ledger_.entropy_bytes += codec::entropy_bits(codec::count_symbols(symbols, alphabet)) / 8;
  }

  void charge(const codec::StreamSize& size, int64_t& bytes, double& bits_for_each, const char* name) {
    const uint64_t table = size.table_bits / 8;
    ledger_.table_bytes += static_cast<int64_t>(table);
    bytes = static_cast<int64_t>(size.bytes() - table);
    bits_for_each = static_cast<double>(size.symbol_bits) / static_cast<double>(kept_);
    form_ += cat(form_.empty() ? "" : ", ", name, size.huffman ? "+huffman" : "+packed");
  }

  void order_by_rows() {
    const auto rows = static_cast<uint64_t>(shape_[0]);
    Transposed by_rows = transpose(positions_, rows == 0 ? 1 : elements_ / rows, rows);
    positions_ = std::move(by_rows.positions);
    const auto reordered = [&](auto& items) {
      auto result = items;
      for (size_t i = 0; i < result.size(); ++i) result[i] = items[by_rows.source[i]];
      items = std::move(result);
    };
    if (head_.shared)
      reordered(codes_);
    else
      reordered(values_);
    form_ += ", by columns";
  }

  Encoding encoding() {
    if (head_.encoding < 2 && head_.shared) values_ = look_up(values_, codes_);
    if (head_.encoding >= 2 && !head_.shared) share_values();
    switch (head_.encoding) {
      case 0:
        return Dense{std::move(values_)};
      case 1:
        return Sparse{std::move(positions_), std::move(values_)};
      case 2:
        return Codebook{std::move(values_), std::move(codes_)};
      default:
        return SparseCodebook{std::move(values_), std::move(positions_), std::move(codes_)};
    }
  }

  // A codebook that was stored as plain floats; a weight that keeps nothing gets the centroid 0.
  void share_values() {
    if (values_.empty()) values_ = {0.0f};
    auto shared = share_exactly(values_, kMostCentroids);
    require(shared.has_value(), in_.what(), ": more than ", kMostCentroids,
            " different values for a codebook");
    values_ = std::move(shared->centroids);
    codes_ = std::move(shared->codes);
    codes_.resize(kept_);
  }

  void fill_ledger() {
    ledger_.elements = static_cast<int64_t>(elements_);
    ledger_.kept = static_cast<int64_t>(kept_);
    const bool as_codes = head_.shared && kept_ > 0;
    const auto centroids = static_cast<uint32_t>(values_.size());
    ledger_.value_bits = as_codes ? std::max(1, codec::packed_width(centroids)) : 32;
    if (!as_codes && kept_ > 0)
      ledger_.coded_value_bits = 8.0 * static_cast<double>(ledger_.raw_bytes) / static_cast<double>(kept_);
    ledger_.bytes = static_cast<int64_t>(in_.at());
    ledger_.header_bytes = ledger_.bytes - ledger_.codes_bytes - ledger_.index_bytes -
                           ledger_.codebook_bytes - ledger_.table_bytes - ledger_.raw_bytes;
    ledger_.form = form_.empty() ? "empty" : form_;
  }

  ByteReader in_;
  TensorLedger& ledger_;
  bool entropy_;
  std::optional<Part> part_;  ///< all that is wanted
  RecordHead head_;
  Shape shape_;
  uint64_t elements_ = 0, kept_ = 0;
  std::vector<uint32_t> positions_;
  std::vector<float> values_;  // or centroids, if shared
  std::vector<uint16_t> codes_;
  bool was_range_coded_ = false;
  uint64_t part_elements_ = 0;  // of streams of symbols
  std::vector<Record::Entry> entries_;
  size_t behind_gaps_ = 0;
  std::string form_;
};

}  // namespace

Weight read_weight(ByteView record, std::string_view what, ReadBudget& budget, TensorLedger& ledger,
                   bool entropy, bool keep_record) {
  WeightReader reader(record, what, ledger, entropy);
  Weight weight = reader.read(budget);
  if (keep_record && !std::holds_alternative<Signs>(weight.encoding))
    weight.record = std::make_shared<const Record>(reader.record(record));
  return weight;
}

Weight closed(const Weight& weight) {
  return {weight.shape, Recorded{kept_count(weight), value_bits(weight)}, weight.record};
}

Weight reread(const Record& record, std::optional<size_t> part) {
  constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max();
  ReadBudget budget{kAny, kAny};
  TensorLedger ignored;
  WeightReader reader(record.bytes, "weight", ignored, false);
  return part ? reader.read_part(record, *part) : reader.read(budget);
}

WeightPtr opened(const WeightPtr& weight) {
  if (!std::holds_alternative<Recorded>(weight->encoding)) return weight;
  return std::make_shared<const Weight>(reread(*weight->record));
}

}  // namespace netsuke::model
