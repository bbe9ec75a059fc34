#include "data/cifar.h"

#include <span>

#include "base/error.h"
#include "base/file.h"
#include "data/labels.h"
#include "data/memory.h"
#include "data/paths.h"

namespace netsuke {
namespace {

constexpr size_t kPixels = 3 * 32 * 32;
constexpr uint64_t kMaxBatchBytes = uint64_t{1} << 30;

/// How one of the two sets is laid out. A record is some label bytes, the last of which is the class, then
/// pixels.
struct Layout {
  size_t label_bytes;
  int classes;
  const char* class_names;
  std::vector<std::string> train, test;

  size_t record() const { return label_bytes + kPixels; }
};

const Layout& cifar_10() {
  static const Layout layout{
      1,
      10,
      "batches.meta.txt",
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
      {"test_batch.bin"}};
  return layout;
}

/// Each image has a coarse label, which is left aside, and a fine one.
const Layout& cifar_100() {
  static const Layout layout{2, 100, "fine_label_names.txt", {"train.bin"}, {"test.bin"}};
  return layout;
}

bool is_there(const std::string& path, const Layout& layout) {
  return exists(cat(path, "/", layout.train[0])) || exists(cat(path, "/", layout.test[0]));
}

void append_batch(const std::string& path, const Layout& layout, MemoryImages& images) {
  const Bytes bytes = read_file(path, kMaxBatchBytes);
  const size_t record = layout.record();
  require(!bytes.empty() && bytes.size() % record == 0, path, ": has ", bytes.size(),
          " bytes, expected a multiple of ", record, " (", layout.label_bytes,
          " of labels and 3 x 32 x 32 pixels)");
  for (size_t at = 0; at < bytes.size(); at += record) {
    const uint8_t label = bytes[at + layout.label_bytes - 1];
    require(label < layout.classes, path, ": image ", at / record, " has the label ", static_cast<int>(label),
            ", labels below ", layout.classes, " are accepted");
    images.labels.push_back(label);
    const auto pixels = std::span(bytes).subspan(at + layout.label_bytes, kPixels);
    images.pixels.insert(images.pixels.end(), pixels.begin(), pixels.end());
  }
}

}  // namespace

bool is_cifar_folder(const std::string& path) {
  return is_there(path, cifar_10()) || is_there(path, cifar_100());
}

DatasetPtr read_cifar(const std::string& path, bool train, const std::string& name) {
  const Layout& layout = is_there(path, cifar_10()) ? cifar_10() : cifar_100();
  MemoryImages images{.name = name,
                      .shape = {3, 32, 32},
                      .pixels = {},
                      .labels = {},
                      .classes = number_names(layout.classes)};
  const std::string names = cat(path, "/", layout.class_names);
  if (exists(names)) images.classes = read_labels(names, static_cast<size_t>(layout.classes));
  for (const std::string& file : train ? layout.train : layout.test)
    append_batch(cat(path, "/", file), layout, images);
  return make_memory_dataset(std::move(images));
}

}  // namespace netsuke
