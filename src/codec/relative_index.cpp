#include "codec/relative_index.h"

#include <algorithm>

namespace netsuke::codec {

std::vector<Run> count_runs(std::span<const uint32_t> positions) {
  // Most runs are short: those are counted in a table, the few others sorted.
  std::vector<uint64_t> short_runs(4096, 0);
  std::vector<uint32_t> long_runs;
  uint32_t next = 0;
  for (uint32_t position : positions) {
    const uint32_t zeros = position - next;
    if (zeros < short_runs.size())
      ++short_runs[zeros];
    else
      long_runs.push_back(zeros);
    next = position + 1;
  }
  std::vector<Run> runs;
  for (uint32_t zeros = 0; zeros < short_runs.size(); ++zeros)
    if (short_runs[zeros] > 0) runs.push_back({zeros, short_runs[zeros]});
  std::sort(long_runs.begin(), long_runs.end());
  for (uint32_t zeros : long_runs) {
    if (runs.empty() || runs.back().zeros != zeros) runs.push_back({zeros, 0});
    ++runs.back().count;
  }
  return runs;
}

std::vector<uint64_t> count_gap_symbols(std::span<const Run> runs, int bits) {
  std::vector<uint64_t> counts(size_t{1} << bits, 0);
  for (const Run& run : runs) {
    counts[run.zeros % filler(bits)] += run.count;
    counts[filler(bits)] += run.zeros / filler(bits) * run.count;
  }
  return counts;
}

std::vector<uint16_t> gaps_from_positions(std::span<const uint32_t> positions, int bits) {
  std::vector<uint16_t> symbols;
  symbols.reserve(positions.size());
  uint32_t next = 0;
  for (uint32_t position : positions) {
    const uint32_t zeros = position - next;
    symbols.insert(symbols.end(), zeros / filler(bits), static_cast<uint16_t>(filler(bits)));
    symbols.push_back(static_cast<uint16_t>(zeros % filler(bits)));
    next = position + 1;
  }
  return symbols;
}

}  // namespace netsuke::codec
