// A folder with one folder a class, as most image collections are laid out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/fit.h"

namespace netsuke {

struct FolderOptions {
  std::optional<Fit> fit = {};
  std::function<void(std::string_view)> report_damage = {};  ///< called from any thread, one at a time
};

/// The images (.jpg, .jpeg, .png) of `path`/CLASS/, files by name within their class, labelled by the place
/// of CLASS in `classes`; a folder that is not among them is an error. Images are decoded when they are asked
/// for. With `fit` they may have any size; without it they must have one size, and gray ones become RGB if
/// there is any colour in the set. sound_pixels() tolerates damage to one image in a hundred, or to ten.
/// Throws Error(input) naming the file or folder when there is no image, one is damaged, or sizes differ.
DatasetPtr open_image_folder(const std::string& path, const std::string& name,
                             std::vector<std::string> classes, FolderOptions options = {});

/// The images of `path` itself, by name, that nobody has labelled: their label is kNoLabel. The rest is as
/// above.
DatasetPtr open_flat_image_folder(const std::string& path, const std::string& name,
                                  FolderOptions options = {});

/// Names of the folders in `path` that hold images, sorted.
std::vector<std::string> image_classes(const std::string& path);

/// True if `path` holds at least one folder with an image in it.
bool is_image_folder(const std::string& path);

/// True if `path` holds an image itself.
bool is_flat_image_folder(const std::string& path);

}  // namespace netsuke
