// Reading .nsk files.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "graph/graph.h"
#include "model/ledger.h"

namespace netsuke {

/// True if the bytes start as a .nsk file does.
bool is_model(ByteView bytes);

/// The graph in a .nsk file; `what` names it in errors. Any bytes give a graph that verify() and
/// infer_shapes() accept, or an Error(input) or Error(unsupported); memory stays in proportion to the bytes
/// given. Fills `ledger` if one is given. With `only_records` weights of layers are read to see that they can
/// be, one at a time, and of their values only the bytes stay that they were read from (see Recorded).
Graph read_model(ByteView bytes, std::string_view what, Ledger* ledger = nullptr, bool only_records = false);

/// read_model of a file.
Graph load_model(const std::string& path, bool only_records = false);

}  // namespace netsuke
