// One step at work.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "kernels/aligned.h"
#include "runtime/plan.h"

namespace netsuke::runtime {

/// Those who share the work of one step, each with scratch memory of its own.
class Workers {
 public:
  /// As many as there are entries of `scratch`, of which `threads` has at least as many. Null for `threads`
  /// means the calling thread alone, with the first of them.
  Workers(Threads* threads, std::vector<float*> scratch)
      : threads_(threads), scratch_(std::move(scratch)), shares_(threads ? scratch_.size() : 0) {}

  size_t count() const { return scratch_.size(); }
  /// Calls `body(first, last, scratch, again)` for parts that together are [0, items), of `least` items or
  /// more; `again` says that `scratch` is as `body` has left it after another part. There is a single part if
  /// all the work, `items` times `work` additions or so, is too little to share. Every worker begins with the
  /// same share of the items each time, so that of one step's output it has in its caches what it reads in
  /// the next; who is done helps the others (affinity scheduling, Markatos and LeBlanc 1994).
  void split(size_t items, size_t work, FunctionRef<void(size_t, size_t, float*, bool)> body,
             size_t least = 1);

 private:
  // On a cache line of its own.
  struct alignas(kernels::kCacheLine) Share {
    std::atomic<size_t> first = 0;
    size_t last = 0;
  };

  Threads* threads_;
  std::vector<float*> scratch_;
  std::vector<Share> shares_;
};

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
