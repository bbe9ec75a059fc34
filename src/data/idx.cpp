#include "data/idx.h"

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "data/gzip.h"
#include "data/memory.h"
#include "data/paths.h"

namespace netsuke {
namespace {

constexpr uint8_t kUnsignedByte = 0x08;
constexpr size_t kLongestHeader = 4 + 4 * kMaxRank;

struct Header {
  Shape shape;
  size_t bytes = 0;  ///< of the header itself
};

Header parse_header(ByteView bytes, std::string_view what) {
  ByteReader reader(bytes, what);
  const ByteView magic = reader.take(4);
  require(magic[0] == 0 && magic[1] == 0 && magic[2] == kUnsignedByte, what,
          ": does not begin with the IDX magic number of unsigned bytes (00 00 08)");
  const size_t rank = magic[3];
  require(rank >= 1 && rank <= kMaxRank, what, ": ", rank, " dimensions, 1 to ", kMaxRank, " are accepted");
  Header header;
  for (size_t i = 0; i < rank; ++i) {
    const ByteView b = reader.take(4);
    header.shape.push_back((int64_t{b[0]} << 24) | (int64_t{b[1]} << 16) | (int64_t{b[2]} << 8) |
                           int64_t{b[3]});
  }
  header.bytes = reader.at();
  return header;
}

/// Elements claimed by the header; refused here if they are more than we handle.
size_t claimed_count(const Header& header, std::string_view what) {
  try {
    return static_cast<size_t>(element_count(header.shape));
  } catch (const Error& error) {
    fail(error.code(), what, ": ", error.what());
  }
}

void require_count(size_t found, size_t claimed, const Header& header, std::string_view what) {
  require(found >= claimed, what, ": is cut short: ", to_text(header.shape), " values are claimed, ", found,
          " are there");
  require(found <= claimed, what, ": holds more than the ", to_text(header.shape), " values it claims");
}

/// The header of plain or gzipped bytes.
Header read_header(ByteView bytes, std::string_view what) {
  if (!is_gzip(bytes)) return parse_header(bytes, what);
  return parse_header(gunzip(bytes, kLongestHeader, what), what);
}

IdxArray read_array(const std::string& path, size_t rank, std::string_view kind) {
  IdxArray array = parse_idx(read_file(path), path);
  require(array.shape.size() == rank, path, ": has ", array.shape.size(), " dimensions (",
          to_text(array.shape), "), a file of ", kind, " has ", rank);
  return array;
}

}  // namespace

IdxArray parse_idx(ByteView bytes, std::string_view what) {
  const Header header = read_header(bytes, what);
  const size_t claimed = claimed_count(header, what);
  if (!is_gzip(bytes)) {
    const ByteView values = bytes.subspan(header.bytes);
    require_count(values.size(), claimed, header, what);
    return {header.shape, {values.begin(), values.end()}};
  }
  // One byte more than claimed, so that the stream either ends (and its checksum is verified) or is too long.
  Bytes values = gunzip(bytes, header.bytes + claimed + 1, what);
  require_count(values.size() - header.bytes, claimed, header, what);
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(header.bytes));
  return {header.shape, std::move(values)};
}

Shape read_idx_shape(const std::string& path) {
  Bytes start(4096);  // far more than any compressed header takes
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(start.data()), std::ssize(start));
  require(file.gcount() > 0, path, ": cannot be read, or is empty");
  start.resize(static_cast<size_t>(file.gcount()));
  return read_header(start, path).shape;
}

std::string find_idx(const std::string& folder, std::string_view part, std::string_view kind, int rank) {
  for (const char* separator : {"-", "."})
    for (const char* suffix : {"", ".gz"}) {
      std::string path = cat(folder, "/", part, "-", kind, separator, "idx", rank, "-ubyte", suffix);
      if (exists(path)) return path;
    }
  return {};
}

DatasetPtr read_idx(const std::string& images_path, const std::string& labels_path,
                    std::vector<std::string> classes, std::string name) {
  IdxArray images = read_array(images_path, 3, "images");
  IdxArray labels = read_array(labels_path, 1, "labels");
  require(images.shape[0] == labels.shape[0], labels_path, ": holds ", labels.shape[0], " labels for the ",
          images.shape[0], " images of ", images_path);
  require(images.shape[0] > 0 && images.shape[1] > 0 && images.shape[2] > 0, images_path,
          ": holds no pixels (", to_text(images.shape), ")");
  const auto worst = std::max_element(labels.values.begin(), labels.values.end());
  require(*worst < classes.size(), labels_path, ": label ", worst - labels.values.begin(), " is ",
          static_cast<int>(*worst), ", labels below ", classes.size(), " are accepted");
  return make_memory_dataset({.name = std::move(name),
                              .shape = {1, images.shape[1], images.shape[2]},
                              .pixels = std::move(images.values),
                              .labels = std::move(labels.values),
                              .classes = std::move(classes)});
}

}  // namespace netsuke
