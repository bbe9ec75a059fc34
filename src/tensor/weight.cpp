#include "tensor/weight.h"

#include <bit>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace netsuke {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

std::vector<float> scaled_signs(const Shape& shape, const Signs& signs) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  const size_t filter = signs.scales.empty() ? 1 : values.size() / signs.scales.size();
  for (size_t i = 0; i < values.size(); ++i) {
    const float scale = signs.scales[i / filter];
    values[i] = signs.positive(i) ? scale : -scale;
  }
  return values;
}

void require_finite(const std::vector<float>& values, std::string_view name) {
  for (float value : values) require(std::isfinite(value), "weight ", name, ": a value is not finite");
}

void require_positions(const std::vector<uint32_t>& positions, size_t values, int64_t elements,
                       std::string_view name) {
  require(positions.size() == values, "weight ", name, ": ", positions.size(), " positions for ", values,
          " values");
  for (size_t i = 0; i < positions.size(); ++i) {
    require(positions[i] < elements, "weight ", name, ": position ", positions[i], " lies outside ", elements,
            " elements");
    require(i == 0 || positions[i - 1] < positions[i], "weight ", name, ": positions do not ascend at ", i);
  }
}

[[noreturn]] void fail_unread() { fail(ErrorCode::usage, "a weight's values were left in its file"); }

void require_signs(const Signs& signs, const Shape& shape, std::string_view name) {
  const auto elements = static_cast<size_t>(element_count(shape));
  const size_t filters = elements == 0 ? 0 : static_cast<size_t>(shape[0]);
  require(!shape.empty() && signs.scales.size() == filters, "weight ", name, ": ", signs.scales.size(),
          " scales for ", filters, " filters");
  require(signs.words.size() == (elements + 63) / 64, "weight ", name, ": ", signs.words.size(),
          " words of signs for ", elements, " elements");
  require(elements % 64 == 0 || signs.words.back() >> (elements % 64) == 0, "weight ", name,
          ": signs beyond the last of ", elements, " elements");
  require(signs.latent.empty() || signs.latent.size() == elements, "weight ", name, ": ", signs.latent.size(),
          " real weights behind ", elements, " signs");
  require_finite(signs.scales, name);
}

void require_codes(const std::vector<uint16_t>& codes, const std::vector<float>& centroids,
                   std::string_view name) {
  require(centroids.size() <= 65536, "weight ", name, ": ", centroids.size(),
          " centroids, at most 65536 are accepted");
  for (uint16_t code : codes)
    require(code < centroids.size(), "weight ", name, ": code ", code, " of ", centroids.size(),
            " centroids");
  require_finite(centroids, name);
}

}  // namespace

std::vector<float> look_up(std::span<const float> centroids, std::span<const uint16_t> codes) {
  std::vector<float> values(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) values[i] = centroids[codes[i]];
  return values;
}

std::string_view encoding_name(const Encoding& encoding) {
  static constexpr std::string_view names[] = {"dense",           "sparse", "codebook",
                                               "sparse+codebook", "signs",  "recorded"};
  return names[encoding.index()];
}

WeightPtr make_weight(Shape shape, Encoding encoding) {
  return std::make_shared<const Weight>(Weight{std::move(shape), std::move(encoding)});
}

std::vector<uint64_t> sign_words(const std::vector<float>& values) {
  std::vector<uint64_t> words((values.size() + 63) / 64, 0);
  for (size_t i = 0; i < values.size(); ++i) words[i / 64] |= uint64_t{values[i] >= 0} << (i % 64);
  return words;
}

WeightPtr make_dense(Tensor tensor) {
  return make_weight(std::move(tensor.shape), Dense{std::move(tensor.data)});
}

Tensor to_dense(const Weight& weight) {
  const auto scatter = [&](const std::vector<uint32_t>& positions, const std::vector<float>& values) {
    Tensor tensor(weight.shape);
    for (size_t i = 0; i < positions.size(); ++i) tensor.data[positions[i]] = values[i];
    return tensor;
  };
  return std::visit(
      Overloaded{
          [&](const Dense& e) { return Tensor(weight.shape, e.values); },
          [&](const Sparse& e) { return scatter(e.positions, e.values); },
          [&](const Codebook& e) { return Tensor(weight.shape, look_up(e.centroids, e.codes)); },
          [&](const SparseCodebook& e) { return scatter(e.positions, look_up(e.centroids, e.codes)); },
          [&](const Signs& e) { return Tensor(weight.shape, scaled_signs(weight.shape, e)); },
          [](const Recorded&) -> Tensor { fail_unread(); },
      },
      weight.encoding);
}

int64_t weight_count(const Weight& weight) { return element_count(weight.shape); }

int64_t kept_count(const Weight& weight) {
  if (const auto* sparse = std::get_if<Sparse>(&weight.encoding)) return std::ssize(sparse->positions);
  if (const auto* shared = std::get_if<SparseCodebook>(&weight.encoding))
    return std::ssize(shared->positions);
  if (const auto* recorded = std::get_if<Recorded>(&weight.encoding)) return recorded->kept;
  return weight_count(weight);
}

std::vector<float> kept_values(const Weight& weight) {
  return std::visit(Overloaded{
                        [](const Dense& e) { return e.values; },
                        [](const Sparse& e) { return e.values; },
                        [&](const Signs& e) { return scaled_signs(weight.shape, e); },
                        [](const Recorded&) -> std::vector<float> { fail_unread(); },
                        [](const auto& e) { return look_up(e.centroids, e.codes); },
                    },
                    weight.encoding);
}

double density(const Weight& weight) {
  const int64_t all = weight_count(weight);
  return all == 0 ? 1.0 : static_cast<double>(kept_count(weight)) / static_cast<double>(all);
}

int value_bits(const Weight& weight) {
  const auto bits = [](size_t centroids) {
    return std::max(1, static_cast<int>(std::bit_width(std::max<size_t>(centroids, 1) - 1)));
  };
  if (const auto* shared = std::get_if<Codebook>(&weight.encoding)) return bits(shared->centroids.size());
  if (const auto* shared = std::get_if<SparseCodebook>(&weight.encoding))
    return bits(shared->centroids.size());
  if (std::holds_alternative<Signs>(weight.encoding)) return 1;
  if (const auto* recorded = std::get_if<Recorded>(&weight.encoding)) return recorded->bits;
  return 32;
}

void verify(const Weight& weight, std::string_view name) {
  require(weight.shape.size() <= kMaxRank, "weight ", name, ": more than ", kMaxRank, " dimensions");
  const int64_t elements = element_count(weight.shape);
  const auto require_count = [&](size_t found) {
    require(std::cmp_equal(found, elements), "weight ", name, ": ", found, " values for shape ",
            to_text(weight.shape));
  };
  std::visit(Overloaded{
                 [&](const Dense& e) {
                   require_count(e.values.size());
                   require_finite(e.values, name);
                 },
                 [&](const Sparse& e) {
                   require_positions(e.positions, e.values.size(), elements, name);
                   require_finite(e.values, name);
                 },
                 [&](const Codebook& e) {
                   require_count(e.codes.size());
                   require_codes(e.codes, e.centroids, name);
                 },
                 [&](const SparseCodebook& e) {
                   require_positions(e.positions, e.codes.size(), elements, name);
                   require_codes(e.codes, e.centroids, name);
                 },
                 [&](const Signs& e) { require_signs(e, weight.shape, name); },
                 [&](const Recorded&) {
                   require(weight.record != nullptr, "weight ", name, ": neither values nor a record");
                 },
             },
             weight.encoding);
}

}  // namespace netsuke
