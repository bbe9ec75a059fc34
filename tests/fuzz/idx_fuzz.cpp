// Any bytes are an IDX array, plain or gzipped, or an Error.
#include <cstdlib>

#include "data/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const netsuke::IdxArray array = netsuke::parse_idx({data, size}, "fuzz");
    if (netsuke::element_count(array.shape) != std::ssize(array.values)) std::abort();
  } catch (const netsuke::Error&) {
  }
  return 0;
}
