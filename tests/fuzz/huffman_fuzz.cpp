// A table from any bytes is refused or complete; the fast and the slow decoder agree on whatever follows; the
// table writes back to one that reads the same.
#include <cstdlib>

#include "codec/huffman.h"

namespace {

using namespace netsuke;
using namespace netsuke::codec;

void check(bool ok) {
  if (!ok) std::abort();
}

void check_table(const HuffmanCode& code) {
  BitWriter bits;
  write_table(bits, code);
  const Bytes bytes = bits.take();
  BitReader reader(bytes, "written again");
  check(read_table(reader, static_cast<uint32_t>(code.lengths.size())) == code);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const uint32_t alphabet = 1u + (data[0] | static_cast<uint32_t>(data[1]) << 8);
  BitReader slow({data + 2, size - 2}, "fuzz");
  try {
    const HuffmanCode code = read_table(slow, alphabet);
    check_table(code);
    const HuffmanDecoder decoder(code);
    BitReader fast = slow;
    // The slow decoder says how many symbols there are; the fast one must give the same.
    std::vector<uint16_t> expected;
    try {
      while (expected.size() < 8 * size) expected.push_back(static_cast<uint16_t>(decoder.next_slowly(slow)));
    } catch (const Error&) {
    }
    std::vector<uint16_t> found(expected.size());
    decoder.read(fast, found);
    check(found == expected);
  } catch (const Error& error) {
    check(error.code() != ErrorCode::internal);
  }
  return 0;
}
