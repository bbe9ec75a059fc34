// A data set held in memory as bytes.
#pragma once

#include "base/bytes.h"
#include "data/dataset.h"

namespace netsuke {

struct MemoryImages {
  std::string name;                  ///< for errors and reports: "mnist, test"
  Shape shape;                       ///< {channels, height, width} of one image
  Bytes pixels;                      ///< images in order, each as CHW
  std::vector<uint8_t> labels;       ///< one an image
  std::vector<std::string> classes;  ///< names by label
};

/// Throws Error(input) naming the set unless there are labels for every image, pixels for every label, at
/// least one image, and a class for every label.
DatasetPtr make_memory_dataset(MemoryImages images);

}  // namespace netsuke
