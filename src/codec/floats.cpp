#include "codec/floats.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace netsuke::codec {
namespace {

// From here on float(i) could be inexact.
constexpr size_t kLongestProgression = size_t{1} << 24;

bool same_bits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

bool gives(const Progression& progression, std::span<const float> values) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!same_bits(progression.at(i), values[i])) return false;
  return true;
}

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

template <class Whole>
void keep_smallest(Bytes& best, FloatForm raw, FloatForm planes, const std::vector<Whole>& values,
                   bool with_planes) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(raw));
  append_raw(out, values);
  if (best.empty() || out.size() < best.size()) best = out.take();
  if (!with_planes) return;
  ByteWriter coded;
  coded.u8(static_cast<uint8_t>(planes));
  append_planes(coded, values);
  if (coded.size() < best.size()) best = coded.take();
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

std::vector<float> from_halves(const std::vector<uint16_t>& halves) {
  std::vector<float> values(halves.size());
  std::transform(halves.begin(), halves.end(), values.begin(), float_of_half);
  return values;
}

std::vector<float> read_progression(ByteReader& bytes, size_t count) {
  const float low = bytes.f32();
  const Progression progression{low, bytes.f32()};
  require(count < kLongestProgression, bytes.what(), ": a progression of ", count, " values");
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = progression.at(i);
  return values;
}

}  // namespace

float Progression::at(size_t i) const {
  const float product = static_cast<float>(i) * step;  // this file is compiled without contraction to fma
  return low + product;
}

std::optional<Progression> find_progression(std::span<const float> values) {
  if (values.empty() || values.size() >= kLongestProgression) return std::nullopt;
  if (values.size() == 1) return Progression{values[0], 0};
  const float spread = (values.back() - values[0]) / static_cast<float>(values.size() - 1);
  for (float guess : {0.0f, values[1] - values[0], spread}) {
    float step = guess;
    for (int i = 0; i < 4; ++i) step = std::nextafter(step, -INFINITY);
    // A rounded difference lies within a few units in the last place of the step that made the values.
    for (int i = 0; i < 9; ++i, step = std::nextafter(step, INFINITY))
      if (gives({values[0], step}, values)) return Progression{values[0], step};
  }
  return std::nullopt;
}

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

Bytes write_floats(std::span<const float> values, bool planes) {
  if (values.empty()) return {};
  Bytes best;
  if (const auto halves = exact_halves(values))
    keep_smallest(best, FloatForm::f16, FloatForm::f16_planes, *halves, planes);
  std::vector<uint32_t> words(values.size());
  std::transform(values.begin(), values.end(), words.begin(),
                 [](float v) { return std::bit_cast<uint32_t>(v); });
  keep_smallest(best, FloatForm::f32, FloatForm::f32_planes, words, planes);
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
  }
  fail(ErrorCode::input, bytes.what(), ": floats in form ", form, ", there are forms 0 to 4");
}

}  // namespace netsuke::codec
