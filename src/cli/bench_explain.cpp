#include "cli/bench_explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "graph/shapes.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

/// By the names of the nodes.
std::map<std::string, Traffic> traffic_of(const Graph& graph) {
  const std::vector<Shape> shapes = infer_shapes(graph);
  const auto bytes = [&](ValueId value) { return 4.0 * static_cast<double>(element_count(shapes[value])); };
  std::map<std::string, Traffic> all;
  for (const Node& node : graph.nodes) {
    Traffic& traffic = all[node_name(graph, node)];
    for (ValueId input : node.inputs)
      (graph.values[input].weight ? traffic.weights : traffic.activations) += bytes(input);
    if (const WeightPtr weight = node.inputs.size() > 1 ? graph.values[node.inputs[1]].weight : nullptr)
      traffic.kept = static_cast<double>(kept_count(*weight)) /
                     static_cast<double>(std::max<int64_t>(1, weight_count(*weight)));
    traffic.activations += bytes(node.output);
  }
  return all;
}

/// How near the step is to its limit; times in milliseconds for one image.
void judge(StepRow& row, double network_bytes, const kernels::Limits& limits) {
  if (row.step.ms <= 0) return;
  const bool signs = row.step.kernel == "binary_conv";
  const Traffic& t = row.traffic;
  const double flops = 2.0 * static_cast<double>(row.step.macs) * t.kept;
  const double compute_ms = signs ? 1e-9 * flops / limits.sign_tops : 1e-6 * flops / limits.gflops;
  const double memory_ms =
      1e-6 * (t.weights / limits.read_gb(network_bytes) + t.activations / limits.read_gb(t.activations));
  row.gflops = 1e-6 * flops / row.step.ms;
  row.limit = std::max(compute_ms, memory_ms) / row.step.ms;
  if (row.limit > 0) row.bound = compute_ms <= memory_ms ? "memory" : signs ? "signs" : "fma";
}

double total_ms(std::span<const StepRow> rows) {
  double ms = 0;
  for (const StepRow& row : rows) ms += row.step.ms;
  return ms;
}

std::string op_text(const runtime::StepReport& step) {
  return step.activation.empty() ? std::string(step.op) : cat(step.op, " + ", step.activation);
}

/// One column of the table; a new one is a new line below.
struct Column {
  const char* title;
  std::string (*cell)(const StepRow& row, double total);
};

constexpr Column kColumns[] = {
    {"<layer", [](const StepRow& r, double) { return r.step.name; }},
    {"<op", [](const StepRow& r, double) { return op_text(r.step); }},
    {"<kernel", [](const StepRow& r, double) { return std::string(r.step.kernel); }},
    {"ms", [](const StepRow& r, double) { return fmt::format("{:.3f}", r.step.ms); }},
    {"%", [](const StepRow& r, double total) { return fmt::format("{:.1f}", 100 * r.step.ms / total); }},
    {"GFLOP/s",
     [](const StepRow& r, double) { return r.step.macs > 0 ? fmt::format("{:.1f}", r.gflops) : "-"; }},
    {"of limit",
     [](const StepRow& r, double) { return r.bound.empty() ? "-" : fmt::format("{:.0f} %", 100 * r.limit); }},
    {"<limit", [](const StepRow& r, double) { return std::string(r.bound); }},
};

}  // namespace

std::vector<StepRow> explained(const Graph& graph, std::span<const runtime::StepReport> steps, int64_t batch,
                               const kernels::Limits& limits) {
  const std::map<std::string, Traffic> traffic = traffic_of(graph);
  std::vector<StepRow> rows;
  for (const runtime::StepReport& step : steps) {
    StepRow row{.step = step};
    if (const auto found = traffic.find(step.name); found != traffic.end()) row.traffic = found->second;
    Traffic& t = row.traffic;
    if (step.weight_bytes > 0) t.weights = std::min(t.weights, static_cast<double>(step.weight_bytes));
    t.weights /= static_cast<double>(batch);
    if (!step.kernel.starts_with("sparse")) t.kept = 1;
    judge(row, static_cast<double>(4 * constant_count(graph)), limits);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string explained_text(std::span<const StepRow> rows) {
  std::vector<std::string> titles;
  for (const Column& column : kColumns) titles.emplace_back(column.title);
  report::Table table(titles);
  const double total = std::max(total_ms(rows), 1e-9);
  std::string refused;
  for (const StepRow& row : rows) {
    std::vector<std::string> cells;
    for (const Column& column : kColumns) cells.push_back(column.cell(row, total));
    table.row(std::move(cells));
    if (!row.step.refused.empty()) refused += fmt::format("{}: {}\n", row.step.name, row.step.refused);
  }
  return table.render() + (refused.empty() ? "" : "\n" + refused);
}

report::Json explained_json(std::span<const StepRow> rows) {
  report::Json steps = report::Json::array();
  const double total = std::max(total_ms(rows), 1e-9);
  for (const StepRow& row : rows) {
    report::Json step{{"name", row.step.name},
                      {"op", row.step.op},
                      {"activation", row.step.activation},
                      {"kernel", row.step.kernel},
                      {"macs", row.step.macs},
                      {"ms", row.step.ms},
                      {"percent", 100 * row.step.ms / total},
                      {"gflops", row.gflops},
                      {"limit", row.limit},
                      {"bound", row.bound}};
    if (!row.step.refused.empty()) step["refused"] = row.step.refused;
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string limits_text(const kernels::Limits& limits) {
  return fmt::format(
      "this machine at most: {:.1f} GFLOP/s (multiply-adds of floats), {:.2f} TOP/s on signs; reads {:.0f} "
      "GB/s from the first cache, {:.0f} from the second, {:.0f} from the last, {:.1f} from memory\n",
      limits.gflops, limits.sign_tops, limits.l1.gb, limits.l2.gb, limits.l3.gb, limits.memory.gb);
}

report::Json limits_json(const kernels::Limits& limits) {
  return {{"gflops", limits.gflops}, {"sign_tops", limits.sign_tops}, {"l1_gb", limits.l1.gb},
          {"l2_gb", limits.l2.gb},   {"l3_gb", limits.l3.gb},         {"memory_gb", limits.memory.gb}};
}

}  // namespace netsuke::cli
