// Rounding weights to the centroids of a codebook so that their errors make up for each other.
#pragma once

#include <memory>
#include <optional>

#include "compress/refit.h"

namespace netsuke::compress {

/// Chooses codes of shared weights [outputs, inputs, ...] anew, one input after another: what a place errs by
/// is made up for by the inputs of the same filter still to come, as their correlation tells (Optimal Brain
/// Surgeon's update in the order of GPTQ, Frantar 2022, arXiv 2210.17323, algorithm 1; pruned places round to
/// zero, as in SparseGPT, arXiv 2301.00774). Where it starts from are the values that fit the wanted answers
/// best, held to `original`'s by `ridge` x mean square input.
class Recoder {
 public:
  /// Throws Error(usage) where sizes do not fit.
  Recoder(const Weight& original, const LayerStatistics& statistics, bool has_bias, double ridge);
  ~Recoder();

  /// The weight with the same centroids and pruned places. One without a codebook comes back as it is, as
  /// does any where inputs leave the equations singular. Throws Error(usage) for another shape than the
  /// original's.
  WeightPtr operator()(const WeightPtr& shared) const;

  /// The same, but a code is chosen by its bits as well (rate_quantizer.h), so that the codes' zero-order
  /// entropy becomes no more than it was.
  WeightPtr at_no_more_bits(const WeightPtr& shared) const;

 private:
  struct Start;    ///< values to round and the root of H^-1, in the order of rounding
  struct Book;     ///< of a shared weight
  struct Rounded;  ///< codes, and the error that they make

  std::optional<Book> book_of(const Weight& shared) const;
  template <class Choose>
  Rounded rounded(const Book& book, const Choose& choose) const;

  std::unique_ptr<const Start> start_;
};

struct Tolerance {
  double error = 0.001;  ///< of the answers' energy, above what the layer's floats leave
  int least_bits = 2, most_bits = 8;
};

/// `kept` (Dense or Sparse) shared on a grid, recoded and refitted where that is better, by the fewest bits
/// whose answers to rows that it was not fitted to err by no more than the tolerance above the floats'; by
/// the most bits where none do. The errors are those of the held-out rows. Nothing is shared where nothing is
/// kept or answers are not finite.
Refit share_within(const Tolerance& tolerance, const WeightPtr& kept, const std::vector<float>& bias,
                   const LayerStatistics& statistics, const LayerStatistics& held_out, double ridge);

}  // namespace netsuke::compress
