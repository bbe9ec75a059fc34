#include "compress/recode.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/catalog.h"
#include "base/error.h"
#include "codec/symbol_stream.h"
#include "compress/least_squares.h"
#include "compress/mask.h"
#include "compress/quantizers.h"

namespace netsuke::compress {
namespace {

struct CodedCentroid {
  uint16_t code;
  double value;
};

/// The centroids in ascending order, and the code of each.
class Nearest {
 public:
  explicit Nearest(const std::vector<float>& centroids) : codes_(centroids.size()) {
    std::iota(codes_.begin(), codes_.end(), uint16_t{0});
    std::ranges::sort(codes_, {}, [&](uint16_t code) { return centroids[code]; });
    for (const uint16_t code : codes_) values_.push_back(static_cast<double>(centroids[code]));
  }
  CodedCentroid operator()(double value) const {
    auto at = static_cast<size_t>(std::ranges::lower_bound(values_, value) - values_.begin());
    if (at == values_.size() || (at > 0 && value - values_[at - 1] < values_[at] - value)) --at;
    return {codes_[at], values_[at]};
  }

 private:
  std::vector<uint16_t> codes_;
  std::vector<double> values_;
};

/// The centroid whose squared distance and bits together are least.
class Cheapest {
 public:
  /// `counts`: how often each centroid is taken, which tells the bits of its code.
  Cheapest(const std::vector<float>& centroids, std::span<const uint64_t> counts) : centroids_(centroids) {
    constexpr double kUnseen = 0.5;  // of a centroid that is not taken yet
    double all = 0;
    for (const uint64_t count : counts) all += static_cast<double>(count) + kUnseen;
    for (const uint64_t count : counts)
      bits_.push_back(std::log2(all / (static_cast<double>(count) + kUnseen)));
  }
  CodedCentroid operator()(double value, double square_of_a_bit) const {
    CodedCentroid best{0, 0};
    double least = std::numeric_limits<double>::infinity();
    for (size_t c = 0; c < centroids_.size(); ++c) {
      const auto centroid = static_cast<double>(centroids_[c]);
      const double cost = (value - centroid) * (value - centroid) + square_of_a_bit * bits_[c];
      if (cost < least) {
        least = cost;
        best = {static_cast<uint16_t>(c), centroid};
      }
    }
    return best;
  }

