#include "runtime/tune.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "base/random.h"
#include "graph/shapes.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/sparse/sparse_conv.h"
#include "kernels/winograd/winograd.h"
#include "runtime/conv_cost.h"
#include "runtime/lower.h"
#include "runtime/sparse_forms.h"

namespace netsuke::runtime {
namespace {

using kernels::ConvShape;

// Two densities give a sparse kernel's time for all.
constexpr double kLowDensity = 0.1, kHighDensity = 0.3;

// Between runs so much other memory is read that a layer's weights come from where they come from in a
// network.
constexpr size_t kOtherFloats = size_t{16} << 20;

float read(const std::vector<float>& values) {
  constexpr size_t kLine = kernels::kCacheLine / sizeof(float);
  float sum = 0;
  for (size_t i = 0; i < values.size(); i += kLine) sum += values[i];
  return sum;
}

// The median of as many runs as take 40 ms with all around them, and of five at least. What `near` holds is
// in the caches.
double median_ns(std::initializer_list<const std::vector<float>*> near, FunctionRef<void()> run) {
  using Clock = std::chrono::steady_clock;
  constexpr double kEnough = 4e7;
  constexpr size_t kLeast = 5;
  static const std::vector<float> others(kOtherFloats, 1.0f);
  std::vector<double> ns;
  const auto elapsed = [](Clock::time_point since) {
    return std::chrono::duration<double, std::nano>(Clock::now() - since).count();
  };
  run();
  const auto begin = Clock::now();
  while (elapsed(begin) < kEnough || ns.size() < kLeast) {
    volatile float used = read(others);
    for (const std::vector<float>* values : near) used = used + read(*values);
    const auto start = Clock::now();
    run();
    ns.push_back(elapsed(start));
  }
  const auto middle = ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2);
  std::nth_element(ns.begin(), middle, ns.end());
  return *middle;
}

// Random values of which a share is not zero.
std::vector<float> random_values(size_t count, double density) {
  Random random(1);
  std::vector<float> values(count);
  for (float& value : values)
    if (random.uniform(0, 1) < density) value = static_cast<float>(random.uniform(-1, 1));
  return values;
}

SparseTime line_through(double kept_low, double ns_low, double kept_high, double ns_high) {
  const double each = std::max(0.0, (ns_high - ns_low) / std::max(kept_high - kept_low, 1.0));
  return {std::max(0.0, ns_low - each * kept_low), each};
}

SparseTime fitted(size_t weights, FunctionRef<double(double)> time) {
  const auto all = static_cast<double>(weights);
  return line_through(all * kLowDensity, time(kLowDensity), all * kHighDensity, time(kHighDensity));
}

ConvTimes measure(const ConvShape& shape) {
  ConvTimes times;
  for (const ConvCandidate& candidate : conv_candidates(shape, 0, {})) {
    if (candidate.kernel == ConvKernel::sparse)
      times.sparse = fitted(shape.depth() * shape.out_channels,
                            [&](double density) { return time_conv(shape, ConvKernel::sparse, density); });
    else
      times.dense[static_cast<size_t>(candidate.kernel)] = time_conv(shape, candidate.kernel, 1);
  }
  return times;
}

double time_panels(const kernels::Panels& panels) {
  const std::vector<float> x = random_values(panels.k, 1);
  std::vector<float> y(panels.n);
  return median_ns({&x}, [&] {
    kernels::linear(panels, x.data(), panels.k, 1, y.data(), panels.n, {}, 0, panels.count());
  });
}

LinearTimes measure_linear(size_t rows, size_t columns) {
  CodesTimes codes;
  for (size_t i = 0; i < codes.ns.size(); ++i)
    codes.ns[i] = time_codes_linear(rows, columns, CodesTimes::kCentroids[i]);
  return {time_linear(rows, columns),
          fitted(rows * columns, [&](double density) { return time_sparse_linear(rows, columns, density); }),
          codes};
}

}  // namespace

