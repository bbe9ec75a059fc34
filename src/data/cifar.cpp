#include "data/cifar.h"

#include "base/error.h"
#include "base/file.h"
#include "data/labels.h"
#include "data/memory.h"
#include "data/paths.h"

namespace netsuke {
namespace {

constexpr size_t kPixels = 3 * 32 * 32, kRecord = 1 + kPixels;
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;
constexpr int kClasses = 10;

void append_batch(const std::string& path, MemoryImages& images) {
  const Bytes bytes = read_file(path, kMaxFileBytes);
  require(!bytes.empty() && bytes.size() % kRecord == 0, path, ": has ", bytes.size(),
          " bytes, expected a multiple of ", kRecord, " (a label and 3 x 32 x 32 pixels)");
  for (auto record = bytes.begin(); record != bytes.end(); record += kRecord) {
    require(*record < kClasses, path, ": image ",
            (record - bytes.begin()) / static_cast<std::ptrdiff_t>(kRecord), " has the label ",
            static_cast<int>(*record), ", labels below ", kClasses, " are accepted");
    images.labels.push_back(*record);
    images.pixels.insert(images.pixels.end(), record + 1, record + kRecord);
  }
}

}  // namespace

bool is_cifar_folder(const std::string& path) {
  return exists(path + "/data_batch_1.bin") || exists(path + "/test_batch.bin");
}

DatasetPtr read_cifar(const std::string& path, bool train, const std::string& name) {
  MemoryImages images{
      .name = name, .shape = {3, 32, 32}, .pixels = {}, .labels = {}, .classes = digit_names()};
  if (exists(path + "/batches.meta.txt")) images.classes = read_labels(path + "/batches.meta.txt", kClasses);
  if (!train) append_batch(path + "/test_batch.bin", images);
  for (int batch = 1; train && batch <= 5; ++batch)
    append_batch(cat(path, "/data_batch_", batch, ".bin"), images);
  return make_memory_dataset(std::move(images));
}

}  // namespace netsuke
