#include "onnx/proto.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>

#include "base/error.h"

namespace netsuke::onnx {

using pb::TensorProto;

namespace {

pb::ModelProto parse(google::protobuf::io::ZeroCopyInputStream& bytes, const std::string& what) {
  google::protobuf::io::CodedInputStream stream(&bytes);
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  pb::ModelProto model;
  const bool whole = model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
  // Nearly any bytes are some protobuf message; a model has a graph and says which operators it means.
  require(whole && model.has_graph() && model.opset_import_size() > 0, what,
          ": is neither a .nsk nor an ONNX model, or is damaged");
  return model;
}

/// A file's bytes without a copy of them: with the size known beforehand protobuf takes each tensor's memory
/// once.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    require(file >= 0, path, ": cannot be opened (", std::strerror(errno), ")");
    struct stat status {};
    const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    size_ = regular ? static_cast<size_t>(status.st_size) : 0;
    if (size_ > 0) memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    require(regular && (size_ == 0 || memory_ != MAP_FAILED), path, ": is not a file that can be read");
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (size_ > 0) ::munmap(memory_, size_);
  }
  ByteView bytes() const { return {static_cast<const uint8_t*>(memory_), size_}; }

 private:
  void* memory_ = nullptr;
  size_t size_ = 0;
};

}  // namespace

pb::ModelProto parse_model(ByteView bytes, const std::string& what) {
  require(bytes.size() <= static_cast<size_t>(std::numeric_limits<int>::max()), what,
          ": has more than 2 GiB; ONNX keeps larger weights in files beside the model");
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  return parse(stream, what);
}

pb::ModelProto load_model_proto(const std::string& path) {
  const MappedFile file(path);
  return parse_model(file.bytes(), path);
}

namespace {

/// IEEE 754 binary16, and bfloat16, to float.
float from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float sign = bits >> 15 ? -1.0f : 1.0f;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  if (exponent == 31)
    return fraction ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}
float from_bfloat(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

Shape shape_of(const TensorProto& tensor) {
  require(static_cast<size_t>(tensor.dims_size()) <= kMaxRank, "tensor ", tensor.name(), ": has ",
          tensor.dims_size(), " dimensions, at most ", kMaxRank, " are accepted");
  Shape shape(tensor.dims().begin(), tensor.dims().end());
  element_count(shape);
  return shape;
}

/// The bytes that a tensor keeps in a file of its own. Only files below the model's folder are read: a model
/// from a stranger must not name others.
std::string external_bytes(const TensorProto& tensor, const std::string& folder) {
  std::string location;
  long long offset = 0, length = -1;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_integer(entry.value(), "external data offset");
    if (entry.key() == "length") length = parse_integer(entry.value(), "external data length");
  }
  const std::filesystem::path relative(location);
  bool inside = !location.empty() && relative.is_relative() && !folder.empty();
  for (const auto& part : relative) inside = inside && part != "..";
  require(inside, "tensor ", tensor.name(), ": its data lie in '", location,
          "', expected a file below the model's folder");
  const std::string path = (std::filesystem::path(folder) / relative).string();
  std::error_code ignored;
  require(!std::filesystem::is_directory(path, ignored), "tensor ", tensor.name(), ": its data lie in ", path,
          ", which is a folder");
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  require(file.good(), "tensor ", tensor.name(), ": its data file ", path, " cannot be opened");
  const auto size = static_cast<long long>(file.tellg());
  if (length < 0) length = size - offset;
  require(offset >= 0 && length >= 0 && offset <= size && length <= size - offset, "tensor ", tensor.name(),
          ": ", length, " bytes from byte ", offset, " of ", path, " are asked for, it has ", size);
  std::string bytes(static_cast<size_t>(length), '\0');
  file.seekg(offset);
  file.read(bytes.data(), length);
  require(file.good(), path, ": cannot be read");
  return bytes;
}

/// Little-endian elements of `Stored`, each turned into `Wanted` by `convert`.
template <class Stored, class Wanted, class Convert>
std::vector<Wanted> unpack(const TensorProto& tensor, const std::string& bytes, size_t count,
                           Convert convert) {
  require(bytes.size() == count * sizeof(Stored), "tensor ", tensor.name(), ": has ", bytes.size(),
          " bytes of data, its shape needs ", count * sizeof(Stored));
  std::vector<Wanted> values(count);
  for (size_t i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(stored);
  }
  return values;
}

