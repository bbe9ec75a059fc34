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

std::vector<float> look_up(const std::vector<float>& centroids, const std::vector<uint16_t>& codes) {
  std::vector<float> values(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) values[i] = centroids[codes[i]];
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

std::string_view encoding_name(const Encoding& encoding) {
  static constexpr std::string_view names[] = {"dense", "sparse", "codebook", "sparse+codebook"};
  return names[encoding.index()];
}

WeightPtr make_weight(Shape shape, Encoding encoding) {
  return std::make_shared<const Weight>(Weight{std::move(shape), std::move(encoding)});
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
      },
      weight.encoding);
}

int64_t weight_count(const Weight& weight) { return element_count(weight.shape); }

int64_t kept_count(const Weight& weight) {
  if (const auto* sparse = std::get_if<Sparse>(&weight.encoding)) return std::ssize(sparse->positions);
  if (const auto* shared = std::get_if<SparseCodebook>(&weight.encoding))
    return std::ssize(shared->positions);
  return weight_count(weight);
}

std::vector<float> kept_values(const Weight& weight) {
  return std::visit(Overloaded{
                        [](const Dense& e) { return e.values; },
                        [](const Sparse& e) { return e.values; },
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
             },
             weight.encoding);
}

}  // namespace netsuke
