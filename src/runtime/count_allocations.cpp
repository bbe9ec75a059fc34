// A file of its own: where the compiler sees both these and a use, it takes them for mismatched.
#include "runtime/count_allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<size_t> count = 0;

size_t netsuke::runtime::allocations() { return count; }

#ifdef NETSUKE_SANITIZED
bool netsuke::runtime::counts_allocations() { return false; }
#else
bool netsuke::runtime::counts_allocations() { return true; }

void* operator new(size_t size) {
  ++count;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}

void* operator new(size_t size, std::align_val_t alignment) {
  ++count;
  const auto line = static_cast<size_t>(alignment);
  if (void* p = std::aligned_alloc(line, (size + line - 1) / line * line)) return p;
  throw std::bad_alloc();
}

void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++count;
  return std::malloc(size);
}

void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
#endif
