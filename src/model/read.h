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
/// given. Fills `ledger` if one is given. With `keep_records` every weight keeps the bytes that it was read
/// from.
Graph read_model(ByteView bytes, std::string_view what, Ledger* ledger = nullptr, bool keep_records = false);

/// read_model of a file.
Graph load_model(const std::string& path, bool keep_records = false);

/// The weight of such a record, once more.
Weight reread(const Bytes& record);

}  // namespace netsuke
