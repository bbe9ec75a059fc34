// A folder with one folder a class, as most image collections are laid out.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.h"

namespace netsuke {

/// The images (.jpg, .jpeg, .png) of `path`/CLASS/, classes sorted by name, files by name within their class.
/// Images are decoded when they are asked for; gray ones become RGB if there is any colour in the set. With
/// `classes` given (those of the training split) labels follow its order and other folders are an error.
/// Throws Error(input) naming the file or folder when there is no image, one is damaged, or sizes differ.
DatasetPtr open_image_folder(const std::string& path, const std::string& name,
                             const std::vector<std::string>& classes = {});

/// True if `path` holds at least one folder with an image in it.
bool is_image_folder(const std::string& path);

}  // namespace netsuke
