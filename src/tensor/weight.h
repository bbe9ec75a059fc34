// What form a weight has in memory (its encoding). Methods write encodings, training keeps them true, the
// coder turns them into bytes, kernels compute on them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

namespace netsuke {

/// Every value as a float.
struct Dense {
  std::vector<float> values;
  bool operator==(const Dense&) const = default;
};

/// Pruned: only the kept values; all others are exactly zero. A kept value may itself be zero (a mask
/// remembers).
struct Sparse {
  std::vector<uint32_t> positions;  ///< flat row-major, strictly ascending
  std::vector<float> values;        ///< one for each position
  bool operator==(const Sparse&) const = default;
};

/// Shared weights (Deep Compression, section 3): value i is centroids[codes[i]].
struct Codebook {
  std::vector<float> centroids;  ///< 1 to 65,536 entries
  std::vector<uint16_t> codes;   ///< one for each element
  bool operator==(const Codebook&) const = default;
};

/// Pruned and shared: the kept value at positions[i] is centroids[codes[i]].
struct SparseCodebook {
  std::vector<float> centroids;
  std::vector<uint32_t> positions;  ///< flat row-major, strictly ascending
  std::vector<uint16_t> codes;      ///< one for each position
  bool operator==(const SparseCodebook&) const = default;
};

/// Binary weights (XNOR-Net, section 3.1): value i of the filter (the first dimension) f is scales[f], or
/// -scales[f].
struct Signs {
  std::vector<float> scales;    ///< alpha, one a filter
  std::vector<uint64_t> words;  ///< bit i % 64 of word i / 64 is 1 where element i is +; unused bits are 0
  /// The real-valued weights W that stand behind the signs while training may still move them: one for each
  /// element, or none. They are no part of the weight's value and no file keeps them.
  std::vector<float> latent;
  bool positive(size_t i) const { return ((words[i / 64] >> (i % 64)) & 1) != 0; }
  bool operator==(const Signs& other) const { return scales == other.scales && words == other.words; }
};

/// Values that only the record has (see Weight::record): what a runtime of little memory has of a weight
/// until a layer needs it. Functions that need the values throw Error(usage).
struct Recorded {
  int64_t kept = 0;  ///< as kept_count() has it
  int bits = 32;     ///< as value_bits() has it
  bool operator==(const Recorded&) const = default;
};

using Encoding = std::variant<Dense, Sparse, Codebook, SparseCodebook, Signs, Recorded>;

/// "dense", "sparse", "codebook", "sparse+codebook", "signs" or "recorded".
std::string_view encoding_name(const Encoding& encoding);

struct Record;

/// A constant of a graph: immutable once it is in a graph, and shared between copies of it.
struct Weight {
  Shape shape;
  Encoding encoding;
  /// The record of a file that it was read from, if that is all of it that is in memory: see Recorded.
  std::shared_ptr<const Record> record;
  bool operator==(const Weight& other) const { return shape == other.shape && encoding == other.encoding; }
};
using WeightPtr = std::shared_ptr<const Weight>;

WeightPtr make_weight(Shape shape, Encoding encoding);
WeightPtr make_dense(Tensor tensor);
/// The bits of Signs::words: 1 where a value is 0 or more.
std::vector<uint64_t> sign_words(const std::vector<float>& values);

/// The values that codes stand for; each code names one of the centroids.
std::vector<float> look_up(std::span<const float> centroids, std::span<const uint16_t> codes);

/// All elements as floats, zeros included.
Tensor to_dense(const Weight& weight);

/// Elements in all.
int64_t weight_count(const Weight& weight);
/// Elements that the encoding keeps (all for dense and codebook forms).
int64_t kept_count(const Weight& weight);
/// The kept values in position order, decoded.
std::vector<float> kept_values(const Weight& weight);
/// Kept elements over all; 1 for an empty weight.
double density(const Weight& weight);
/// Bits that one kept value takes before entropy coding: 32, or ceil(log2(number of centroids)), at least 1;
/// 1 for signs.
int value_bits(const Weight& weight);

/// Throws Error(input) naming `name` unless the encoding fits the shape: counts agree, positions ascend and
/// lie inside, codes name existing centroids, values are finite.
void verify(const Weight& weight, std::string_view name);

}  // namespace netsuke
