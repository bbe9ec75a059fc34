// Data sets by name or by path.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace netsuke {

enum class Part { train, test };

/// A data set that is known by name.
struct DataSource {
  std::string_view name;
  std::string_view summary;
  int classes;
  Shape shape;              ///< {channels, height, width}
  std::string_view how;     ///< how to get it
  std::string (*folder)();  ///< where it is looked for; empty when that is not set, or when it is generated
};
std::span<const DataSource> data_sources();

/// Opens a part of `spec`: a name of data_sources(), or a folder that holds one of
///   - IDX files: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-..., each also as .gz or with a dot
///   for the
///     second dash, and labels.txt if classes have names;
///   - CIFAR-10's binary batches;
///   - train/ and test/ (or val/), each with one folder of images a class; or such class folders directly,
///   which are
///     then all of either part.
/// Throws Error(input) that lists the known names and what was found in the folder.
DatasetPtr open_dataset(const std::string& spec, Part part);

/// For listings: what is known and what of it is here.
struct DataStatus {
  std::string name;
  std::string summary;
  bool installed = false;
  std::string path;        ///< where it is or would be; empty for generated data
  int64_t images[2] = {};  ///< train and test; 0 when not installed
  int classes = 0;
  Shape shape;
  std::string how;
  std::string problem;  ///< why it is there but cannot be read
};
std::vector<DataStatus> list_datasets();

}  // namespace netsuke
