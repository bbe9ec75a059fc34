#include "compress/low_rank.h"

#include <Eigen/Dense>
#include <cmath>
#include <utility>

#include "base/catalog.h"
#include "base/error.h"
#include "graph/passes/order.h"

namespace netsuke::compress {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// M ~ left x right with inner dimension `rank`.
struct Factors {
  Matrix left, right;
  int64_t rank() const { return left.cols(); }
  int64_t weights() const { return left.size() + right.size(); }
};

/// How much of a matrix is kept.
struct Extent {
  std::optional<double> energy;
  std::optional<int> rank;
};

/// The best factors of this extent, of equal scale. The singular vectors of the shorter side are the
/// eigenvectors of the matrix times its transpose, which is as exact as floats ask for and far quicker than a
/// full decomposition.
Factors factors_of(const Matrix& m, const Extent& extent) {
  const bool wide = m.cols() >= m.rows();
  const Matrix gram = wide ? Matrix(m * m.transpose()) : Matrix(m.transpose() * m);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(gram);  // eigenvalues ascend
  const auto count = gram.rows();
  Eigen::Index rank = extent.rank ? std::min<Eigen::Index>(*extent.rank, count) : 0;
  if (!extent.rank) {
    const double all = solver.eigenvalues().cwiseMax(0).sum();
    double kept = 0;
    while (rank < count && (rank == 0 || kept < *extent.energy * all))
      kept += std::max(0.0, solver.eigenvalues()[count - 1 - rank++]);
  }
  const Matrix vectors = solver.eigenvectors().rightCols(rank).rowwise().reverse();
  Factors f = wide ? Factors{vectors, vectors.transpose() * m} : Factors{m * vectors, vectors.transpose()};
  for (Eigen::Index i = 0; i < rank; ++i) {
    const double singular = std::sqrt(std::max(0.0, solver.eigenvalues()[count - 1 - i]));
    if (singular == 0) continue;
    const double scale = std::sqrt(singular);
    f.left.col(i) *= wide ? scale : 1 / scale;
    f.right.row(i) *= wide ? 1 / scale : scale;
  }
  return f;
}

Tensor as_tensor(const Matrix& m, Shape shape) {
  Tensor tensor(std::move(shape));
  for (Eigen::Index i = 0; i < m.size(); ++i)
    tensor.data[static_cast<size_t>(i)] = static_cast<float>(m.data()[i]);
  return tensor;
}

/// A layer in two: operations and weights.
struct Pieces {
  Op first, second;
  Tensor basis, rest;
};

/// [O, I, ...] as a matrix of O rows.
Matrix by_filter(const Tensor& w) {
  const Eigen::Index rows = w.shape[0], columns = static_cast<Eigen::Index>(w.data.size()) / rows;
  return Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
             w.data.data(), rows, columns)
      .cast<double>();
}

Pieces linear_pieces(const Factors& f) {
  const int64_t out = f.left.rows(), in = f.right.cols();
  return {Linear{}, Linear{}, as_tensor(f.right, {f.rank(), in}), as_tensor(f.left, {out, f.rank()})};
}

Pieces channel_pieces(const Conv2d& op, const Shape& shape, const Factors& f) {
  return {op, Conv2d{}, as_tensor(f.right, {f.rank(), shape[1], shape[2], shape[3]}),
          as_tensor(f.left, {shape[0], f.rank(), 1, 1})};
}

/// [O, C, kH, kW] as a matrix of rows (o, x) and columns (c, y).
Matrix by_direction(const Tensor& w) {
  const int64_t filters = w.shape[0], channels = w.shape[1], height = w.shape[2], width = w.shape[3];
  Matrix m(filters * width, channels * height);
  size_t at = 0;
  for (int64_t o = 0; o < filters; ++o)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t y = 0; y < height; ++y)
        for (int64_t x = 0; x < width; ++x)
          m(o * width + x, c * height + y) = static_cast<double>(w.data[at++]);
  return m;
}

Pieces spatial_pieces(const Conv2d& op, const Shape& shape, const Factors& f) {
  const int64_t filters = shape[0], channels = shape[1], height = shape[2], width = shape[3];
  Conv2d down = op, across = op;
  down.stride.w = down.dilation.w = 1;
  across.stride.h = across.dilation.h = 1;
  down.pad.left = down.pad.right = across.pad.top = across.pad.bottom = 0;
  Tensor rest({filters, f.rank(), 1, width});
  for (int64_t o = 0; o < filters; ++o)
    for (int64_t r = 0; r < f.rank(); ++r)
      for (int64_t x = 0; x < width; ++x)
        rest.data[static_cast<size_t>((o * f.rank() + r) * width + x)] =
            static_cast<float>(f.left(o * width + x, r));
  return {down, across, as_tensor(f.right, {f.rank(), channels, height, 1}), std::move(rest)};
}

