// The threads of one session, and how they share the work of a step.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "kernels/aligned.h"

namespace netsuke::runtime {

/// Handing work to other threads takes some microseconds; what is done in less, so many additions or so,
/// stays where it is.
inline constexpr size_t kLeastSharedWork = 100'000;

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

}  // namespace netsuke::runtime
