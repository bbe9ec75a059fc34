#include <algorithm>

#include "kernels/sparse/sparse_tiles.h"

namespace netsuke::kernels {

using T = SparseTiles;

void sparse_tiles_scalar(const SparseTiles& w, const float* x, size_t x_stride, size_t m, float* y,
                         size_t y_stride, Clamp clamp, size_t first_block, size_t last_block) {
  for (size_t block = first_block; block < last_block; ++block) {
    const size_t first = block * T::kRows, count = std::min(T::kRows, w.rows - first);
    for (size_t image = 0; image < m; ++image) {
      float* to = y + image * y_stride + first;
      std::copy_n(w.bias.data() + first, count, to);
      for (size_t t = 0; t < w.column_tiles(); ++t) {
        const size_t tile = block * w.column_tiles() + t;
        size_t start = size_t{w.starts[tile]} * T::kLanes;
        for (size_t lane = 0; lane < T::kRows; ++lane) {
          const uint16_t* counts = w.counts.data() + tile * T::kRows;
          const size_t row = w.order[tile * T::kRows + lane];
          for (size_t i = 0; i < counts[lane]; ++i) {
            const uint16_t entry = w.entries[start + i * T::kLanes + lane % T::kLanes];
            to[row] += w.centroids[entry >> 8] * x[image * x_stride + t * T::kColumns + (entry & 255)];
          }
          if (lane % T::kLanes == T::kLanes - 1) start += size_t{counts[lane + 1 - T::kLanes]} * T::kLanes;
        }
      }
      for (size_t row = 0; row < count; ++row) to[row] = clamp(to[row]);
    }
  }
}

}  // namespace netsuke::kernels