 private:
  const std::vector<float>& centroids_;
  std::vector<double> bits_;
};

/// Rows of `w` [inputs, outputs] rounded from first to last by round(input, output, value), with
/// U'U = H^-1: an error e of row j moves every later row k by -e U_jk / U_jj.
template <class Round>
void round_with_feedback(Matrix& w, const Matrix& u, const Round& round) {
  constexpr Index kBlock = 64;  // rows that are brought up to date one by one; later ones after each block
  const Index n = w.rows();
  Matrix errors(kBlock, w.cols());
  for (Index block = 0; block < n; block += kBlock) {
    const Index end = std::min(block + kBlock, n);
    for (Index j = block; j < end; ++j) {
      for (Index o = 0; o < w.cols(); ++o) errors(j - block, o) = (w(j, o) - round(j, o, w(j, o))) / u(j, j);
      for (Index k = j + 1; k < end; ++k) w.row(k) -= u(j, k) * errors.row(j - block);
    }
    if (end < n)
      w.bottomRows(n - end).noalias() -=
          u.block(block, end, end - block, n - end).transpose() * errors.topRows(end - block);
  }
}

}  // namespace

struct Recoder::Start {
  Shape shape;
  std::vector<Index> order;  ///< of the inputs
  Matrix values;             ///< [inputs, outputs]
  Matrix root;               ///< upper U with U'U = H^-1; empty where H is not positive definite
};

Recoder::Recoder(const Weight& original, const LayerStatistics& statistics, bool has_bias, double ridge) {
  const size_t inputs = statistics.inputs();
  if (static_cast<size_t>(original.shape.at(0)) != statistics.outputs() ||
      static_cast<size_t>(weight_count(original)) != inputs * statistics.outputs())
    fail(ErrorCode::usage, "recode: a weight of ", to_text(original.shape), ", statistics of ",
         statistics.outputs(), "x", inputs);
  auto start = std::make_unique<Start>();
  start->shape = original.shape;
  if (statistics.rows() > 0) {
    const Equations e = equations_of(statistics, has_bias, ridge);
    Matrix h = e.xx;
    h.diagonal().array() += e.ridge;
    // Inputs that weigh most are rounded first, while many are left to make up for them.
    start->order.resize(inputs);
    std::iota(start->order.begin(), start->order.end(), Index{0});
    std::ranges::stable_sort(start->order, std::ranges::greater{}, [&](Index i) { return h(i, i); });
    const Eigen::LLT<Matrix> equations(h(start->order, start->order));
    const Matrix sums = e.xy + e.ridge * as_matrix(original).transpose();
    start->values = equations.solve(sums(start->order, Eigen::all));
    const Eigen::LLT<Matrix> inverse(equations.solve(Matrix::Identity(h.rows(), h.cols())));
    Matrix root = inverse.matrixU();
    if (equations.info() == Eigen::Success && inverse.info() == Eigen::Success && start->values.allFinite() &&
        root.allFinite())
      start->root = std::move(root);
  }
  start_ = std::move(start);
}

Recoder::~Recoder() = default;

/// What is being rounded: a weight's centroids and, of each of its places, which of the codes it has.
struct Recoder::Book {
  static constexpr size_t kPruned = SIZE_MAX;
  std::vector<float> centroids;
  std::vector<uint16_t> codes;
  std::vector<size_t> kept;
};

struct Recoder::Rounded {
  std::vector<uint16_t> codes;
  double error = 0;  ///< sum of squared errors by squared u
};

std::optional<Recoder::Book> Recoder::book_of(const Weight& shared) const {
  if (shared.shape != start_->shape)
    fail(ErrorCode::usage, "recode: a weight of ", to_text(shared.shape), ", its original of ",
         to_text(start_->shape));
  const Codebook* book = std::get_if<Codebook>(&shared.encoding);
  const SparseCodebook* sparse = std::get_if<SparseCodebook>(&shared.encoding);
  if ((!book && !sparse) || start_->root.size() == 0) return std::nullopt;
  Book found{book ? book->centroids : sparse->centroids, book ? book->codes : sparse->codes,
             std::vector<size_t>(static_cast<size_t>(weight_count(shared)), Book::kPruned)};
  const std::vector<uint32_t> positions = kept_positions(shared);
  for (size_t i = 0; i < positions.size(); ++i) found.kept[positions[i]] = i;
  return found;
}

/// choose(value, u) gives the CodedCentroid for a value whose error is made up for at the cost of its square
/// by u^2.
template <class Choose>
Recoder::Rounded Recoder::rounded(const Book& book, const Choose& choose) const {
  const size_t inputs = start_->order.size();
  Rounded result{std::vector<uint16_t>(book.codes.size()), 0};
  Matrix values = start_->values;
  round_with_feedback(values, start_->root, [&](Index j, Index o, double value) {
    const auto input = static_cast<size_t>(start_->order[static_cast<size_t>(j)]);
    const size_t at = book.kept[static_cast<size_t>(o) * inputs + input];
    if (at == Book::kPruned) return 0.0;
    const double u = start_->root(j, j);
    const CodedCentroid centroid = choose(value, u);
    const double error = (value - centroid.value) / u;
    result.codes[at] = centroid.code;
    result.error += error * error;
    return centroid.value;
  });
  return result;
}

WeightPtr Recoder::operator()(const WeightPtr& shared) const {
  std::optional<Book> book = book_of(*shared);
  if (!book) return shared;
  const Nearest nearest(book->centroids);
  Rounded best = rounded(*book, [&](double value, double) { return nearest(value); });
  return with_codebook(*shared, std::move(book->centroids), std::move(best.codes));
}

WeightPtr Recoder::at_no_more_bits(const WeightPtr& shared) const {
  std::optional<Book> book = book_of(*shared);
  if (!book || book->codes.empty()) return shared;
  const auto bits_of = [&](const std::vector<uint16_t>& codes) {
    return codec::entropy_bits(codec::count_symbols(codes, static_cast<uint32_t>(book->centroids.size())));
  };
  const Cheapest cheapest(book->centroids,
                          codec::count_symbols(book->codes, static_cast<uint32_t>(book->centroids.size())));
  const auto at = [&](double error_of_a_bit) {
    return rounded(*book, [&](double value, double u) { return cheapest(value, error_of_a_bit * u * u); });
  };
  const double most_bits = bits_of(book->codes);
  const auto fits = [&](const Rounded& r) { return bits_of(r.codes) <= most_bits; };
  Rounded best = at(0);
  if (!fits(best) && best.error == 0) return shared;
  if (!fits(best)) {
    // What error a bit is worth: doubled until it is enough, then halved in between.
    constexpr int kDoublings = 40, kHalvings = 4;
    double low = 0, high = best.error / static_cast<double>(best.codes.size()) / 64;
    for (int i = 0; i < kDoublings && !fits(best = at(high)); ++i) {
      low = high;
      high *= 2;
    }
    for (int i = 0; i < kHalvings; ++i) {
      const double middle = (low + high) / 2;
      Rounded less = at(middle);
      const bool is_enough = fits(less);
      (is_enough ? high : low) = middle;
      if (is_enough) best = std::move(less);
    }
    if (!fits(best)) return shared;
  }
  return with_codebook(*shared, std::move(book->centroids), std::move(best.codes));
}

Refit share_within(const Tolerance& tolerance, const WeightPtr& kept, const std::vector<float>& bias,
                   const LayerStatistics& statistics, const LayerStatistics& held_out, double ridge) {
  const auto judged = [&](Refit fitted) {
    fitted.error_after = answer_error(*fitted.weight, fitted.bias, held_out);
    return fitted;
  };
  // Few rows are fitted too well: what was refitted to them may answer others worse than it did.
  const auto better = [&](const WeightPtr& weight) {
    Refit as_it_is = judged({.weight = weight, .bias = bias}),
          refitted = judged(refit(*weight, bias, statistics, ridge));
    return refitted.error_after < as_it_is.error_after ? refitted : as_it_is;
  };
  const Refit floats = better(kept);
  if (kept_count(*kept) == 0 || !std::isfinite(floats.error_after)) return floats;
  const Recoder recode(*kept, statistics, !bias.empty(), ridge);
  const std::vector<float> values = kept_values(*kept);
  const Quantizer& grid = find_row(quantizers(), "grid", "quantizer");
  Refit best;
  for (int bits = tolerance.least_bits; bits <= tolerance.most_bits; ++bits) {
    Clustering cells = grid.cluster({.values = values, .importance = {}, .bits = bits});
    const WeightPtr shared = with_codebook(*kept, std::move(cells.centroids), std::move(cells.codes));
    best = better(recode(shared));
    if (Refit nearest = better(shared); nearest.error_after < best.error_after) best = std::move(nearest);
    const double most = floats.error_after + tolerance.error;
    if (best.error_after > most) continue;
    // Codes that are no dearer than the nearest centroids' may do as well.
    if (Refit cheap = better(recode.at_no_more_bits(shared)); cheap.error_after <= most)
      best = std::move(cheap);
    break;
  }
  best.error_before = answer_error(*kept, bias, held_out);
  return best;
}

}  // namespace netsuke::compress
