// Small IDX files for tests.
#pragma once

#include <zlib.h>

#include <string_view>

#include "base/bytes.h"
#include "tensor/shape.h"

namespace netsuke {

inline Bytes idx_bytes(const Shape& shape, const Bytes& values) {
  Bytes out = {0, 0, 8, static_cast<uint8_t>(shape.size())};
  for (int64_t size : shape)
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(size >> shift));
  out.insert(out.end(), values.begin(), values.end());
  return out;
}

/// Values that differ from one another in a way that shows mistakes of order.
inline Bytes counting(size_t count, int modulus) {
  Bytes out(count);
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(i * 7 % static_cast<size_t>(modulus));
  return out;
}

inline Bytes gzip(const Bytes& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, bytes.size()) + 32);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace netsuke
