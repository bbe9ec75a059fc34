// Finding a row of a table by its name, with an error that helps.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace netsuke {

/// The row of `rows` whose member `name` is `wanted`. Throws Error(usage) that lists what there is and the
/// nearest match; `kind` names the table ("architecture", "stage").
template <class Row>
const Row& find_row(std::span<const Row> rows, std::string_view wanted, std::string_view kind) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (row.name == wanted) return row;
    names.emplace_back(row.name);
  }
  const std::string near = closest(wanted, names);
  const std::string hint = near.empty() ? "" : cat(" (did you mean '", near, "'?)");
  fail(ErrorCode::usage, "no ", kind, " is named '", wanted, "'", hint, "; there are: ", join(names));
}

}  // namespace netsuke
