// The IDX format of MNIST and Fashion-MNIST (yann.lecun.com/exdb/mnist): a big-endian header, then bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "data/dataset.h"

namespace netsuke {

/// An array of bytes with its dimensions.
struct IdxArray {
  Shape shape;
  Bytes values;
};

/// Plain or gzipped IDX bytes. Throws Error(input) naming `what` unless the magic number is that of unsigned
/// bytes and exactly as many follow as the dimensions claim; nothing is allocated for a claim before it is
/// proved.
IdxArray parse_idx(ByteView bytes, std::string_view what);

/// The path of an IDX set's file under any of its usual names, as in find_idx(folder, "t10k", "labels", 1)
/// for t10k-labels-idx1-ubyte, also with a dot for the second dash or with .gz; empty if there is none.
std::string find_idx(const std::string& folder, std::string_view part, std::string_view kind, int rank);

/// The dimensions that the file's header claims. Throws Error(input) as parse_idx does.
Shape read_idx_shape(const std::string& path);

/// Reads a file of N x H x W images and one of N labels, plain or gzipped, into memory as images of 1 x H x
/// W. `name` is the data set's. Throws Error(input) naming the file at fault.
DatasetPtr read_idx(const std::string& images_path, const std::string& labels_path,
                    std::vector<std::string> classes, std::string name);

}  // namespace netsuke
