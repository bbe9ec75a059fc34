// The other decoders of the codec on any bytes: symbol streams, gap index, floats, range-coded slices. What
// they accept must code again to what reads the same.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "codec/floats.h"
#include "codec/range_weights.h"
#include "codec/relative_index.h"
#include "codec/symbol_stream.h"

namespace {

using namespace netsuke;
using namespace netsuke::codec;

void check(bool ok) {
  if (!ok) std::abort();
}

void check_stream(ByteReader bytes, size_t count, uint32_t alphabet) {
  const std::vector<uint16_t> symbols = read_stream(bytes, count, alphabet);
  const Bytes again = write_stream(symbols, alphabet);
  ByteReader reader(again, "written again");
  check(read_stream(reader, count, alphabet) == symbols);
}

void check_gaps(ByteReader bytes, size_t count, int bits) {
  StreamReader stream(bytes, 1u << bits);
  if (stream.only_symbol() == filler(bits)) return;
  const auto read = [&](auto next) {
    std::vector<uint32_t> positions(count);
    uint64_t at = 0, fillers = 0;
    positions_from_gaps(bits, positions, at, uint64_t{1} << 31, "fuzz", next, fillers);
    return positions;
  };
  const std::vector<uint32_t> positions = read([&] { return stream.next(); });
  const std::vector<uint16_t> symbols = gaps_from_positions(positions, bits);
  size_t i = 0;
  check(read([&] { return uint32_t{symbols[i++]}; }) == positions);
}

void check_floats(ByteReader bytes, size_t count) {
  const std::vector<float> values = read_floats(bytes, count);
  const Bytes again = write_floats(values);
  ByteReader reader(again, "written again");
  const std::vector<float> read = read_floats(reader, count);
  check(count == 0 || std::memcmp(read.data(), values.data(), 4 * count) == 0);
}

void check_slice(ByteReader bytes, size_t count, uint32_t number) {
  // More elements find nothing that these do not.
  count %= 2048;
  const WeightLayout layout{count + 1, number % 61 + 1, number % 7 == 0 ? 1 : std::min(number % 61 + 1, 9u),
                            3};
  // Every element or some, with codes of both signs, of one or without.
  const bool flags = number / 61 % 4 != 0;
  const uint64_t kept = flags ? number % (count + 2) : layout.elements;
  std::vector<float> centroids{-2, -1, 0.5f, 1, 4};
  if (number / 244 % 3 == 0) centroids.erase(centroids.begin(), centroids.begin() + 2);
  const RankTree codebook(centroids);
  const RankTree* tree = flags && number / 732 % 4 == 0 ? nullptr : &codebook;
  std::vector<uint32_t> positions(flags ? kept : 0), same_positions(positions);
  std::vector<uint16_t> codes(tree ? kept : 0), same_codes(codes);
  decode_slice(bytes.take(bytes.remaining()), "fuzz", layout, kept, flags, tree, 0, positions, codes);
  const Bytes again = encode_slice(layout, flags, tree, {positions, codes});
  decode_slice(again, "written again", layout, kept, flags, tree, 0, same_positions, same_codes);
  check(positions == same_positions && codes == same_codes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 5) return 0;
  const size_t count = data[1] | static_cast<size_t>(data[2]) << 8;
  const uint32_t number = data[3] | static_cast<uint32_t>(data[4]) << 8;
  const ByteReader bytes({data + 5, size - 5}, "fuzz");
  try {
    if (data[0] % 4 == 0) check_stream(bytes, count, number + 1);
    if (data[0] % 4 == 1) check_gaps(bytes, count, static_cast<int>(kLeastIndexBits + number % 15));
    if (data[0] % 4 == 2) check_floats(bytes, count);
    if (data[0] % 4 == 3) check_slice(bytes, count, number);
  } catch (const Error& error) {
    check(error.code() != ErrorCode::internal);
  }
  return 0;
}
