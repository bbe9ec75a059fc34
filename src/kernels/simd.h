// Included before any Highway header of a kernel. Vectors whose length is only known at run time can't be
// kept in arrays, as our register tiles are, so these targets are left out; machines that have them use their
// fixed-length ones.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
