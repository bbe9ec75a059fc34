#include "data/folder.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "data/image.h"
#include "data/paths.h"
#include "data/relabel.h"

namespace netsuke {
namespace {

constexpr uint64_t kMaxPictureBytes = uint64_t{1} << 28;

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

/// The one size that all images have; three channels if any has.
Shape common_shape(const std::vector<LabelledFile>& files) {
  ImageSize common;
  for (const LabelledFile& file : files) {
    const ImageSize size = image_size(read_file(file.path, kMaxPictureBytes), file.path);
    if (common.channels == 0) common = size;
    require(size.height == common.height && size.width == common.width, file.path, ": is ", size.height,
            " x ", size.width, " where ", files[0].path, " is ", common.height, " x ", common.width,
            "; images of one size are needed where no model says which");
    common.channels = std::max(common.channels, size.channels);
  }
  return {common.channels, common.height, common.width};
}

class FolderDataset final : public Dataset {
 public:
  FolderDataset(std::string name, std::vector<LabelledFile> files, std::vector<std::string> classes,
                FolderOptions options)
      : name_(std::move(name)),
        files_(std::move(files)),
        classes_(std::move(classes)),
        options_(std::move(options)),
        fit_(options_.fit ? *options_.fit : Fit{common_shape(files_), 0}) {}

  int64_t size() const override { return std::ssize(files_); }
  const Shape& image_shape() const override { return fit_.image; }
  int label(int64_t index) const override { return files_[static_cast<size_t>(index)].label; }
  void pixels(int64_t index, std::span<uint8_t> out) const override {
    const std::string& path = files_[static_cast<size_t>(index)].path;
    Image image = decode_image(read_file(path, kMaxPictureBytes), path);
    require(options_.fit || (image.size.height == fit_.image[1] && image.size.width == fit_.image[2]), path,
            ": has changed since it was opened");
    std::ranges::copy(fitted(std::move(image), fit_, path).pixels, out.begin());
  }
  bool sound_pixels(int64_t index, std::span<uint8_t> out) const override {
    try {
      pixels(index, out);
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::input && error.code() != ErrorCode::unsupported) throw;
      pass_over(index, error.what());
      return false;
    }
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& name() const override { return name_; }

 private:
  void pass_over(int64_t index, const std::string& problem) const {
    constexpr int64_t kLeastTolerated = 10;
    const int64_t tolerated = std::max(kLeastTolerated, size() / 100);
    const std::lock_guard lock(damage_mutex_);
    if (!damaged_.insert(index).second) return;
    require(std::ssize(damaged_) <= tolerated, name_, ": more than ", tolerated,
            " images are damaged, the last is ", problem);
    if (options_.report_damage) options_.report_damage(cat("passed over a damaged image: ", problem));
  }

  std::string name_;
  std::vector<LabelledFile> files_;
  std::vector<std::string> classes_;
  FolderOptions options_;
  Fit fit_;
  mutable std::mutex damage_mutex_;
  mutable std::set<int64_t> damaged_;
};

}  // namespace

DatasetPtr open_image_folder(const std::string& path, const std::string& name,
                             std::vector<std::string> classes, FolderOptions options) {
  std::vector<LabelledFile> files;
  for (const std::string& folder : image_classes(path)) {
    const auto place = std::find(classes.begin(), classes.end(), folder);
    require(place != classes.end(), path, ": the class '", folder, "' is not one of the training set's");
    for (std::string& image : images_in(cat(path, "/", folder)))
      files.push_back({std::move(image), static_cast<int>(place - classes.begin())});
  }
  require(!files.empty(), path, ": holds no folders with JPEG or PNG images, one folder a class");
  return std::make_shared<const FolderDataset>(name, std::move(files), std::move(classes),
                                               std::move(options));
}

DatasetPtr open_flat_image_folder(const std::string& path, const std::string& name, FolderOptions options) {
  std::vector<LabelledFile> files;
  for (std::string& image : images_in(path)) files.push_back({std::move(image), kNoLabel});
  require(!files.empty(), path, ": holds no JPEG or PNG images");
  return std::make_shared<const FolderDataset>(name, std::move(files), std::vector<std::string>{"unknown"},
                                               std::move(options));
}

bool is_flat_image_folder(const std::string& path) { return is_folder(path) && !images_in(path).empty(); }

std::vector<std::string> image_classes(const std::string& path) {
  std::vector<std::string> classes = class_folders(path);
  std::erase_if(classes, [&](const std::string& name) { return images_in(cat(path, "/", name)).empty(); });
  return classes;
}

bool is_image_folder(const std::string& path) {
  if (!is_folder(path)) return false;
  // The first picture is enough: there may be a million.
  const std::vector<std::string> classes = class_folders(path);
  return std::any_of(classes.begin(), classes.end(),
                     [&](const std::string& name) { return !images_in(cat(path, "/", name)).empty(); });
}

}  // namespace netsuke
