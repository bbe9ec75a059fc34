// Floats that start on a cache line, in large pages where they are many.
#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace netsuke::kernels {

inline constexpr size_t kCacheLine = 64;

/// Memory of this many bytes or more begins on a page of this size, if the system has such: a layer that
/// reads many megabytes of weights once spends half of its time on finding small pages.
inline constexpr size_t kLargePage = size_t{2} << 20;

/// Asks for large pages behind memory that begins on one. A wish only: it is good without.
inline void wish_for_large_pages([[maybe_unused]] void* memory, [[maybe_unused]] size_t bytes) {
#ifdef MADV_HUGEPAGE
  if (bytes >= kLargePage) madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
}

/// Allocates on cache lines, and leaves floats unset where no value is given: large scratch memory is then
/// not written twice.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class Other>
  AlignedAllocator(const AlignedAllocator<Other>&) {}
  T* allocate(size_t count) {
    const size_t bytes = count * sizeof(T);
    void* memory = ::operator new(bytes, alignment(bytes));
    wish_for_large_pages(memory, bytes);
    return static_cast<T*>(memory);
  }
  void deallocate(T* p, size_t count) { ::operator delete(p, alignment(count * sizeof(T))); }
  template <class U>
  void construct(U* p) {
    ::new (static_cast<void*>(p)) U;
  }
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(static_cast<Args&&>(args)...);
  }
  template <class Other>
  bool operator==(const AlignedAllocator<Other>&) const {
    return true;
  }

 private:
  static std::align_val_t alignment(size_t bytes) {
    return std::align_val_t{bytes >= kLargePage ? kLargePage : kCacheLine};
  }
};

using AlignedFloats = std::vector<float, AlignedAllocator<float>>;
using AlignedBytes = std::vector<uint8_t, AlignedAllocator<uint8_t>>;

}  // namespace netsuke::kernels
