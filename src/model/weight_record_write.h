// Writing one weight; the inverse of weight_record.h.
#pragma once

#include "model/write.h"
#include "tensor/weight.h"

namespace netsuke::model {

/// The smallest record that the options allow.
Bytes write_weight(const Weight& weight, const WriteOptions& options);

}  // namespace netsuke::model
