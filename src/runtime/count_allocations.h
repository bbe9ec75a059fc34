// For tests: how often a program that links count_allocations.cpp has called operator new.
#pragma once

#include <cstddef>

namespace netsuke::runtime {

size_t allocations();
/// False under sanitizers, which have an operator new of their own.
bool counts_allocations();

}  // namespace netsuke::runtime