/// None where two layers would not have fewer weights than the one.
std::optional<Pieces> pieces_of(const Op& op, const Tensor& weight, const Extent& extent, LowRankForm form) {
  const auto worth = [&](const Factors& f) { return f.weights() < std::ssize(weight.data); };
  const auto* conv = std::get_if<Conv2d>(&op);
  if (!conv) {
    const Factors f = factors_of(by_filter(weight), extent);
    return worth(f) ? std::optional(linear_pieces(f)) : std::nullopt;
  }
  const bool flat = weight.shape[2] == 1 && weight.shape[3] == 1;
  std::optional<Factors> channel, spatial;
  if (form != LowRankForm::spatial || flat) channel = factors_of(by_filter(weight), extent);
  if (form != LowRankForm::channel && !flat) spatial = factors_of(by_direction(weight), extent);
  const bool is_spatial = spatial && (!channel || spatial->weights() < channel->weights());
  if (!worth(is_spatial ? *spatial : *channel)) return std::nullopt;
  return is_spatial ? spatial_pieces(*conv, weight.shape, *spatial)
                    : channel_pieces(*conv, weight.shape, *channel);
}

ValueId add_value(Graph& graph, const std::string& name, WeightPtr weight) {
  graph.values.push_back({name, {}, std::move(weight)});
  return static_cast<ValueId>(graph.values.size() - 1);
}

void check(const Extent& extent, const std::string& layer) {
  if (extent.rank && *extent.rank < 1)
    fail(ErrorCode::usage, "rank of ", layer, ": found ", *extent.rank, ", expected 1 or more");
  if (extent.energy && !(*extent.energy > 0 && *extent.energy <= 1))
    fail(ErrorCode::usage, "energy of ", layer, ": found ", *extent.energy,
         ", expected a share above 0 and up to 1");
}

}  // namespace

LowRankForm parse_low_rank_form(std::string_view name) {
  struct Row {
    std::string_view name;
    LowRankForm form;
  };
  static constexpr Row rows[] = {{"channel", LowRankForm::channel},
                                 {"spatial", LowRankForm::spatial},
                                 {"smaller", LowRankForm::smaller}};
  return find_row<Row>(rows, name, "form of low rank").form;
}

namespace {

/// The layers that are to become two, by their weight.
std::map<ValueId, Extent> extents_of(const Graph& graph, const LowRankOptions& options) {
  const std::vector<Target> targets = weight_targets(graph);
  const auto energies = resolve(options.energy, targets, "energy");
  const auto ranks = resolve(options.rank, targets, "rank");
  const auto read_by = readers(graph);
  std::map<ValueId, Extent> extents;
  for (size_t i = 0; i < targets.size(); ++i) {
    const Extent extent{energies[i], ranks[i]};
    check(extent, targets[i].name);
    const bool is_shared = read_by[targets[i].value].size() > 1;
    if ((extent.energy || extent.rank) && !is_shared) extents[targets[i].value] = extent;
  }
  return extents;
}

/// Puts the first of two layers in front of the last node, which becomes the second.
void split_last(Graph& result, Pieces pieces) {
  Node& node = result.nodes.back();
  const std::string name = node_name(result, node) + "_basis";
  const ValueId basis = add_value(result, name + ".weight", make_dense(std::move(pieces.basis)));
  const std::string weight =
      std::exchange(result.values[node.inputs[1]].name, "");  // nobody reads it any more
  const ValueId rest = add_value(result, weight, make_dense(std::move(pieces.rest)));
  const ValueId between = add_value(result, name, nullptr);
  const Node first{pieces.first, {node.inputs[0], basis}, between};
  node.op = pieces.second;
  node.inputs[0] = between;
  node.inputs[1] = rest;
  result.nodes.insert(result.nodes.end() - 1, first);
}

}  // namespace

Graph low_rank(const Graph& graph, const LowRankOptions& options) {
  const std::map<ValueId, Extent> extents = extents_of(graph, options);
  Graph result = graph;
  result.nodes.clear();
  for (const Node& node : graph.nodes) {
    result.nodes.push_back(node);
    const auto* conv = std::get_if<Conv2d>(&node.op);
    if (!std::holds_alternative<Linear>(node.op) && !(conv && conv->groups == 1)) continue;
    const auto found = extents.find(node.inputs[1]);
    if (found == extents.end()) continue;
    const Tensor weight = to_dense(*graph.values[node.inputs[1]].weight);
    if (auto pieces = pieces_of(node.op, weight, found->second, options.form))
      split_last(result, std::move(*pieces));
  }
  result = in_file_order(result);
  verify(result);
  return result;
}

}  // namespace netsuke::compress