/// Floats as they lie there. A string's memory is aligned for them, and a vector made of a range is not
/// filled with zeros first, which for a large network takes as long as reading it.
Constant raw_floats(const TensorProto& tensor, const std::string& bytes) {
  Shape shape = shape_of(tensor);
  const auto count = static_cast<size_t>(element_count(shape));
  require(bytes.size() == count * sizeof(float), "tensor ", tensor.name(), ": has ", bytes.size(),
          " bytes of data, its shape needs ", count * sizeof(float));
  const auto* first = reinterpret_cast<const float*>(bytes.data());
  return float_constant(std::move(shape), {first, first + count});
}

template <class Wanted, class Field, class Convert>
std::vector<Wanted> from_field(const TensorProto& tensor, const Field& field, size_t count, Convert convert) {
  require(static_cast<size_t>(field.size()) == count, "tensor ", tensor.name(), ": has ", field.size(),
          " values, its shape needs ", count);
  std::vector<Wanted> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = convert(field[static_cast<int>(i)]);
  return values;
}

/// One element type: from `bytes` if the tensor has raw data, else from its typed field.
template <class Stored, class Wanted, class Field, class Convert>
std::vector<Wanted> elements(const TensorProto& tensor, const std::string* bytes, const Field& field,
                             Convert convert) {
  const auto count = static_cast<size_t>(element_count(shape_of(tensor)));
  if (bytes) return unpack<Stored, Wanted>(tensor, *bytes, count, convert);
  return from_field<Wanted>(tensor, field, count, [&](auto v) { return convert(static_cast<Stored>(v)); });
}

template <class Stored, class Field>
Constant ints_of(const TensorProto& t, const std::string* bytes, const Field& field) {
  return int_constant(shape_of(t), elements<Stored, int64_t>(
                                       t, bytes, field, [](Stored v) { return static_cast<int64_t>(v); }));
}

template <class Stored, class Field, class Convert>
Constant floats_of(const TensorProto& t, const std::string* bytes, const Field& field, Convert convert) {
  return float_constant(shape_of(t), elements<Stored, float>(t, bytes, field, convert));
}

Constant decode(const TensorProto& t, const std::string* bytes) {
  switch (t.data_type()) {
    case TensorProto::FLOAT:
      if (bytes) return raw_floats(t, *bytes);
      return floats_of<float>(t, bytes, t.float_data(), [](float v) { return v; });
    case TensorProto::DOUBLE:
      return floats_of<double>(t, bytes, t.double_data(), [](double v) { return static_cast<float>(v); });
    case TensorProto::FLOAT16:
      return floats_of<uint16_t>(t, bytes, t.int32_data(), from_half);
    case TensorProto::BFLOAT16:
      return floats_of<uint16_t>(t, bytes, t.int32_data(), from_bfloat);
    case TensorProto::INT64:
      return ints_of<int64_t>(t, bytes, t.int64_data());
    case TensorProto::INT32:
      return ints_of<int32_t>(t, bytes, t.int32_data());
    case TensorProto::INT16:
      return ints_of<int16_t>(t, bytes, t.int32_data());
    case TensorProto::INT8:
      return ints_of<int8_t>(t, bytes, t.int32_data());
    case TensorProto::UINT16:
      return ints_of<uint16_t>(t, bytes, t.int32_data());
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return ints_of<uint8_t>(t, bytes, t.int32_data());
    case TensorProto::UINT32:
      return ints_of<uint32_t>(t, bytes, t.uint64_data());
    case TensorProto::UINT64:
      return ints_of<uint64_t>(t, bytes, t.uint64_data());
    default:
      fail(ErrorCode::unsupported, "tensor ", t.name(), ": has elements of type ", t.data_type(),
           " (see TensorProto.DataType), accepted are floats, integers and booleans");
  }
}

}  // namespace

Constant take_constant(TensorProto& tensor, const std::string& folder) {
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    const std::string bytes = external_bytes(tensor, folder);
    return decode(tensor, &bytes);
  }
  if (tensor.has_raw_data()) {
    const std::unique_ptr<std::string> bytes(tensor.release_raw_data());
    return decode(tensor, bytes.get());
  }
  Constant constant = decode(tensor, nullptr);
  google::protobuf::RepeatedField<float>().Swap(tensor.mutable_float_data());
  return constant;
}

}  // namespace netsuke::onnx
