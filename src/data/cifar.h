// The binary version of CIFAR-10 (cs.toronto.edu/~kriz/cifar.html): records of one label and 3 x 32 x 32
// bytes.
#pragma once

#include <string>

#include "data/dataset.h"

namespace netsuke {

/// True if `path` holds data_batch_1.bin or test_batch.bin.
bool is_cifar_folder(const std::string& path);

/// data_batch_1.bin to data_batch_5.bin, or test_batch.bin; class names from batches.meta.txt where it
/// exists. Throws Error(input) naming the file that is missing, cut short or holds a label above 9.
DatasetPtr read_cifar(const std::string& path, bool train, const std::string& name);

}  // namespace netsuke
