// For tests: how often a program that links count_allocations.cpp has called operator new.
#pragma once

#include <cstddef>

namespace netsuke::runtime {

size_t allocations();

}  // namespace netsuke::runtime
