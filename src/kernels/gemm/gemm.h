// Matrix products of 32-bit floats with packed weights: linear layers, convolutions, Winograd's inner
// products.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/clamp.h"

namespace netsuke::kernels {

/// A matrix B[k, n] laid out as the kernels read it: panels of `width` columns, each with its rows one after
/// the other, the last one filled up with zeros. For weights, packed once when a model is loaded. Further
/// matrices of that shape may follow: many small pieces of memory would lie in small pages.
struct Panels {
  size_t k = 0, n = 0;
  size_t width = 1;         ///< columns a panel; depends on the CPU level in use when it was packed
  AlignedFloats values;     ///< size() for each matrix, or
  AlignedBytes codes;       ///< as many numbers of the values below, where weights share them
  AlignedFloats centroids;  ///< kMostCentroids by code, zeros behind those there are
  size_t distinct = 0;      ///< of these so many are used; 0 where there are none
  AlignedFloats bias;       ///< count() * width, zeros where there is none

  size_t count() const { return (n + width - 1) / width; }
  size_t size() const { return count() * width * k; }
  bool shared() const { return distinct > 0; }
  float value(size_t i) const { return shared() ? centroids[codes[i]] : values[i]; }
  /// Bytes of memory that they take.
  size_t bytes() const { return 4 * (values.size() + centroids.size() + bias.size()) + codes.size(); }
};

/// As many values may panels share: a code is a byte.
inline constexpr size_t kMostCentroids = 256;

/// Panels of zeros for so many matrices [k, n].
Panels blank_panels(size_t n, size_t k, size_t matrices = 1);
/// Packs the transpose of `weights`, which is [n, k] as a linear layer's are. `bias` has n values or none.
Panels pack_panels(const float* weights, size_t n, size_t k, std::span<const float> bias);
/// The same with a code of one of 1 to kMostCentroids centroids for each weight: a quarter of the memory. The
/// kernels look them up in registers where there are few (Han 2016, section 3: a layer's weights share their
/// values), and compute what they would compute with the values themselves, to the bit.
Panels pack_panels(const uint16_t* codes, size_t n, size_t k, std::span<const float> centroids,
                   std::span<const float> bias);

/// C[m, n] = clamp(A[m, k] B[k, n] + bias + D). A's rows lie in pieces anywhere in memory: piece p of row r
/// is the `length` floats from a[p * a_step + r] on, and pieces times length is k. So the pixels under a
/// window need not be copied to be a row (Dukhan, "The indirect convolution algorithm", arXiv 1907.02129). C
/// and D are row-major; C overlaps none of them.
struct Product {
  const Panels* b = nullptr;
  size_t m = 0;
  const float* const* a = nullptr;
  size_t a_step = 0;    ///< m or more
  size_t a_offset = 0;  ///< floats between where a pointer points and where its piece begins
  size_t pieces = 1;
  size_t length = 0;
  float* c = nullptr;
  size_t c_stride = 0;
  const float* add = nullptr;  ///< D, or null for none
  size_t add_stride = 0;
  Clamp clamp;
  size_t b_offset = 0;  ///< values of the matrices before B
};

/// Columns of a panel at the CPU level in use: two vectors. The last panel of a product takes as long as one
/// vector or as both.
size_t panel_columns();

/// Rows of A that a caller should offer at once: enough that a panel of B, once in the first-level cache, is
/// used often; few enough that A stays in the second.
inline constexpr size_t kProductRows = 256;

/// Panels that are read together where A is one row: what counts then is how fast B arrives, and several
/// panels at once arrive faster than one, since more of memory's latency overlaps.
inline constexpr size_t kRowPanels = 4;

/// Computes the columns of the panels [first_panel, last_panel). Register-tiled and cache-blocked (Goto and
/// van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). One thread.
void multiply(const Product& product, size_t first_panel, size_t last_panel);
/// The slow twin: sums in k order, in float.
void multiply_scalar(const Product& product, size_t first_panel, size_t last_panel);

/// y[m, n] = clamp(x[m, k] B[k, n] + bias) for the columns of some panels; strides are floats between rows.
void linear(const Panels& panels, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride,
            Clamp clamp, size_t first_panel, size_t last_panel);

}  // namespace netsuke::kernels
