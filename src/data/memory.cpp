#include "data/memory.h"

#include <algorithm>

#include "base/error.h"

namespace netsuke {
namespace {

class MemoryDataset final : public Dataset {
 public:
  explicit MemoryDataset(MemoryImages images)
      : images_(std::move(images)), image_bytes_(static_cast<size_t>(element_count(images_.shape))) {}

  int64_t size() const override { return std::ssize(images_.labels); }
  const Shape& image_shape() const override { return images_.shape; }
  int label(int64_t index) const override { return images_.labels[static_cast<size_t>(index)]; }
  void pixels(int64_t index, std::span<uint8_t> out) const override {
    const auto first = images_.pixels.begin() + index * static_cast<int64_t>(image_bytes_);
    std::copy_n(first, image_bytes_, out.begin());
  }
  const std::vector<std::string>& classes() const override { return images_.classes; }
  const std::string& name() const override { return images_.name; }

 private:
  MemoryImages images_;
  size_t image_bytes_;
};

}  // namespace

DatasetPtr make_memory_dataset(MemoryImages images) {
  require(!images.labels.empty(), images.name, ": holds no images");
  const auto bytes = static_cast<uint64_t>(element_count(images.shape));
  require(
      bytes > 0 && images.pixels.size() / bytes == images.labels.size() && images.pixels.size() % bytes == 0,
      images.name, ": ", images.pixels.size(), " bytes of pixels for ", images.labels.size(), " images of ",
      to_text(images.shape));
  const auto worst = std::max_element(images.labels.begin(), images.labels.end());
  require(*worst < images.classes.size(), images.name, ": image ", worst - images.labels.begin(),
          " has the label ", static_cast<int>(*worst), ", labels below ", images.classes.size(),
          " are accepted");
  return std::make_shared<const MemoryDataset>(std::move(images));
}

}  // namespace netsuke
