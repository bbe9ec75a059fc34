#include "report/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/table.h"

namespace netsuke::report {
namespace {

struct Histogram {
  int64_t zeros = 0, others = 0;
  double least = 0, most = 0, mean = 0, deviation = 0;  ///< of all but the zeros
  std::vector<int64_t> counts;

  double centre(size_t bin) const {
    return least + (most - least) * (static_cast<double>(bin) + 0.5) / static_cast<double>(counts.size());
  }
};

void measure(Histogram& h, std::span<const float> values) {
  double sum = 0, squares = 0;
  for (float value : values) {
    if (value == 0) {
      ++h.zeros;
      continue;
    }
    h.least = h.others == 0 ? value : std::min<double>(h.least, value);
    h.most = h.others == 0 ? value : std::max<double>(h.most, value);
    sum += value, squares += static_cast<double>(value) * value;
    ++h.others;
  }
  const auto n = static_cast<double>(std::max<int64_t>(1, h.others));
  h.mean = sum / n;
  h.deviation = std::sqrt(std::max(0.0, squares / n - h.mean * h.mean));
}

Histogram histogram_of(std::span<const float> values, size_t bins) {
  Histogram h;
  measure(h, values);
  h.counts.resize(bins);
  const double step = (h.most - h.least) / static_cast<double>(bins);
  for (float value : values)
    if (value != 0)
      ++h.counts[step > 0 ? std::min(bins - 1, static_cast<size_t>((value - h.least) / step)) : 0];
  return h;
}

}  // namespace

std::string histogram_text(const std::string& name, std::span<const float> values, size_t bins) {
  constexpr double kWidth = 60;
  const Histogram h = histogram_of(values, bins);
  const double zeros =
      100.0 * static_cast<double>(h.zeros) / static_cast<double>(std::max<size_t>(1, values.size()));
  std::string out = fmt::format("{}: {} weights, {} zeros ({:.1f} %); the others {:.4g} +- {:.4g}\n", name,
                                grouped(std::ssize(values)), grouped(h.zeros), zeros, h.mean, h.deviation);
  const int64_t tallest = *std::max_element(h.counts.begin(), h.counts.end());
  for (size_t i = 0; i < bins && tallest > 0; ++i) {
    const double length = kWidth * static_cast<double>(h.counts[i]) / static_cast<double>(tallest);
    // A bin that holds anything shows it.
    const std::string bar(static_cast<size_t>(std::lround(length)), '#');
    out += fmt::format("{:>10.4f} {:>10} {}\n", h.centre(i), grouped(h.counts[i]),
                       bar.empty() && h.counts[i] > 0 ? "." : bar);
  }
  return out;
}

Json histogram_json(std::span<const float> values, size_t bins) {
  const Histogram h = histogram_of(values, bins);
  return {{"zeros", h.zeros}, {"min", h.least},       {"max", h.most},
          {"mean", h.mean},   {"stdev", h.deviation}, {"counts", h.counts}};
}

}  // namespace netsuke::report
