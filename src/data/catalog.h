// Data sets by name or by path.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/fit.h"

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

/// What a model needs of a data set.
struct Wanted {
  std::optional<Fit> fit;            ///< the images it takes; absent: as they are
  std::vector<std::string> classes;  ///< names of folders in the order of its outputs, where it knows them
  size_t outputs = 0;                ///< how many classes it tells apart; 0: not known
  /// Told of each damaged image that is passed over, with its path (see Dataset::sound_pixels).
  std::function<void(std::string_view)> report_damage = {};
};

/// Opens a part of `spec`: a name of data_sources(), or a folder that holds one of
///   - IDX files: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-..., each also as .gz or with a dot
///   for the
///     second dash, and labels.txt if classes have names;
///   - CIFAR-10's or CIFAR-100's binary batches;
///   - train/ and test/ (or val/), each with one folder of images a class; or such class folders directly,
///   which are
///     then all of either part;
///   - JPEG or PNG images and no folders of them: unlabelled, and all of either part.
/// Folders of images may be some of a model's classes only: they are found by name in `wanted.classes`, or in
/// a file synsets.txt or classes.txt (one name a line, in the order of the outputs) in the folder or beside
/// it. Without these every class has its folder, in the order of names. Throws Error(input) that lists the
/// known names and what was found in the folder.
DatasetPtr open_dataset(const std::string& spec, Part part, const Wanted& wanted = {});

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
