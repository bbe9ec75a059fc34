// Data sets with other labels, or with none, for distillation: a transfer set need not be labelled.
#pragma once

#include "data/dataset.h"

namespace netsuke {

/// The label of an image whose class is not known.
inline constexpr int kNoLabel = -1;

/// `whole` with labels for `labelled` of its images only, drawn by `seed`; 0 for none. Throws Error(usage)
/// for more than it has.
DatasetPtr forget_labels(DatasetPtr whole, int64_t labelled, uint64_t seed);

/// True if no image has a label.
bool is_unlabelled(const Dataset& data);

/// `whole` with these labels, one an image, of these classes.
DatasetPtr with_labels(DatasetPtr whole, std::vector<int> labels, std::vector<std::string> classes,
                       std::string name);

/// The images of both, in this order; classes are those of the first. Throws Error(input) where images differ
/// in shape.
DatasetPtr joined(DatasetPtr first, DatasetPtr second);

/// The images of `whole` that are not of this class. Throws Error(usage) if it has no class of this name,
/// with the nearest.
struct WithoutClass {
  DatasetPtr rest;
  int left_out = 0;  ///< the label
};
WithoutClass leave_out(const DatasetPtr& whole, const std::string& class_name);

}  // namespace netsuke
