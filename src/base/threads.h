// One pool of threads for a caller's loops.
#pragma once

#include <cstddef>
#include <memory>

#include "base/function_ref.h"

namespace netsuke {

/// A pool whose size is fixed at construction. Not copied; one loop at a time.
class Threads {
 public:
  /// `count` threads, the caller's among them; 0 takes one for each core.
  explicit Threads(int count = 0);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const;
  /// Calls `body(i)` once for every i in [0, items), in any order on any thread, and returns when all are
  /// done. An exception of `body` is thrown again here once the others have stopped (the first one, if
  /// several).
  void each(size_t items, FunctionRef<void(size_t)> body);
  /// Calls `body(0)` on the calling thread and, at the same time, `body(t)` on every other thread t of
  /// [1, count()) that comes before the first has returned; returns when all have. So `body` shares out work
  /// that whoever comes can finish, and finds the same thread behind the same number every time: what it
  /// wrote before may still be in its core's caches. Exceptions as above, but that nobody is stopped.
  void gather(FunctionRef<void(size_t)> body);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace netsuke
