// Writing one weight; the inverse of weight_record.h.
#pragma once

#include "model/write.h"
#include "tensor/weight.h"

namespace netsuke::model {

struct WeightRecord {
  Bytes bytes;
  bool range_coded = false;  ///< a part of it is: the file needs the feature kRangeCoded
  bool binary = false;       ///< it needs the feature kBinary
  bool empty() const { return bytes.empty(); }
  size_t size() const { return bytes.size(); }
};

/// The smallest record that the options allow.
WeightRecord write_weight(const Weight& weight, const WriteOptions& options);

}  // namespace netsuke::model
