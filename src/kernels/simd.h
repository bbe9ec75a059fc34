// Included before any Highway header of a kernel. Vectors whose length is only known at run time can't be
// kept in arrays, as our register tiles are, so these targets are left out; machines that have them use their
// fixed-length ones. SSSE3 is left out too: processors that have it but not SSE4.1 are of 2006 and 2007, and
// its code is a tenth of the library.
#pragma once

#define NETSUKE_LEFT_OUT (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

// Sanitizers see in one copy what they would see in the next: SSE2's stands for SSE4's, of as many lanes.
#ifdef NETSUKE_SANITIZED
#define HWY_DISABLED_TARGETS (NETSUKE_LEFT_OUT | HWY_SSE4)
#else
#define HWY_DISABLED_TARGETS NETSUKE_LEFT_OUT
#endif

// True in the copy that Highway compiles for plain scalars. Machines with nothing better compute by the
// kernels' twins, see scalar_only(): the largest kernels leave that copy empty.
#define NETSUKE_NEVER_RUNS (HWY_TARGET == HWY_SCALAR)
