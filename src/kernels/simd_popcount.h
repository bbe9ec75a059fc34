// simd.h for kernels that count bits: compiled for AVX-512 with VPOPCNTDQ (Ice Lake, Zen 4 and later) as
// well, which other kernels have no use for. Highway calls that target AVX3_DL.
#pragma once

#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL 1
#endif

#include "kernels/simd.h"
