#include "base/threads.h"

#ifdef __linux__
#include <sched.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"

namespace netsuke {
namespace {

// How long a thread looks out for a change before it sleeps, as waking it up takes tens of microseconds: a
// worker for the next gathering, the caller for the end of this one.
constexpr std::chrono::microseconds kForWork(200), kForTheEnd(100);

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns when `value` is no longer `old`. Where the system runs two of our threads on one core, looking out
// keeps it from the one that is waited for: it is offered to others all the time.
void wait_while(const std::atomic<uint32_t>& value, uint32_t old, std::chrono::microseconds look_out) {
  constexpr int kLooks = 16;
  const auto end = std::chrono::steady_clock::now() + look_out;
  do {
    for (int i = 0; i < kLooks; ++i, relax())
      if (value.load(std::memory_order_acquire) != old) return;
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  value.wait(old, std::memory_order_acquire);
}

#ifdef __linux__
int this_core() { return sched_getcpu(); }

// The system wakes a thread up on the core of the one that calls it if the others are busy just then, and
// leaves both there for milliseconds, taking turns. To be forbidden a core for a moment moves a thread at
// once.
void leave_core(int core) {
  cpu_set_t allowed, others;
  if (core < 0 || core >= CPU_SETSIZE || sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  others = allowed;
  CPU_CLR(static_cast<size_t>(core), &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof allowed, &allowed);
}
#else
int this_core() { return -1; }
void leave_core(int) {}
#endif

// What threads write all the time does not share a cache line with what others look at.
constexpr size_t kApart = 64;

}  // namespace

// A gathering is open until the caller's own call has returned. Workers that come meanwhile join in; the
// caller closes it and waits for those inside only: one that the system wakes up late, or runs elsewhere,
// holds nobody up.
struct Threads::Pool {
  // Of `inside`: whether it is open, some bits of its number, how many workers are inside.
  static constexpr uint32_t kOpen = uint32_t{1} << 31, kInside = 0xffff, kNumber = ~(kOpen | kInside);

  explicit Pool(int threads) : count(threads) {
    try {
      for (int i = 1; i < count; ++i) workers.emplace_back([this, i] { serve(static_cast<size_t>(i)); });
    } catch (...) {
      stop();  // those that did start
      throw;
    }
  }
  ~Pool() { stop(); }

  void stop() {
    stopping.store(true);
    announce();
    for (std::thread& worker : workers) worker.join();
  }
  void announce() {
    round.fetch_add(1, std::memory_order_release);
    round.notify_all();
  }

  void serve(size_t thread) {
    constexpr std::chrono::milliseconds kBetweenMoves(1);
    std::chrono::steady_clock::time_point moved;
    for (uint32_t seen = 0, joined = 0;;) {
      wait_while(round, seen, kForWork);
      seen = round.load(std::memory_order_acquire);
      if (stopping.load()) return;
      if (!join(joined)) continue;
      if (const int core = this_core(); core >= 0 && core == callers_core)
        if (const auto now = std::chrono::steady_clock::now(); now - moved > kBetweenMoves)
          leave_core(core), moved = now;
      call(thread);
      const uint32_t left = inside.fetch_sub(1, std::memory_order_acq_rel);
      if ((left & (kOpen | kInside)) == 1) inside.notify_one();  // the caller waits
    }
  }

  // No gathering twice: who comes late from the one before may find the next open before it is announced, and
  // would come again then. `joined` is the number of the last one.
  bool join(uint32_t& joined) {
    uint32_t now = inside.load(std::memory_order_acquire);
    while ((now & kOpen) && (now & kNumber) != joined)
      if (inside.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) {
        joined = now & kNumber;
        return true;
      }
    return false;
  }

  void call(size_t thread) {
    try {
      (*body)(thread);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  }

  void gather(const FunctionRef<void(size_t)>& all) {
    body = &all, error = nullptr, callers_core = this_core();
    number = (number + kInside + 1) & kNumber;
    inside.store(kOpen | number, std::memory_order_release);
    announce();
    call(0);
    for (uint32_t now = inside.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen; (now & kInside) != 0;
         now = inside.load(std::memory_order_acquire))
      wait_while(inside, now, kForTheEnd);
    if (error) std::rethrow_exception(error);
  }

  const int count;
  std::vector<std::thread> workers;
  std::atomic<bool> stopping{false};

  // The gathering at hand.
  const FunctionRef<void(size_t)>* body = nullptr;
  int callers_core = -1;
  uint32_t number = 0;  // as `inside` has it; it comes back after 32768, when a worker may miss one
  std::mutex mutex;
  std::exception_ptr error;

  alignas(kApart) std::atomic<uint32_t> round{0};   // a number for each gathering
  alignas(kApart) std::atomic<uint32_t> inside{0};  // workers that have joined, and whether it is open
};

Threads::Threads(int count) {
  if (count <= 0) count = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  try {
    pool_ = std::make_unique<Pool>(count);
  } catch (const std::system_error& problem) {
    fail(ErrorCode::internal, "cannot start ", count, " threads: ", problem.what());
  }
}

Threads::~Threads() = default;

int Threads::count() const { return pool_->count; }

void Threads::each(size_t items, FunctionRef<void(size_t)> body) {
  if (pool_->count == 1 || items < 2) {
    for (size_t i = 0; i < items; ++i) body(i);
    return;
  }
  std::atomic<size_t> next = 0;
  gather([&](size_t) {
    try {
      for (size_t i = next.fetch_add(1, std::memory_order_relaxed); i < items;
           i = next.fetch_add(1, std::memory_order_relaxed))
        body(i);
    } catch (...) {
      next.store(items, std::memory_order_relaxed);
      throw;
    }
  });
}

void Threads::gather(FunctionRef<void(size_t)> body) { pool_->gather(body); }

}  // namespace netsuke
