#include "codec/huffman.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "codec/bit_pack.h"

namespace netsuke::codec {
namespace {

// Codes up to this length are decoded by one look-up; 2^11 entries of 4 bytes stay in the first-level cache.
constexpr int kTableWidth = 11;

// In units of 2^-15, so that a complete code adds up to this.
constexpr uint32_t kComplete = 1u << kMaxCodeLength;
uint32_t share(int length) { return kComplete >> length; }

// One row of package-merge: the leaves merged with pairs of the row before, cheapest first.
struct Row {
  std::vector<uint64_t> weights;
  std::vector<bool> is_leaf;
};

Row merge_row(const std::vector<uint64_t>& leaves, const Row& before) {
  Row row;
  const size_t pairs = before.weights.size() / 2;
  size_t leaf = 0, pair = 0;
  while (leaf < leaves.size() || pair < pairs) {
    const uint64_t package =
        pair < pairs ? before.weights[2 * pair] + before.weights[2 * pair + 1] : UINT64_MAX;
    const bool take_leaf = leaf < leaves.size() && leaves[leaf] <= package;
    row.weights.push_back(take_leaf ? leaves[leaf++] : package);
    if (!take_leaf) ++pair;
    row.is_leaf.push_back(take_leaf);
  }
  return row;
}

// Code lengths of leaves given in ascending order of weight. The cheapest 2n-2 items of the last row form the
// answer: each time a leaf stands in it, itself or inside packages, its code grows by one bit.
std::vector<uint8_t> package_merge(const std::vector<uint64_t>& leaves) {
  std::vector<Row> rows(kMaxCodeLength);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = merge_row(leaves, i == 0 ? Row{} : rows[i - 1]);
  std::vector<uint8_t> lengths(leaves.size(), 0);
  size_t taken = 2 * leaves.size() - 2;
  for (size_t i = rows.size(); i-- > 0 && taken > 0;) {
    const auto end = rows[i].is_leaf.begin() + static_cast<std::ptrdiff_t>(taken);
    const auto leaf_count = static_cast<size_t>(std::count(rows[i].is_leaf.begin(), end, true));
    for (size_t leaf = 0; leaf < leaf_count; ++leaf) ++lengths[leaf];
    taken = 2 * (taken - leaf_count);
  }
  return lengths;
}

// The first code of each length (index), for this many codes of each length.
std::array<uint32_t, kMaxCodeLength + 1> first_codes(const std::array<uint32_t, kMaxCodeLength + 1>& counts) {
  std::array<uint32_t, kMaxCodeLength + 1> first = {};
  for (size_t length = 1; length < first.size(); ++length)
    first[length] = (first[length - 1] + counts[length - 1]) << 1;
  return first;
}

std::array<uint32_t, kMaxCodeLength + 1> count_lengths(const std::vector<uint8_t>& lengths) {
  std::array<uint32_t, kMaxCodeLength + 1> counts = {};
  for (uint8_t length : lengths)
    if (length > 0) ++counts[length];
  return counts;
}

void put_gamma(BitWriter& bits, uint32_t value) {
  const int width = static_cast<int>(std::bit_width(value));
  bits.put(0, width - 1);
  bits.put(value, width);
}

uint32_t get_gamma(BitReader& bits) {
  int zeros = 0;
  while (bits.get(1) == 0)
    require(++zeros <= 16, bits.what(), ": a code table skips more than ", kMaxAlphabet, " symbols");
  return (1u << zeros) | bits.get(zeros);
}

void put_length(BitWriter& bits, int length, int predicted) {
  switch (length - predicted) {
    case 0:
      return bits.put(0b0, 1);
    case 1:
      return bits.put(0b100, 3);
    case -1:
      return bits.put(0b101, 3);
    case 2:
      return bits.put(0b1100, 4);
    case -2:
      return bits.put(0b1101, 4);
    default:
      return bits.put(static_cast<uint32_t>(0b1110'0000 | length), 8);
  }
}

// Stands for the mark of a run of unused symbols where a length is expected.
constexpr int kRun = 99;

int get_length(BitReader& bits, int predicted) {
  if (bits.get(1) == 0) return predicted;
  if (bits.get(1) == 0) return predicted + (bits.get(1) == 0 ? 1 : -1);
  if (bits.get(1) == 0) return predicted + (bits.get(1) == 0 ? 2 : -2);
  if (bits.get(1) == 0) return static_cast<int>(bits.get(4));
  return kRun;
}

}  // namespace

std::optional<HuffmanCode> optimal_code(std::span<const uint64_t> counts) {
  std::vector<uint32_t> used;
  for (uint32_t symbol = 0; symbol < counts.size(); ++symbol)
    if (counts[symbol] > 0) used.push_back(symbol);
  if (used.empty() || used.size() > kComplete) return std::nullopt;
  HuffmanCode code{std::vector<uint8_t>(counts.size(), 0), std::nullopt};
  if (used.size() == 1) {
    code.only = used[0];
    return code;
  }
  std::stable_sort(used.begin(), used.end(), [&](uint32_t a, uint32_t b) { return counts[a] < counts[b]; });
  std::vector<uint64_t> leaves(used.size());
  std::transform(used.begin(), used.end(), leaves.begin(), [&](uint32_t symbol) { return counts[symbol]; });
  const std::vector<uint8_t> lengths = package_merge(leaves);
  for (size_t i = 0; i < used.size(); ++i) code.lengths[used[i]] = lengths[i];
  return code;
}

uint64_t coded_bits(const HuffmanCode& code, std::span<const uint64_t> counts) {
  return std::inner_product(counts.begin(), counts.end(), code.lengths.begin(), uint64_t{0});
}

void write_table(BitWriter& bits, const HuffmanCode& code) {
  const auto& lengths = code.lengths;
  if (code.only) {
    bits.put(0, 4);
    bits.put(*code.only, packed_width(static_cast<uint32_t>(lengths.size())));
    return;
  }
  int predicted = *std::find_if(lengths.begin(), lengths.end(), [](uint8_t length) { return length > 0; });
  bits.put(static_cast<uint32_t>(predicted), 4);
  uint32_t sum = 0;
  for (size_t symbol = 0; sum < kComplete;) {
    const auto at = lengths.begin() + static_cast<std::ptrdiff_t>(symbol);
    const auto used = std::find_if(at, lengths.end(), [](uint8_t length) { return length > 0; });
    if (used != at) {
      bits.put(0b1111, 4);
      put_gamma(bits, static_cast<uint32_t>(used - at));
      symbol = static_cast<size_t>(used - lengths.begin());
    }
    put_length(bits, lengths[symbol], predicted);
    predicted = lengths[symbol++];
    sum += share(predicted);
  }
}

HuffmanCode read_table(BitReader& bits, uint32_t alphabet) {
  HuffmanCode code{std::vector<uint8_t>(alphabet, 0), std::nullopt};
  int predicted = static_cast<int>(bits.get(4));
  if (predicted == 0) {
    code.only = bits.get(packed_width(alphabet));
    require(*code.only < alphabet, bits.what(), ": symbol ", *code.only, " of an alphabet of ", alphabet);
    return code;
  }
  uint32_t sum = 0;
  for (uint32_t symbol = 0; sum < kComplete;) {
    require(symbol < alphabet, bits.what(), ": a code table is incomplete");
    const int length = get_length(bits, predicted);
    if (length == kRun) {
      const uint32_t run = get_gamma(bits);
      require(run <= alphabet - symbol, bits.what(), ": a code table has more than ", alphabet, " symbols");
      symbol += run;
      continue;
    }
    require(length > 0 && length <= kMaxCodeLength, bits.what(), ": a code table gives a code of ", length,
            " bits");
    code.lengths[symbol++] = static_cast<uint8_t>(length);
    predicted = length;
    sum += share(length);
  }
  require(sum == kComplete, bits.what(), ": a code table is over-subscribed");
  return code;
}

HuffmanEncoder::HuffmanEncoder(const HuffmanCode& code)
    : codes_(code.lengths.size(), 0), lengths_(code.lengths) {
  auto next = first_codes(count_lengths(lengths_));
  for (size_t symbol = 0; symbol < lengths_.size(); ++symbol)
    if (lengths_[symbol] > 0) codes_[symbol] = static_cast<uint16_t>(next[lengths_[symbol]]++);
}

HuffmanDecoder::HuffmanDecoder(const HuffmanCode& code)
    : only_(code.only), count_(count_lengths(code.lengths)) {
  first_code_ = first_codes(count_);
  for (size_t length = 1; length < count_.size(); ++length) {
    first_index_[length] = first_index_[length - 1] + count_[length - 1];
    if (count_[length] > 0) table_width_ = std::min(static_cast<int>(length), kTableWidth);
  }
  symbols_.resize(first_index_.back() + count_.back());
  table_.resize(size_t{1} << table_width_);
  auto next = first_code_;
  for (uint32_t symbol = 0; symbol < code.lengths.size(); ++symbol) {
    const int length = code.lengths[symbol];
    if (length == 0) continue;
    const auto slot = static_cast<size_t>(length);
    const uint32_t bits = next[slot]++;
    symbols_[first_index_[slot] + bits - first_code_[slot]] = static_cast<uint16_t>(symbol);
    if (length > table_width_) continue;
    const int free_bits = table_width_ - length;
    std::fill_n(table_.begin() + (static_cast<std::ptrdiff_t>(bits) << free_bits),
                std::ptrdiff_t{1} << free_bits,
                Step{static_cast<uint16_t>(symbol), static_cast<uint8_t>(length)});
  }
}

HuffmanDecoder::Step HuffmanDecoder::long_code(uint64_t window) const {
  for (auto length = static_cast<size_t>(table_width_) + 1; length < count_.size(); ++length) {
    const uint32_t offset = static_cast<uint32_t>(window >> (64 - length)) - first_code_[length];
    if (offset < count_[length])
      return {symbols_[first_index_[length] + offset], static_cast<uint8_t>(length)};
  }
  fail(ErrorCode::internal, "a Huffman code is not complete");
}

void HuffmanDecoder::read(BitReader& bits, std::span<uint16_t> symbols) const {
  if (only_) {
    std::fill(symbols.begin(), symbols.end(), static_cast<uint16_t>(*only_));
    return;
  }
  size_t i = 0;
  // Three codes fit into one look ahead: 3 * 15 <= 57. Well inside the stream no bit needs to be checked for.
  for (; i + 3 <= symbols.size() && bits.remaining() >= 64; i += 3) {
    uint64_t window = bits.window();
    int used = 0;
    for (size_t k = 0; k < 3; ++k) {
      const Step step = look_up(window);
      symbols[i + k] = step.symbol;
      window <<= step.length;
      used += step.length;
    }
    bits.skip(used);
  }
  for (; i < symbols.size(); ++i) symbols[i] = static_cast<uint16_t>(next(bits));
}

uint32_t HuffmanDecoder::next_slowly(BitReader& bits) const {
  if (only_) return *only_;
  uint32_t code = 0;
  for (size_t length = 1; length < count_.size(); ++length) {
    code = (code << 1) | bits.get(1);
    const uint32_t offset = code - first_code_[length];
    if (code >= first_code_[length] && offset < count_[length])
      return symbols_[first_index_[length] + offset];
  }
  fail(ErrorCode::internal, "a Huffman code is not complete");
}

}  // namespace netsuke::codec
