#include "train/heap.h"

#include <cstdint>  // says whose library this is, too

#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace netsuke::train {

#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
namespace {

/// The last whole large page of the heap.
uintptr_t end_of_heap() {
  constexpr uintptr_t kPage = 1 << 21;
  return reinterpret_cast<uintptr_t>(sbrk(0)) / kPage * kPage;
}

uintptr_t known_end = 0;

}  // namespace

void set_up_heap() {
  mallopt(M_MMAP_MAX, 0);  // large blocks too come from the heap, which is kept
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 1 << 28);  // and grows by much at a time
  if (known_end == 0) known_end = end_of_heap();
}

void take_large_pages() {
  const uintptr_t end = end_of_heap();
  if (end <= known_end) return;
  // A wish only: where it is not granted, training is slower.
  madvise(reinterpret_cast<void*>(known_end), end - known_end, MADV_HUGEPAGE);
  known_end = end;
}
#else
void set_up_heap() {}
void take_large_pages() {}
#endif

}  // namespace netsuke::train