double time_conv(const ConvShape& s, ConvKernel kernel, double density) {
  const std::vector<float> weights = random_values(s.out_channels * s.depth(), density),
                           in = random_values(s.height * s.width * s.channels, 1);
  std::vector<float> out(s.out_plane() * s.out_channels);
  const kernels::ImageArguments image{in.data(), s.channels, out.data(), s.out_channels, nullptr, 0, {0, 6}};
  const auto time = [&](size_t scratch_floats, const std::function<void(float*)>& run) {
    kernels::AlignedFloats scratch(scratch_floats);
    return median_ns({&in, &out}, [&] { run(scratch.data()); });
  };
  if (kernel == ConvKernel::sparse) {
    const Kept kept = nonzero(weights);
    const auto packed = kernels::pack_sparse_conv(s, kept.positions, kept.values, {});
    return time(kernels::sparse_conv_scratch(s), [&](float* scratch) {
      kernels::sparse_conv(s, packed, image, 0, kernels::sparse_conv_tiles(s), scratch);
    });
  }
  if (kernel == ConvKernel::direct) {
    const auto packed = kernels::pack_conv(s, weights.data(), {});
    return time(kernels::conv2d_scratch(s), [&](float* scratch) {
      kernels::conv2d(s, packed, image, {0, s.out_plane(), 0, packed.panels()}, scratch);
    });
  }
  const size_t m = winograd_tile(kernel), tiles = kernels::winograd_tiles(s, m);
  const auto packed = kernels::pack_winograd(s, weights.data(), {}, m);
  return time(kernels::winograd_scratch(s, m, tiles), [&](float* scratch) {
    kernels::winograd(s, packed, image, {0, tiles, 0, packed.panels()}, scratch);
  });
}

double time_depthwise(const ConvShape& s) {
  const std::vector<float> weights = random_values(s.channels * s.depth(), 1),
                           in = random_values(s.height * s.width * s.channels, 1);
  std::vector<float> out(s.out_plane() * s.channels);
  const auto packed = kernels::pack_depthwise(weights.data(), nullptr, s.channels, s.kernel_h, s.kernel_w);
  return median_ns({&in, &out}, [&] {
    kernels::depthwise(s, packed, in.data(), s.channels, out.data(), s.channels, {0, 6}, 0, s.out_height);
  });
}

double time_linear(size_t rows, size_t columns) {
  const std::vector<float> weights = random_values(rows * columns, 1);
  return time_panels(kernels::pack_panels(weights.data(), rows, columns, {}));
}

double time_codes_linear(size_t rows, size_t columns, size_t centroids) {
  std::vector<uint16_t> codes(rows * columns);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<uint16_t>(i * 7 % centroids);
  return time_panels(kernels::pack_panels(codes.data(), rows, columns, random_values(centroids, 1), {}));
}

double time_sparse_linear(size_t rows, size_t columns, double density) {
  constexpr size_t kCentroids = 32;
  const std::vector<float> x = random_values(columns, 0.5);  // as a ReLU leaves it
  std::vector<float> y(rows);
  SparseCodebook shared{
      random_values(kCentroids, 1), nonzero(random_values(rows * columns, density)).positions, {}};
  for (size_t i = 0; i < shared.positions.size(); ++i)
    shared.codes.push_back(static_cast<uint16_t>(i * 7 % kCentroids));
  const Weight weight{{static_cast<int64_t>(rows), static_cast<int64_t>(columns)}, std::move(shared)};
  const SparseLinearForm form = pack_sparse(weight, {});
  return median_ns({&x}, [&] {
    if (const auto* tiles = std::get_if<kernels::SparseTiles>(&form))
      kernels::sparse_tiles(*tiles, x.data(), columns, 1, y.data(), rows, {}, 0, tiles->blocks());
    else if (const auto* by_rows = std::get_if<kernels::SparseRows>(&form))
      kernels::sparse_rows(*by_rows, x.data(), columns, 1, y.data(), rows, {}, 0, by_rows->slices());
    else if (const auto* by_columns = std::get_if<kernels::SparseLinear>(&form))
      kernels::sparse_linear(*by_columns, x.data(), columns, 1, y.data(), rows, {}, 0, by_columns->blocks());
  });
}

void tune(const Graph& graph, Timings& timings, FunctionRef<bool(size_t, size_t)> progress) {
  const std::vector<Shape> shapes = infer_shapes(graph, 1);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!progress(i, graph.nodes.size())) return;
    const Node& node = graph.nodes[i];
    const auto* conv = std::get_if<Conv2d>(&node.op);
    if (node.inputs.size() < 2 || !graph.values[node.inputs[1]].weight) continue;
    const Shape& w = shapes[node.inputs[1]];
    if (conv) {
      const ConvShape s = conv_shape(*conv, shapes[node.inputs[0]], w, shapes[node.output]);
      if (!s.is_depthwise() && !timings.find(s)) timings.set(s, measure(s));
    } else if (std::holds_alternative<Linear>(node.op)) {
      const auto rows = static_cast<size_t>(w[0]), columns = static_cast<size_t>(w[1]);
      const LinearTimes* found = timings.find_linear(rows, columns);
      if (!found || !found->codes) timings.set_linear(rows, columns, measure_linear(rows, columns));
    }
  }
}

}  // namespace netsuke::runtime
