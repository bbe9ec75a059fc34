#include "data/folder.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "data/image.h"
#include "data/paths.h"

namespace netsuke {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 28;

bool is_image_file(const std::string& name) {
  std::string extension = std::filesystem::path(name).extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

std::vector<std::string> images_in(const std::string& folder) {
  std::vector<std::string> images;
  for (const std::string& name : names_in(folder))
    if (is_image_file(name)) images.push_back(cat(folder, "/", name));
  return images;
}

std::vector<std::string> class_folders(const std::string& path) {
  std::vector<std::string> classes = names_in(path);
  std::erase_if(classes, [&](const std::string& name) { return !is_folder(cat(path, "/", name)); });
  return classes;
}

struct LabelledFile {
  std::string path;
  int label;
};

class FolderDataset final : public Dataset {
 public:
  FolderDataset(std::string name, std::vector<LabelledFile> files, std::vector<std::string> classes)
      : name_(std::move(name)), files_(std::move(files)), classes_(std::move(classes)) {
    ImageSize common;
    for (const LabelledFile& file : files_) {
      const ImageSize size = image_size(read_file(file.path, kMaxFileBytes), file.path);
      if (common.channels == 0) common = size;
      require(size.height == common.height && size.width == common.width, file.path, ": is ", size.height,
              " x ", size.width, " where ", files_[0].path, " is ", common.height, " x ", common.width,
              "; images of one size are needed, resizing is not supported yet");
      common.channels = std::max(common.channels, size.channels);
    }
    shape_ = {common.channels, common.height, common.width};
  }

  int64_t size() const override { return std::ssize(files_); }
  const Shape& image_shape() const override { return shape_; }
  int label(int64_t index) const override { return files_[static_cast<size_t>(index)].label; }
  void pixels(int64_t index, std::span<uint8_t> out) const override {
    const std::string& path = files_[static_cast<size_t>(index)].path;
    const Image image =
        with_channels(decode_image(read_file(path, kMaxFileBytes), path), static_cast<int>(shape_[0]), path);
    require(image.size.height == shape_[1] && image.size.width == shape_[2], path,
            ": has changed since it was opened");
    std::copy(image.pixels.begin(), image.pixels.end(), out.begin());
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& name() const override { return name_; }

 private:
  std::string name_;
  std::vector<LabelledFile> files_;
  std::vector<std::string> classes_;
  Shape shape_;
};

}  // namespace

DatasetPtr open_image_folder(const std::string& path, const std::string& name,
                             const std::vector<std::string>& classes) {
  const std::vector<std::string> found = class_folders(path);
  const std::vector<std::string>& labels = classes.empty() ? found : classes;
  std::vector<LabelledFile> files;
  for (const std::string& folder : found) {
    const auto place = std::find(labels.begin(), labels.end(), folder);
    require(place != labels.end(), path, ": the class '", folder, "' is not one of the training set's");
    for (std::string& image : images_in(cat(path, "/", folder)))
      files.push_back({std::move(image), static_cast<int>(place - labels.begin())});
  }
  require(!files.empty(), path, ": holds no folders with JPEG or PNG images, one folder a class");
  return std::make_shared<const FolderDataset>(name, std::move(files), labels);
}

bool is_image_folder(const std::string& path) {
  if (!is_folder(path)) return false;
  for (const std::string& folder : class_folders(path))
    if (!images_in(cat(path, "/", folder)).empty()) return true;
  return false;
}

}  // namespace netsuke
