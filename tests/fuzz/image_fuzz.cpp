// Any bytes are a JPEG or PNG image or an Error.
#include <cstdlib>

#include "base/error.h"
#include "data/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const netsuke::Image image = netsuke::decode_image({data, size}, "fuzz");
    const int64_t plane = int64_t{image.size.height} * image.size.width;
    if (plane * image.size.channels != std::ssize(image.pixels)) std::abort();
  } catch (const netsuke::Error&) {
  }
  return 0;
}
