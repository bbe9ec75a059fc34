#include "data/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace netsuke {
namespace {

/// zlib's stream, released whatever happens.
struct Inflater {
  z_stream stream{};
  explicit Inflater(std::string_view what) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream, kGzipOnly) != Z_OK) fail(ErrorCode::internal, what, ": zlib could not start");
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

}  // namespace

bool is_gzip(ByteView bytes) { return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

Bytes gunzip(ByteView bytes, size_t at_most, std::string_view what) {
  require(bytes.size() <= std::numeric_limits<uInt>::max(), what, ": ", bytes.size(),
          " compressed bytes, less than 4 GB is accepted");
  Inflater inflater(what);
  z_stream& stream = inflater.stream;
  stream.next_in =
      const_cast<Bytef*>(bytes.data());  // zlib's interface predates const; it does not write there
  stream.avail_in = static_cast<uInt>(bytes.size());
  Bytes out, chunk(size_t{1} << 16);
  while (out.size() < at_most) {
    const size_t room = std::min(chunk.size(), at_most - out.size());
    stream.next_out = chunk.data();
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.insert(out.end(), chunk.data(), stream.next_out);
    if (status == Z_STREAM_END) {
      require(stream.avail_in == 0, what, ": ", stream.avail_in, " bytes follow the end of the gzip data");
      return out;
    }
    require(status == Z_OK || status == Z_BUF_ERROR, what, ": damaged gzip data (",
            stream.msg ? stream.msg : "wrong stream", ")");
    require(stream.avail_out == 0, what, ": the gzip data end too early");
  }
  return out;
}

}  // namespace netsuke
