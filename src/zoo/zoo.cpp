#include "zoo/zoo.h"

#include "base/catalog.h"
#include "zoo/lenet.h"

namespace netsuke::zoo {

std::span<const Architecture> architectures() {
  static const Architecture rows[] = {
      {"lenet_300_100",
       "two hidden linear layers (LeCun 1998; Deep Compression)",
       {1, 28, 28},
       10,
       lenet_flags,
       lenet_300_100},
      {"lenet_5", "Caffe's LeNet, 20-50-500-10 (Deep Compression)", {1, 28, 28}, 10, lenet_flags, lenet_5},
  };
  return rows;
}

Graph build(std::string_view name, const Options& options) {
  const Architecture& row = find_row(architectures(), name, "architecture");
  for (const auto& [flag, value] : options.flags) find_row(row.flags, flag, cat("flag of ", row.name));
  Options complete = options;
  for (const Flag& flag : row.flags) complete.flags.try_emplace(std::string(flag.name), flag.fallback);
  if (!complete.input) complete.input = row.input;
  if (!complete.classes) complete.classes = row.classes;
  if (complete.input->size() != 3)
    fail(ErrorCode::usage, row.name, ": an input of ", to_text(*complete.input),
         " was asked for, expected channels x height x width as in ", to_text(row.input));
  if (*complete.classes < 1)
    fail(ErrorCode::usage, row.name, ": ", *complete.classes, " classes were asked for, expected at least 1");
  return row.build(complete);
}

}  // namespace netsuke::zoo
