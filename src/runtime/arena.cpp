#include "runtime/arena.h"

#include <algorithm>
#include <numeric>

#include "kernels/aligned.h"

namespace netsuke::runtime {
namespace {

constexpr size_t kLineFloats = kernels::kCacheLine / sizeof(float);

size_t whole_lines(size_t floats) { return (floats + kLineFloats - 1) / kLineFloats * kLineFloats; }

bool meet(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

// Indices of the values, the largest first; equal ones in their order, so that a layout is reproducible.
std::vector<size_t> largest_first(const std::vector<Lifetime>& lifetimes) {
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].size > lifetimes[b].size; });
  return order;
}

}  // namespace

ArenaLayout lay_out(const std::vector<Lifetime>& lifetimes) {
  ArenaLayout layout{std::vector<size_t>(lifetimes.size()), 0};
  std::vector<size_t> placed;  // indices, by ascending offset
  for (size_t value : largest_first(lifetimes)) {
    const size_t size = whole_lines(lifetimes[value].size);
    size_t offset = 0;
    for (size_t other : placed) {
      if (!meet(lifetimes[value], lifetimes[other])) continue;
      if (offset + size <= layout.offsets[other]) break;
      offset = std::max(offset, layout.offsets[other] + whole_lines(lifetimes[other].size));
    }
    layout.offsets[value] = offset;
    layout.size = std::max(layout.size, offset + size);
    const auto by_offset = [&](size_t a, size_t b) { return layout.offsets[a] < layout.offsets[b]; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), value, by_offset), value);
  }
  return layout;
}

}  // namespace netsuke::runtime
