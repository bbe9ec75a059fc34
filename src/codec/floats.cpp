#include "codec/floats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "codec/range_floats.h"

namespace netsuke::codec {
namespace {

constexpr size_t kMostRangeCoded = 65536;

bool same_bits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

// Values as whole numbers of `width` bytes: the little-endian forms.
template <class Whole>
void append_raw(ByteWriter& out, const std::vector<Whole>& values) {
  for (Whole value : values) {
    if constexpr (sizeof(Whole) == 4)
      out.u32(value);
    else
      out.u16(value);
  }
}

template <class Whole>
void append_planes(ByteWriter& out, const std::vector<Whole>& values) {
  std::vector<uint16_t> plane(values.size());
  for (size_t byte = 0; byte < sizeof(Whole); ++byte) {
    for (size_t i = 0; i < values.size(); ++i)
      plane[i] = static_cast<uint16_t>((values[i] >> (8 * byte)) & 0xff);
    out.raw(write_stream(plane, 256));
  }
}

void keep_smaller(Bytes& best, ByteWriter& other) {
  if (best.empty() || other.size() < best.size()) best = other.take();
}

void append_range_coded(ByteWriter& out, NumberKind kind, std::span<const uint32_t> numbers) {
  const Bytes coded = encode_numbers(kind, numbers);
  out.varint(coded.size());
  out.raw(coded);
}

void keep_range_coded(Bytes& best, FloatForm form, NumberKind kind, std::span<const uint32_t> numbers) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(form));
  append_range_coded(out, kind, numbers);
  keep_smaller(best, out);
}

struct Forms {
  FloatForm raw, planes, range;
  NumberKind kind;
};

template <class Whole>
void keep_smallest(Bytes& best, const Forms& forms, const std::vector<Whole>& values, FloatCoder coder) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(forms.raw));
  append_raw(out, values);
  keep_smaller(best, out);
  if (coder == FloatCoder::plain) return;
  ByteWriter planes;
  planes.u8(static_cast<uint8_t>(forms.planes));
  append_planes(planes, values);
  keep_smaller(best, planes);
  // Of many values the tables of planes are a small part, and they are read faster.
  if (coder == FloatCoder::range && values.size() <= kMostRangeCoded)
    keep_range_coded(best, forms.range, forms.kind, std::vector<uint32_t>(values.begin(), values.end()));
}

// Codebooks are written in this order.
std::optional<std::vector<uint32_t>> ascending_bits(std::span<const float> values) {
  std::vector<uint32_t> ordered(values.size());
  std::transform(values.begin(), values.end(), ordered.begin(), ordered_bits);
  if (std::adjacent_find(ordered.begin(), ordered.end(), std::greater_equal<>()) != ordered.end())
    return std::nullopt;
  return ordered;
}

// Codebooks ascend, and those of quantized values lie on a grid.
void keep_ascending(Bytes& best, std::span<const float> values) {
  const auto ordered = ascending_bits(values);
  if (!ordered) return;
  keep_range_coded(best, FloatForm::ascending, NumberKind::ascending, *ordered);
  const auto grid = find_grid(values);
  if (!grid) return;
  ByteWriter out;
  out.u8(static_cast<uint8_t>(FloatForm::grid));
  out.f32(grid->points.low);
  out.f32(grid->points.step);
  append_range_coded(out, NumberKind::ascending, grid->places);
  keep_smaller(best, out);
}

std::vector<uint32_t> read_range_coded(ByteReader& bytes, NumberKind kind, size_t count) {
  const auto size = static_cast<size_t>(bytes.varint(bytes.remaining(), "the length of range-coded floats"));
  return decode_numbers(kind, bytes.take(size), bytes.what(), count);
}

std::optional<std::vector<uint16_t>> exact_halves(std::span<const float> values) {
  std::vector<uint16_t> halves;
  for (float value : values) {
    const auto half = exact_half(value);
    if (!half) return std::nullopt;
    halves.push_back(*half);
  }
  return halves;
}

template <class Whole>
std::vector<Whole> read_planes(ByteReader& bytes, size_t count) {
  std::vector<Whole> values;
  for (size_t byte = 0; byte < sizeof(Whole); ++byte) {
    const std::vector<uint16_t> plane = read_stream(bytes, count, 256);
    values.resize(count, 0);
    for (size_t i = 0; i < count; ++i)
      values[i] = static_cast<Whole>(values[i] | (static_cast<uint32_t>(plane[i]) << (8 * byte)));
  }
  return values;
}

template <class Whole>
std::vector<Whole> read_raw(ByteReader& bytes, size_t count) {
  const ByteView view = bytes.take(count * sizeof(Whole));
  ByteReader raw(view, bytes.what());
  std::vector<Whole> values(count);
  for (Whole& value : values) value = static_cast<Whole>(sizeof(Whole) == 4 ? raw.u32() : raw.u16());
  return values;
}

