// The one JSON object that every verb prints: the same keys everywhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "graph/graph.h"
#include "model/write.h"

namespace netsuke::report {

using Json = nlohmann::ordered_json;

/// model, input (its shape, batch 1), bytes, bytes_fp32, ratio, params, macs, layers. Without a ledger (a
/// network that is not in a file) bytes are those of its floats.
Json describe(const Graph& graph, const std::string& model, const Ledger* ledger);

/// As text, on one line or indented. Names of files and labels may be in any encoding; what is not UTF-8
/// becomes U+FFFD.
std::string text_of(const Json& json, int indent = -1);

/// images, top1, top5, error: per cent.
void add_accuracy(Json& json, int64_t images, double top1, double top5);

}  // namespace netsuke::report
