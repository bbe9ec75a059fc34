#include "data/catalog.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "data/cifar.h"
#include "data/folder.h"
#include "data/idx.h"
#include "data/labels.h"
#include "data/paths.h"
#include "data/synthetic.h"

namespace netsuke {
namespace {

std::string fashion_mnist_folder() { return "/usr/share/datasets/fashion-mnist"; }

std::string below_data_folder(const char* name) {
  const char* root = std::getenv("NETSUKE_DATA");
  return root && *root ? cat(root, "/", name) : "";
}
std::string mnist_folder() { return below_data_folder("mnist"); }
std::string cifar_folder() { return below_data_folder("cifar-10"); }
std::string cifar_100_folder() { return below_data_folder("cifar-100"); }
std::string no_folder() { return ""; }

std::vector<std::string> fashion_names() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
}

bool is_idx_folder(const std::string& folder) {
  return !find_idx(folder, "train", "images", 3).empty() || !find_idx(folder, "t10k", "images", 3).empty();
}

DatasetPtr open_idx(const std::string& folder, Part part, const std::string& name, std::string_view spec) {
  const std::string_view prefix = part == Part::train ? "train" : "t10k";
  const std::string images = find_idx(folder, prefix, "images", 3),
                    labels = find_idx(folder, prefix, "labels", 1);
  require(!images.empty(), folder, ": has no ", prefix, "-images-idx3-ubyte(.gz)");
  require(!labels.empty(), folder, ": has no ", prefix, "-labels-idx1-ubyte(.gz)");
  // Both MNISTs come in files of the same names, so the place is all there is to tell them apart.
  const bool fashion = spec.find("fashion") != std::string_view::npos;
  std::vector<std::string> classes = fashion ? fashion_names() : number_names(10);
  if (exists(folder + "/labels.txt")) classes = read_labels(folder + "/labels.txt");
  return read_idx(images, labels, std::move(classes), name);
}

/// Class folders of `part`: under train/, test/ or val/, or right here; empty if there are none.
std::string find_images(const std::string& folder, Part part) {
  const std::vector<std::string> places =
      part == Part::train ? std::vector<std::string>{"train"} : std::vector<std::string>{"test", "val"};
  for (const std::string& place : places)
    if (is_image_folder(cat(folder, "/", place))) return cat(folder, "/", place);
  const bool divided = exists(folder + "/train");
  return !divided && is_image_folder(folder) ? folder : "";
}

bool has_all(const std::vector<std::string>& names, const std::vector<std::string>& needed) {
  const std::set<std::string> known(names.begin(), names.end());
  return std::all_of(needed.begin(), needed.end(),
                     [&](const std::string& name) { return known.count(name); });
}

/// The names that labels count, in order: the model's, a list's beside the images, or those of all folders.
std::vector<std::string> class_order(const std::string& folder, const std::vector<std::string>& folders,
                                     const Wanted& wanted) {
  if (has_all(wanted.classes, folders)) return wanted.classes;
  const std::string beside = (std::filesystem::path(folder) / "..").lexically_normal().string();
  for (const std::string& place : {folder, beside})
    for (const char* file : {"synsets.txt", "classes.txt"}) {
      const std::string path = cat(place, "/", file);
      if (!exists(path)) continue;
      std::vector<std::string> names = read_labels(path);
      if (has_all(names, folders)) return names;
    }
  require(wanted.outputs == 0 || wanted.outputs == folders.size(), folder, ": has ", folders.size(),
          " folders of classes, the model tells ", wanted.outputs,
          " apart; for an architecture give --classes ", folders.size(),
          ", for a model the names of its classes in the order of its outputs, --class-folders FILE");
  return folders;
}

DatasetPtr open_images(const std::string& folder, Part part, const std::string& name, const Wanted& wanted) {
  const std::string place = find_images(folder, part), training = find_images(folder, Part::train);
  require(!place.empty(), folder, ": has training images but no test/ or val/ folder beside them");
  const std::string& all = training.empty() ? place : training;
  return open_image_folder(place, name, class_order(folder, image_classes(all), wanted),
                           {wanted.fit, wanted.report_damage});
}

std::string contents(const std::string& folder) {
  constexpr size_t kShown = 8;
  std::vector<std::string> names = names_in(folder);
  if (names.empty()) return "nothing";
  const size_t rest = names.size() > kShown ? names.size() - kShown : 0;
  names.resize(names.size() - rest);
  return cat(join(names), rest ? cat(" and ", rest, " more") : "");
}

std::string part_name(std::string_view spec, Part part) {
  return cat(spec, part == Part::train ? ", train" : ", test");
}

DatasetPtr open_folder(const std::string& folder, Part part, std::string_view spec, const Wanted& wanted) {
  const std::string name = part_name(spec, part), undivided = cat(spec, ", train and test alike");
  if (is_idx_folder(folder)) return open_idx(folder, part, name, spec);
  if (is_cifar_folder(folder)) return read_cifar(folder, part == Part::train, name);
  if (const std::string training = find_images(folder, Part::train);
      !training.empty() || !find_images(folder, part).empty())
    return open_images(folder, part, training == find_images(folder, Part::test) ? undivided : name, wanted);
  if (is_flat_image_folder(folder))
    return open_flat_image_folder(folder, undivided, {wanted.fit, wanted.report_damage});
  fail(ErrorCode::input, folder, ": no data set is recognised; found ", contents(folder),
       "; expected IDX files (train-images-idx3-ubyte, ...), CIFAR-10 or CIFAR-100 batches "
       "(data_batch_1.bin, train.bin, ...) or one "
       "folder a "
       "class with JPEG or PNG images, with train/ and test/ above them or not, or such images alone, which "
       "nobody has labelled");
}

int64_t synthetic_images(Part part) { return part == Part::train ? 2000 : 500; }

DatasetPtr open_synthetic(Part part) {
  return make_synthetic(synthetic_images(part), {1, 28, 28}, 10, part == Part::train ? 1 : 2);
}

DatasetPtr open_source(const DataSource& source, Part part, const Wanted& wanted) {
  if (source.name == "synthetic") return open_synthetic(part);
  const std::string folder = source.folder();
  if (!is_folder(folder))
    fail(ErrorCode::input, "data set ", source.name, ": is not installed",
         folder.empty() ? "" : cat(" in ", folder), "; ", source.how);
  return open_folder(folder, part, source.name, wanted);
}

/// Without reading the pixels where the format says how many there are.
int64_t count_images(const DataSource& source, Part part) {
  if (source.name == "synthetic") return synthetic_images(part);
  const std::string images = find_idx(source.folder(), part == Part::train ? "train" : "t10k", "images", 3);
  return images.empty() ? open_source(source, part, {})->size() : read_idx_shape(images).at(0);
}

DataStatus status_of(const DataSource& source) {
  DataStatus status{.name = std::string(source.name),
                    .summary = std::string(source.summary),
                    .path = source.folder(),
                    .classes = source.classes,
                    .shape = source.shape,
                    .how = std::string(source.how),
                    .problem = {}};
  if (source.name != "synthetic" && !is_folder(status.path)) return status;
  try {
    for (const Part part : {Part::train, Part::test})
      status.images[part == Part::test] = count_images(source, part);
    status.installed = true;
  } catch (const Error& problem) {
    status.problem = problem.what();
  }
  return status;
}

}  // namespace

