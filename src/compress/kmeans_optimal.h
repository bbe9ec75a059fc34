// The best clustering of values on a line, by dynamic programming.
#pragma once

#include "compress/sorted.h"

namespace netsuke::compress {

/// Centroids, ascending, that minimise the sum of squared distances of the values to the nearest of them
/// (Wang and Song 2011): the best c clusters of the first j values are the best c - 1 of the first i and one
/// of the rest, and the best i only grows with j, so that halving finds it in O(clusters n log n). Exact for
/// up to 32,768 values (fewer for more than 512 clusters); more are first merged into as many bins of equal
/// count.
std::vector<double> optimal_centroids(const SortedValues& values, size_t clusters);

}  // namespace netsuke::compress
