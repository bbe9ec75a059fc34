#include "base/threads.h"

#include <pthreadpool.h>

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace netsuke {

struct Threads::Pool {
  int count = 1;
  pthreadpool_t handle = nullptr;  // null for one thread: loops then run on the caller without any hand-over
};

Threads::Threads(int count) : pool_(std::make_unique<Pool>()) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  pool_->count = count > 0 ? count : cores;
  if (pool_->count == 1) return;
  pool_->handle = pthreadpool_create(static_cast<size_t>(pool_->count));
  if (!pool_->handle) fail(ErrorCode::internal, "cannot start ", pool_->count, " threads");
}

Threads::~Threads() {
  if (pool_->handle) pthreadpool_destroy(pool_->handle);
}

int Threads::count() const { return pool_->count; }

namespace {

struct Loop {
  FunctionRef<void(size_t)> body;
  // The pool orders what its threads write and read, but out of a thread sanitizer's sight: these two tell
  // it.
  std::atomic<bool> failed{false};
  std::atomic<size_t> done{0};
  std::mutex mutex;
  std::exception_ptr error;

  // The pool is C: no exception may cross it.
  void step(size_t i) {
    if (failed.load(std::memory_order_acquire)) return;
    try {
      body(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed.exchange(true)) error = std::current_exception();
    }
    done.fetch_add(1, std::memory_order_release);
  }
};

}  // namespace

void Threads::each(size_t items, FunctionRef<void(size_t)> body) {
  if (!pool_->handle || items < 2) {
    for (size_t i = 0; i < items; ++i) body(i);
    return;
  }
  Loop loop{body, {}, {}, {}, {}};
  loop.failed.store(false, std::memory_order_release);
  const auto step = [](void* context, size_t i) { static_cast<Loop*>(context)->step(i); };
  pthreadpool_parallelize_1d(pool_->handle, step, &loop, items, 0);
  loop.done.load(std::memory_order_acquire);
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace netsuke
