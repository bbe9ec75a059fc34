#include "codec/symbol_stream.h"

#include <cmath>
#include <numeric>

#include "codec/bit_pack.h"

namespace netsuke::codec {
namespace {

uint64_t total(std::span<const uint64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

uint32_t alphabet_of(std::span<const uint64_t> counts) { return static_cast<uint32_t>(counts.size()); }

// The Huffman code to use for a stream, or nothing if it is to be packed.
std::optional<HuffmanCode> choose_code(std::span<const uint64_t> counts, SymbolCoder coder,
                                       StreamSize& size) {
  size = {false, 1, total(counts) * static_cast<uint64_t>(packed_width(alphabet_of(counts)))};
  if (coder == SymbolCoder::packed) return std::nullopt;
  std::optional<HuffmanCode> code = optimal_code(counts);
  if (!code) return std::nullopt;
  BitWriter table;
  write_table(table, *code);
  const StreamSize coded = {true, 1 + table.bit_count(), coded_bits(*code, counts)};
  if (coder == SymbolCoder::smallest && coded.bytes() >= size.bytes()) return std::nullopt;
  size = coded;
  return code;
}

// The bytes ahead of a reader, which stays where it is.
ByteView rest(ByteReader bytes) { return bytes.take(bytes.remaining()); }

}  // namespace

std::vector<uint64_t> count_symbols(std::span<const uint16_t> symbols, uint32_t alphabet) {
  std::vector<uint64_t> counts(alphabet, 0);
  for (uint16_t symbol : symbols) ++counts[symbol];
  return counts;
}

double entropy_bits(std::span<const uint64_t> counts) {
  const auto all = static_cast<double>(total(counts));
  double bits = 0;
  for (uint64_t count : counts)
    if (count > 0) bits -= static_cast<double>(count) * std::log2(static_cast<double>(count) / all);
  return bits;
}

StreamSize measure_stream(std::span<const uint64_t> counts, SymbolCoder coder) {
  StreamSize size;
  if (total(counts) > 0) choose_code(counts, coder, size);
  return size;
}

Bytes write_stream(std::span<const uint16_t> symbols, uint32_t alphabet, SymbolCoder coder) {
  if (symbols.empty()) return {};
  StreamSize size;
  const auto code = choose_code(count_symbols(symbols, alphabet), coder, size);
  BitWriter bits;
  bits.put(code ? 1 : 0, 1);
  if (!code) {
    pack(bits, symbols, packed_width(alphabet));
    return bits.take();
  }
  write_table(bits, *code);
  const HuffmanEncoder encoder(*code);
  for (uint16_t symbol : symbols) encoder.put(bits, symbol);
  return bits.take();
}

StreamReader::StreamReader(const ByteReader& bytes, uint32_t alphabet)
    : bits_(rest(bytes), bytes.what()), alphabet_(alphabet) {
  if (bits_.get(1) == 1) {
    const HuffmanCode code = read_table(bits_, alphabet);
    only_ = code.only;
    decoder_.emplace(code);
  } else if (alphabet == 1) {
    only_ = 0;
  }
  table_bits_ = bits_.at();
}

uint32_t StreamReader::next() {
  if (decoder_) return decoder_->next(bits_);
  uint16_t symbol = 0;
  unpack(bits_, alphabet_, {&symbol, 1});
  return symbol;
}

void StreamReader::read(std::span<uint16_t> symbols) {
  if (decoder_) return decoder_->read(bits_, symbols);
  unpack(bits_, alphabet_, symbols);
}

std::optional<uint32_t> StreamReader::only_symbol() const { return only_; }

void StreamReader::require_room_for(uint64_t symbols) const {
  require(only_ || symbols <= bits_.remaining(), bits_.what(), ": ", symbols, " symbols in ",
          bits_.remaining(), " bits");
}

StreamSize StreamReader::finish(ByteReader& bytes) const {
  BitReader padding = bits_;
  const int count = static_cast<int>((8 - bits_.at() % 8) % 8);
  require(padding.get(count) == 0, bits_.what(), ": the bits after a stream are not zero");
  bytes.take(bits_.bytes_read());
  return {huffman(), table_bits_, bits_.at() - table_bits_};
}

std::vector<uint16_t> read_stream(ByteReader& bytes, size_t count, uint32_t alphabet, StreamSize* size) {
  std::vector<uint16_t> symbols;
  if (count == 0) return symbols;
  StreamReader reader(bytes, alphabet);
  reader.require_room_for(count);
  symbols.resize(count);
  reader.read(symbols);
  const StreamSize read = reader.finish(bytes);
  if (size) *size = read;
  return symbols;
}

}  // namespace netsuke::codec
