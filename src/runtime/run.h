// One step at work.
#pragma once

#include <cstddef>

#include "runtime/plan.h"
#include "runtime/workers.h"

namespace netsuke::runtime {

/// Where a batch is.
struct Batch {
  size_t images = 0;
  const float* input = nullptr;
  float* arena = nullptr;

  const float* read(const Place& place, size_t image = 0) const {
    const float* block = place.in_input ? input : arena + images * place.offset;
    return block + image * place.step + place.shift;
  }
  float* write(const Place& place, size_t image = 0) const {
    return arena + images * place.offset + image * place.step + place.shift;
  }
};

/// Computes `step` for all images of the batch. The result does not depend on the number of workers.
void run(const Step& step, const Batch& batch, Workers& workers);

}  // namespace netsuke::runtime
