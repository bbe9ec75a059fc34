#include "runtime/workers.h"

#include <algorithm>

namespace netsuke::runtime {

// What is taken from the rest at a time is worth some too.
constexpr size_t kLeastTakenWork = 50'000;

void Workers::split(size_t items, size_t work, FunctionRef<void(size_t, size_t, float*, bool)> body,
                    size_t least) {
  least = std::max({least, kLeastTakenWork / std::max<size_t>(work, 1), size_t{1}});
  const bool shared = threads_ && items * work >= kLeastSharedWork;
  const size_t takers = shared ? std::min(count(), items / least) : 1;
  if (takers < 2) return body(0, items, scratch_[0], false);
  for (size_t i = 0; i < count(); ++i) {
    shares_[i].first.store(items * std::min(i, takers) / takers, std::memory_order_relaxed);
    shares_[i].last = items * std::min(i + 1, takers) / takers;
  }
  threads_->gather([&](size_t worker) {
    bool again = false;
    for (size_t i = 0; i < count(); ++i) {
      Share& share = shares_[(worker + i) % count()];
      size_t first = share.first.load(std::memory_order_relaxed);
      // Half of what is left each time, so that others can help; nothing is left that is not worth taking.
      while (first < share.last) {
        const size_t rest = share.last - first, wanted = std::max((rest + 1) / 2, least);
        const size_t taken = rest < wanted + least ? rest : wanted;
        if (!share.first.compare_exchange_weak(first, first + taken, std::memory_order_relaxed)) continue;
        body(first, first + taken, scratch_[worker], again);
        again = true;
        first = share.first.load(std::memory_order_relaxed);
      }
    }
  });
}

}  // namespace netsuke::runtime