std::span<const DataSource> data_sources() {
  static const DataSource sources[] = {
      {"fashion-mnist",
       "clothes, 60,000 + 10,000 gray images",
       10,
       {1, 28, 28},
       "apt-get install dataset-fashion-mnist",
       fashion_mnist_folder},
      {"mnist",
       "handwritten digits, 60,000 + 10,000 gray images",
       10,
       {1, 28, 28},
       "set NETSUKE_DATA to a folder whose folder mnist/ holds the four IDX files",
       mnist_folder},
      {"cifar-10",
       "ten kinds of things, 50,000 + 10,000 colour images",
       10,
       {3, 32, 32},
       "set NETSUKE_DATA to a folder whose folder cifar-10/ holds the binary batches (cifar-10-binary.tar.gz "
       "of "
       "www.cs.toronto.edu/~kriz/cifar.html; its sum is checked if it lies there too)",
       cifar_folder},
      {"cifar-100",
       "a hundred kinds of things, 50,000 + 10,000 colour images",
       100,
       {3, 32, 32},
       "set NETSUKE_DATA to a folder whose folder cifar-100/ holds the binary version's train.bin and "
       "test.bin (cifar-100-binary.tar.gz of www.cs.toronto.edu/~kriz/cifar.html)",
       cifar_100_folder},
      {"synthetic",
       "generated blobs, 2,000 + 500 gray images, for trying things",
       10,
       {1, 28, 28},
       "built in",
       no_folder},
  };
  return sources;
}

DatasetPtr open_dataset(const std::string& spec, Part part, const Wanted& wanted) {
  const auto as_wanted = [&](DatasetPtr data) {
    return wanted.fit ? fitted(std::move(data), *wanted.fit) : data;
  };
  std::vector<std::string> names;
  for (const DataSource& source : data_sources()) {
    if (source.name == spec) return as_wanted(open_source(source, part, wanted));
    names.emplace_back(source.name);
  }
  if (is_folder(spec)) return as_wanted(open_folder(spec, part, spec, wanted));
  const std::string near = closest(spec, names);
  fail(ErrorCode::input, "data set '", spec, "': is neither a folder nor a known name",
       near.empty() ? "" : cat(" (did you mean '", near, "'?)"), "; known are: ", join(names));
}

std::vector<DataStatus> list_datasets() {
  std::vector<DataStatus> list;
  for (const DataSource& source : data_sources()) list.push_back(status_of(source));
  return list;
}

}  // namespace netsuke
