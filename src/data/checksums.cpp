#include "data/checksums.h"

extern "C" {
#include <md5.h>
#include <sha2.h>
}

#include "base/file.h"
#include "data/gzip.h"
#include "data/idx.h"
#include "data/paths.h"

namespace netsuke {
namespace {

/// Sums of the unpacked files, taken from Debian's dataset-fashion-mnist 0.0~git20200523 and from the four
/// files of yann.lecun.com/exdb/mnist.
struct KnownIdx {
  std::string_view set, part, kind;
  int rank;
  std::string_view sum;
};
constexpr KnownIdx kIdx[] = {
    {"fashion-mnist", "train", "images", 3,
     "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
    {"fashion-mnist", "train", "labels", 1,
     "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
    {"fashion-mnist", "t10k", "images", 3,
     "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
    {"fashion-mnist", "t10k", "labels", 1,
     "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
    {"mnist", "train", "images", 3,
     "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
    {"mnist", "train", "labels", 1,
     "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
    {"mnist", "t10k", "images", 3, "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
    {"mnist", "t10k", "labels", 1, "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
};

/// As www.cs.toronto.edu/~kriz/cifar.html publishes them: of the archives, not of the files inside.
struct KnownFile {
  std::string_view set, file, sum;
};
constexpr KnownFile kFiles[] = {
    {"cifar-10", "cifar-10-binary.tar.gz", "md5:c32a1d4ab5d03f1284b67883e8d87530"},
    {"cifar-10", "data_batch_1.bin", ""},
    {"cifar-10", "data_batch_2.bin", ""},
    {"cifar-10", "data_batch_3.bin", ""},
    {"cifar-10", "data_batch_4.bin", ""},
    {"cifar-10", "data_batch_5.bin", ""},
    {"cifar-10", "test_batch.bin", ""},
    {"cifar-100", "cifar-100-binary.tar.gz", "md5:03b5dce01913d631647c71ecec9e9cb8"},
    {"cifar-100", "train.bin", ""},
    {"cifar-100", "test.bin", ""},
};

constexpr size_t kMostUnpacked = size_t{1} << 26;

std::string unpacked_sum(const std::string& path) {
  const Bytes bytes = read_file(path, kMostUnpacked);
  return sha256(is_gzip(bytes) ? gunzip(bytes, kMostUnpacked, path) : bytes);
}

}  // namespace

std::string sha256(ByteView bytes) {
  char digits[SHA256_DIGEST_STRING_LENGTH];
  return cat("sha256:", SHA256Data(bytes.data(), bytes.size(), digits));
}

std::string md5(ByteView bytes) {
  char digits[MD5_DIGEST_STRING_LENGTH];
  return cat("md5:", MD5Data(bytes.data(), bytes.size(), digits));
}

std::vector<CheckedFile> check_files(std::string_view name, const std::string& folder) {
  std::vector<CheckedFile> checked;
  for (const KnownIdx& row : kIdx) {
    if (row.set != name) continue;
    const std::string path = find_idx(folder, row.part, row.kind, row.rank);
    if (!path.empty()) checked.push_back({path, std::string(row.sum), unpacked_sum(path)});
  }
  for (const KnownFile& row : kFiles) {
    const std::string path = cat(folder, "/", row.file);
    if (row.set != name || !exists(path)) continue;
    checked.push_back({path, std::string(row.sum), row.sum.empty() ? "" : md5(read_file(path))});
  }
  return checked;
}

}  // namespace netsuke