std::vector<float> from_words(const std::vector<uint32_t>& words) {
  std::vector<float> values(words.size());
  std::transform(words.begin(), words.end(), values.begin(),
                 [](uint32_t w) { return std::bit_cast<float>(w); });
  return values;
}

std::vector<float> from_ordered(const std::vector<uint32_t>& ordered) {
  std::vector<float> values(ordered.size());
  std::transform(ordered.begin(), ordered.end(), values.begin(), float_of_ordered);
  return values;
}

std::vector<float> from_halves(const std::vector<uint16_t>& halves) {
  std::vector<float> values(halves.size());
  std::transform(halves.begin(), halves.end(), values.begin(), float_of_half);
  return values;
}

std::vector<float> read_grid(ByteReader& bytes, size_t count) {
  const float low = bytes.f32();
  const Progression points{low, bytes.f32()};
  std::vector<float> values(count);
  const std::vector<uint32_t> places = read_range_coded(bytes, NumberKind::ascending, count);
  std::transform(places.begin(), places.end(), values.begin(),
                 [&](uint32_t place) { return points.at(place); });
  return values;
}

std::vector<float> read_progression(ByteReader& bytes, size_t count) {
  const float low = bytes.f32();
  const Progression progression{low, bytes.f32()};
  require(count < (size_t{1} << 24), bytes.what(), ": a progression of ", count, " values");
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = progression.at(i);
  return values;
}

}  // namespace

std::optional<uint16_t> exact_half(float value) {
  const uint32_t word = std::bit_cast<uint32_t>(value);
  const uint32_t sign = word >> 31 << 15;
  const float size = std::fabs(value);
  if (!(size < 65536.0f)) return std::nullopt;
  // Normal halves: exponents from -14; below, multiples of 2^-24.
  const int exponent = size == 0 ? -15 : std::ilogb(size);
  uint32_t half = 0;
  if (exponent < -14)
    half = static_cast<uint32_t>(std::ldexp(size, 24));
  else
    half = (static_cast<uint32_t>(exponent + 15) << 10) | ((word >> 13) & 0x3ff);
  const auto found = static_cast<uint16_t>(sign | half);
  if (!same_bits(float_of_half(found), value)) return std::nullopt;
  return found;
}

float float_of_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half >> 15) << 31;
  const uint32_t exponent = (half >> 10) & 31, fraction = half & 0x3ff;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
  if (exponent > 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float size = std::ldexp(static_cast<float>(fraction), -24);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(size) | sign);
}

Bytes write_floats(std::span<const float> values, FloatCoder coder) {
  if (values.empty()) return {};
  Bytes best;
  if (const auto halves = exact_halves(values))
    keep_smallest(best, {FloatForm::f16, FloatForm::f16_planes, FloatForm::f16_range, NumberKind::half},
                  *halves, coder);
  std::vector<uint32_t> words(values.size());
  std::transform(values.begin(), values.end(), words.begin(),
                 [](float v) { return std::bit_cast<uint32_t>(v); });
  keep_smallest(best, {FloatForm::f32, FloatForm::f32_planes, FloatForm::f32_range, NumberKind::single},
                words, coder);
  if (coder == FloatCoder::range) keep_ascending(best, values);
  if (best.size() <= 9) return best;
  if (const auto progression = find_progression(values)) {
    ByteWriter out;
    out.u8(static_cast<uint8_t>(FloatForm::progression));
    out.f32(progression->low);
    out.f32(progression->step);
    return out.take();
  }
  return best;
}

std::vector<float> read_floats(ByteReader& bytes, size_t count) {
  if (count == 0) return {};
  const uint8_t form = bytes.u8();
  switch (static_cast<FloatForm>(form)) {
    case FloatForm::f32:
      return from_words(read_raw<uint32_t>(bytes, count));
    case FloatForm::f16:
      return from_halves(read_raw<uint16_t>(bytes, count));
    case FloatForm::progression:
      return read_progression(bytes, count);
    case FloatForm::f32_planes:
      return from_words(read_planes<uint32_t>(bytes, count));
    case FloatForm::f16_planes:
      return from_halves(read_planes<uint16_t>(bytes, count));
    case FloatForm::ascending:
      return from_ordered(read_range_coded(bytes, NumberKind::ascending, count));
    case FloatForm::f32_range:
      return from_words(read_range_coded(bytes, NumberKind::single, count));
    case FloatForm::f16_range: {
      const std::vector<uint32_t> halves = read_range_coded(bytes, NumberKind::half, count);
      return from_halves({halves.begin(), halves.end()});
    }
    case FloatForm::grid:
      return read_grid(bytes, count);
  }
  fail(ErrorCode::input, bytes.what(), ": floats in form ", form, ", there are forms 0 to 8");
}

}  // namespace netsuke::codec
