#include "compress/refit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "compress/least_squares.h"
#include "compress/mask.h"

namespace netsuke::compress {
namespace {

/// Positions by filter: for each the places in the filter and the index of the kept value.
struct Filter {
  std::vector<Index> places;
  std::vector<size_t> kept;
};
std::vector<Filter> filters_of(const Weight& weight, size_t inputs) {
  std::vector<Filter> filters(static_cast<size_t>(weight.shape[0]));
  const std::vector<uint32_t> positions = kept_positions(weight);
  for (size_t i = 0; i < positions.size(); ++i) {
    Filter& filter = filters[positions[i] / inputs];
    filter.places.push_back(index(positions[i] % inputs));
    filter.kept.push_back(i);
  }
  return filters;
}

/// Each filter by itself: (xx + ridge) w = xy + ridge w_now, on the places that it keeps.
std::vector<float> solve_values(const Weight& weight, const Equations& e, size_t inputs) {
  std::vector<float> values = kept_values(weight);
  const std::vector<Filter> filters = filters_of(weight, inputs);
  Eigen::LDLT<Matrix> equations;  // of the filter before: where nothing is pruned they are those of all
  for (size_t f = 0; f < filters.size(); ++f) {
    const Filter& filter = filters[f];
    if (filter.places.empty()) continue;
    if (f == 0 || filter.places != filters[f - 1].places) {
      Matrix a = e.xx(filter.places, filter.places);
      a.diagonal().array() += e.ridge;
      equations.compute(a);
    }
    Vector b = e.xy(filter.places, index(f));
    for (size_t i = 0; i < filter.kept.size(); ++i)
      b[index(i)] += e.ridge * static_cast<double>(values[filter.kept[i]]);
    const Vector solved = equations.solve(b);
    if (!solved.allFinite()) continue;
    for (size_t i = 0; i < filter.kept.size(); ++i)
      values[filter.kept[i]] = static_cast<float>(solved[index(i)]);
  }
  return values;
}

/// All filters share the centroids c: with M_f the matrix that says which place has which code,
/// (sum M_f' xx M_f + ridge counts) c = sum M_f' xy_f + ridge counts c_now.
std::vector<float> solve_centroids(const Weight& weight, std::vector<float> centroids,
                                   const std::vector<uint16_t>& codes, const Equations& e, size_t inputs) {
  const Index k = index(centroids.size());
  Matrix a = Matrix::Zero(k, k);
  Vector b = Vector::Zero(k);
  const std::vector<Filter> filters = filters_of(weight, inputs);
  Matrix by_code(k, index(inputs));  // M_f' xx
  for (size_t f = 0; f < filters.size(); ++f) {
    const Filter& filter = filters[f];
    by_code.setZero();
    for (size_t i = 0; i < filter.kept.size(); ++i)
      by_code.row(codes[filter.kept[i]]) += e.xx.row(filter.places[i]);
    for (size_t i = 0; i < filter.kept.size(); ++i) {
      const Index code = codes[filter.kept[i]];
      a.col(code) += by_code.col(filter.places[i]);
      b[code] += e.xy(filter.places[i], index(f)) +
                 e.ridge * static_cast<double>(centroids[static_cast<size_t>(code)]);
      a(code, code) += e.ridge;
    }
  }
  const Vector solved = a.ldlt().solve(b);
  if (!solved.allFinite()) return centroids;
  for (size_t i = 0; i < centroids.size(); ++i) centroids[i] = static_cast<float>(solved[index(i)]);
  return centroids;
}

Encoding solve(const Weight& weight, const Equations& e, size_t inputs) {
  if (const auto* book = std::get_if<Codebook>(&weight.encoding))
    return Codebook{solve_centroids(weight, book->centroids, book->codes, e, inputs), book->codes};
  if (const auto* both = std::get_if<SparseCodebook>(&weight.encoding))
    return SparseCodebook{solve_centroids(weight, both->centroids, both->codes, e, inputs), both->positions,
                          both->codes};
  if (const auto* sparse = std::get_if<Sparse>(&weight.encoding))
    return Sparse{sparse->positions, solve_values(weight, e, inputs)};
  if (std::holds_alternative<Dense>(weight.encoding)) return Dense{solve_values(weight, e, inputs)};
  return weight.encoding;
}

/// b = mean y - W mean x.
std::vector<float> bias_for(const Matrix& w, const LayerStatistics& s) {
  const Vector x = Eigen::Map<const Vector>(s.x().data(), index(s.inputs()));
  const Vector y = Eigen::Map<const Vector>(s.y().data(), index(s.outputs()));
  const Vector b = (y - w * x) / s.rows();
  std::vector<float> bias;
  for (const double value : b) bias.push_back(static_cast<float>(value));
  return bias;
}

}  // namespace

double answer_error(const Weight& weight, const std::vector<float>& bias, const LayerStatistics& s) {
  const Matrix w = as_matrix(weight);
  const Index n = index(s.inputs()), m = index(s.outputs());
  const Eigen::Map<const Matrix> xx(s.xx().data(), n, n), xy(s.xy().data(), n, m);
  const Eigen::Map<const Vector> x(s.x().data(), n), y(s.y().data(), m);
  double error = s.yy() - 2 * (w * xy).trace() + (w * xx).cwiseProduct(w).sum();
  for (size_t f = 0; f < bias.size(); ++f) {
    const double b = bias[f];
    error += s.rows() * b * b + 2 * b * (w.row(index(f)).dot(x) - y[index(f)]);
  }
  if (!std::isfinite(error)) return std::numeric_limits<double>::infinity();
  return s.yy() > 0 ? std::max(0.0, error) / s.yy() : 0;
}

Refit refit(const Weight& weight, const std::vector<float>& bias, const LayerStatistics& statistics,
            double ridge) {
  const auto outputs = static_cast<size_t>(weight.shape.at(0));
  if (outputs != statistics.outputs() ||
      static_cast<size_t>(weight_count(weight)) != outputs * statistics.inputs() ||
      (!bias.empty() && bias.size() != outputs))
    fail(ErrorCode::usage, "refit: a weight of ", to_text(weight.shape), " and ", bias.size(),
         " biases, statistics of ", statistics.outputs(), "x", statistics.inputs());
  Refit result{.weight = std::make_shared<const Weight>(weight), .bias = bias};
  result.error_before = result.error_after = answer_error(weight, bias, statistics);
  if (statistics.rows() == 0) return result;
  const Equations e = equations_of(statistics, !bias.empty(), ridge);
  const WeightPtr solved = make_weight(weight.shape, solve(weight, e, statistics.inputs()));
  const std::vector<float> solved_bias = bias.empty() ? bias : bias_for(as_matrix(*solved), statistics);
  const double error = answer_error(*solved, solved_bias, statistics);
  if (!(error < result.error_before)) return result;
  return {.weight = solved, .bias = solved_bias, .error_before = result.error_before, .error_after = error};
}

}  // namespace netsuke::compress
