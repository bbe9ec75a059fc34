// Where the program's large memory comes from: pages of 2 MB. To read deep-compressed VGG-16 takes 250 MB of
// vectors in turn, each of which the system clears page by page as it is first touched; on a virtual machine
// that was nearly half of the time to the first answer. A library may not decide that for a program, so
// libnetsuke does so for what its kernels read alone (kernels/aligned.h).
#include <cstdlib>
#include <new>

#include "kernels/aligned.h"

#if defined(__linux__) && !defined(NETSUKE_SANITIZED)

// All others are made of this one, and give back by free().
void* operator new(std::size_t bytes) {
  using netsuke::kernels::kLargePage;
  const bool large = bytes >= kLargePage;
  void* const memory =
      large ? std::aligned_alloc(kLargePage, (bytes + kLargePage - 1) / kLargePage * kLargePage)
            : std::malloc(bytes > 0 ? bytes : 1);
  if (!memory) throw std::bad_alloc();
  if (large) netsuke::kernels::wish_for_large_pages(memory, bytes);
  return memory;
}

#endif
