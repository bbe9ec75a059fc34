// In what form the weights of a loaded network stay in memory.
#pragma once

namespace netsuke {

enum class Residency {
  fastest,  ///< each layer's as the kernel that is expected to be fastest reads them
  packed,   ///< each layer's as small as any kernel computes on
  dense,    ///< as floats
  coded,    ///< as the file has them, where that is smaller: every run decodes some rows of a layer after
            ///< others
};

}  // namespace netsuke
