#include "codec/range_floats.h"

#include <array>
#include <bit>

#include "codec/adaptive_bit.h"

namespace netsuke::codec {
namespace {

constexpr Probability kEven = 32768;

// One model drives either coder: the decoder ignores the number that it is given.
class NumberModel {
 public:
  template <class Coder>
  uint32_t code(Coder& coder, NumberKind kind, uint32_t number) {
    if (kind == NumberKind::ascending) return code_step(coder, number);
    const int fraction = kind == NumberKind::single ? 23 : 10, exponent = kind == NumberKind::single ? 8 : 5;
    const uint32_t sign = code_bit(coder, sign_, (number >> (fraction + exponent)) & 1);
    const uint32_t power =
        code_tree(coder, exponents_, exponent, (number >> fraction) & ((1u << exponent) - 1));
    const uint32_t rest = code_even(coder, fraction, number & ((1u << fraction) - 1));
    return ((sign << exponent | power) << fraction) | rest;
  }

 private:
  // Of numbers that ascend strictly: how many bits the step less one has, then these bits, whose first is 1.
  template <class Coder>
  uint32_t code_step(Coder& coder, uint32_t number) {
    const uint32_t step = number - next_;
    const auto width =
        static_cast<int>(code_tree(coder, widths_, 6, static_cast<uint32_t>(std::bit_width(step))));
    uint32_t value = 0;
    if (width > 0 && width <= 32) {
      const int below = width - 1;
      const uint32_t rest = code_even(coder, below, step & static_cast<uint32_t>((uint64_t{1} << below) - 1));
      value = uint32_t{1} << below | rest;
    }
    const uint32_t coded = next_ + value;
    next_ = coded + 1;
    return coded;
  }

  template <class Coder>
  static uint32_t code_bit(Coder& coder, AdaptiveBit& model, uint32_t bit) {
    const bool coded = coder.code(bit != 0, model.probability());
    model.update(coded);
    return coded ? 1 : 0;
  }
  // From the top bit down, each with a model of its own for what stands above it.
  template <class Coder, size_t kNodes>
  static uint32_t code_tree(Coder& coder, std::array<AdaptiveBit, kNodes>& nodes, int bits, uint32_t value) {
    uint32_t node = 1;
    for (int i = bits - 1; i >= 0; --i) node = 2 * node + code_bit(coder, nodes[node], (value >> i) & 1);
    return node - (1u << bits);
  }
  template <class Coder>
  static uint32_t code_even(Coder& coder, int bits, uint32_t value) {
    uint32_t coded = 0;
    for (int i = bits - 1; i >= 0; --i)
      coded = coded << 1 | (coder.code(((value >> i) & 1) != 0, kEven) ? 1 : 0);
    return coded;
  }

  AdaptiveBit sign_;
  std::array<AdaptiveBit, 256> exponents_;
  std::array<AdaptiveBit, 64> widths_;
  uint32_t next_ = 0;  // one more than the number before
};

}  // namespace

uint32_t ordered_bits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}

float float_of_ordered(uint32_t ordered) {
  return std::bit_cast<float>((ordered >> 31) != 0 ? ordered & 0x7fffffffu : ~ordered);
}

Bytes encode_numbers(NumberKind kind, std::span<const uint32_t> numbers) {
  RangeEncoder coder;
  NumberModel model;
  for (const uint32_t number : numbers) model.code(coder, kind, number);
  return coder.finish();
}

std::vector<uint32_t> decode_numbers(NumberKind kind, ByteView bytes, std::string_view what, size_t count) {
  RangeDecoder coder(bytes, what);
  NumberModel model;
  std::vector<uint32_t> numbers(count);
  for (uint32_t& number : numbers) number = model.code(coder, kind, 0);
  coder.finish();
  return numbers;
}

}  // namespace netsuke::codec
