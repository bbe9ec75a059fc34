// The binary versions of CIFAR-10 and CIFAR-100 (cs.toronto.edu/~kriz/cifar.html).
#pragma once

#include <string>

#include "data/dataset.h"

namespace netsuke {

/// True if `path` holds data_batch_1.bin or test_batch.bin (CIFAR-10), train.bin or test.bin (CIFAR-100).
bool is_cifar_folder(const std::string& path);

/// CIFAR-10's five batches or its test batch, CIFAR-100's two files with their fine labels; class names from
/// batches.meta.txt or fine_label_names.txt where they exist. Throws Error(input) naming the file that is
/// missing, cut short or holds a label that is too large.
DatasetPtr read_cifar(const std::string& path, bool train, const std::string& name);

}  // namespace netsuke
