// Operations that leave every value as it is.
#pragma once

#include "graph/op.h"

namespace netsuke {

/// True for ops whose output has the values of its input, in the same order.
inline bool is_view(const Op& op) {
  return std::holds_alternative<Flatten>(op) || std::holds_alternative<Reshape>(op) ||
         std::holds_alternative<Dropout>(op);
}

}  // namespace netsuke
