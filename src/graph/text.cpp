#include "graph/text.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"

namespace netsuke {
namespace {

// --- One field's value as text, and back. Overloads, so that for_each_field finds them.

void put(std::string& out, int value) { Piece(value).append_to(out); }
void put(std::string& out, float value) { Piece(value).append_to(out); }
void put(std::string& out, bool value) { Piece(value).append_to(out); }
void put(std::string& out, const Pair& value) { out += cat(value.h, 'x', value.w); }
void put(std::string& out, const Pads& p) { out += cat(p.top, ',', p.left, ',', p.bottom, ',', p.right); }

void put(std::string& out, const Dims& dims) {
  std::string_view separator;
  for (int64_t dim : dims.values) out += cat(std::exchange(separator, ","), dim);
}

int small_integer(std::string_view text, std::string_view what) {
  const long long value = parse_integer(text, what);
  if (value < -(1 << 24) || value > 1 << 24) fail(ErrorCode::input, what, ": ", value, " is out of range");
  return static_cast<int>(value);
}

void get(std::string_view text, std::string_view what, int& value) { value = small_integer(text, what); }
void get(std::string_view text, std::string_view what, float& value) {
  value = static_cast<float>(parse_number(text, what));
}
void get(std::string_view text, std::string_view what, bool& value) {
  if (text != "true" && text != "false")
    fail(ErrorCode::input, what, ": found '", text, "', expected true or false");
  value = text == "true";
}
std::vector<int> integers(std::string_view text, char separator, size_t count, std::string_view what) {
  std::vector<int> values;
  for (const std::string& piece : split(text, separator)) values.push_back(small_integer(piece, what));
  if (values.size() != count)
    fail(ErrorCode::input, what, ": found '", text, "', expected ", count, " numbers with '", separator, "'");
  return values;
}
void get(std::string_view text, std::string_view what, Pair& value) {
  const std::vector<int> v = integers(text, 'x', 2, what);
  value = {v[0], v[1]};
}
void get(std::string_view text, std::string_view what, Pads& value) {
  const std::vector<int> v = integers(text, ',', 4, what);
  value = {v[0], v[1], v[2], v[3]};
}
void get(std::string_view text, std::string_view what, Dims& value) {
  value.values.clear();
  for (const std::string& piece : split(text, ',')) value.values.push_back(parse_integer(piece, what));
  if (value.values.size() > kMaxRank)
    fail(ErrorCode::input, what, ": more than ", kMaxRank, " numbers in '", text, "'");
}

// --- Writing

std::string attributes(const Op& op) {
  std::string out;
  std::visit(
      [&](const auto& o) {
        // Fields are printed only where they differ from a default-made op's.
        std::vector<std::string> defaults;
        const std::decay_t<decltype(o)> plain;
        for_each_field(plain,
                       [&](std::string_view, const auto& value) { put(defaults.emplace_back(), value); });
        size_t i = 0;
        for_each_field(o, [&](std::string_view name, const auto& value) {
          std::string text;
          put(text, value);
          if (text != defaults[i++]) out += cat(' ', name, '=', text);
        });
      },
      op);
  return out;
}

std::string weight_line(const Value& value, int64_t values_up_to) {
  const Weight& weight = *value.weight;
  std::string line = cat("weight ", value.name, ' ', to_text(weight.shape));
  if (weight_count(weight) <= values_up_to) {
    line += " =";
    for (float v : to_dense(weight).data) line += cat(' ', v);
  }
  const std::string_view form = encoding_name(weight.encoding);
  if (form != "dense") line += cat("  # ", form, ", ", kept_count(weight), " kept");
  return line + '\n';
}

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\\')
      out += "\\\\";
    else
      out += c;
  }
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size())
      out += text[i];
    else
      out += text[++i] == 'n' ? '\n' : text[i];
  }
  return out;
}

// --- Reading: one object holds the graph so far and the line that is being read.

class Parser {
 public:
  Graph parse(std::string_view text) {
    for (const std::string& raw : split(text, '\n')) {
      ++line_;
      parse_line(trim(raw));
    }
    verify(graph_);
    return std::move(graph_);
  }

 private:
  template <class... Parts>
  void expect(bool ok, const Parts&... parts) const {
    require(ok, "line ", line_, ": ", parts...);
  }

  void parse_line(std::string_view line) {
    if (line.empty() || line[0] == '#') return;
    const size_t space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? "" : trim(line.substr(space));
    if (word == "graph")
      graph_.name = std::string(rest);
    else if (word == "input")
      parse_input(rest);
    else if (word == "weight")
      parse_weight(rest);
    else if (word == "meta")
      parse_meta(rest);
    else if (word == "output")
      graph_.outputs.push_back(known(rest));
    else
      parse_node(line);
  }

  ValueId add(Value value) {
    expect(ids_.try_emplace(value.name, static_cast<ValueId>(graph_.values.size())).second,
           "two values are named '", value.name, "'");
    graph_.values.push_back(std::move(value));
    return static_cast<ValueId>(graph_.values.size() - 1);
  }

  ValueId known(std::string_view name) const {
    const auto found = ids_.find(std::string(name));
    expect(found != ids_.end(), "no value is named '", name, "' so far");
    return found->second;
  }

  void parse_input(std::string_view rest) {
    const size_t space = rest.find(' ');
    expect(space != std::string_view::npos, "expected 'input NAME SHAPE'");
    const Shape shape = parse_shape(trim(rest.substr(space)), cat("line ", line_));
    graph_.inputs.push_back(add({std::string(rest.substr(0, space)), shape, nullptr}));
  }

  void parse_weight(std::string_view rest) {
    rest = trim(rest.substr(0, rest.find('#')));
    const size_t equals = rest.find('='), space = rest.find(' ');
    expect(space != std::string_view::npos, "expected 'weight NAME SHAPE [= VALUES]'");
    Tensor tensor(parse_shape(trim(rest.substr(0, equals).substr(space)), cat("line ", line_)));
    if (equals != std::string_view::npos) parse_values(trim(rest.substr(equals + 1)), tensor);
    add({std::string(rest.substr(0, space)), {}, make_dense(std::move(tensor))});
  }

  void parse_values(std::string_view text, Tensor& tensor) {
    std::vector<float> values;
    for (const std::string& piece : split(text, ' '))
      if (!piece.empty()) values.push_back(static_cast<float>(parse_number(piece, cat("line ", line_))));
    expect(values.size() == tensor.size(), values.size(), " values for shape ", to_text(tensor.shape));
    tensor.data = std::move(values);
  }

  void parse_meta(std::string_view rest) {
    const size_t equals = rest.find('=');
    expect(equals != std::string_view::npos, "expected 'meta KEY = TEXT'");
    graph_.metadata[std::string(trim(rest.substr(0, equals)))] = unescape(trim(rest.substr(equals + 1)));
  }

  // NAME = OP(INPUT, ...) ATTRIBUTE=VALUE ...
  void parse_node(std::string_view line) {
    const size_t equals = line.find('='), open = line.find('('), close = line.find(')');
    expect(equals < open && open < close && close != std::string_view::npos,
           "expected 'graph', 'input', 'weight', 'meta', 'output' or 'NAME = OP(INPUTS)', found '", line,
           "'");
    Node node;
    node.op = op_from_name(trim(line.substr(equals + 1, open - equals - 1)));
    for (const std::string& name : split(line.substr(open + 1, close - open - 1), ','))
      node.inputs.push_back(known(trim(name)));
    for (const std::string& piece : split(line.substr(close + 1), ' '))
      if (!piece.empty()) parse_attribute(piece, node.op);
    node.output = add({std::string(trim(line.substr(0, equals))), {}, nullptr});
    graph_.nodes.push_back(std::move(node));
  }

  void parse_attribute(std::string_view piece, Op& op) {
    const size_t equals = piece.find('=');
    const std::string_view name = piece.substr(0, equals);
    expect(equals != std::string_view::npos, "expected ATTRIBUTE=VALUE, found '", piece, "'");
    bool found = false;
    std::visit(
        [&](auto& o) {
          for_each_field(o, [&](std::string_view field_name, auto& value) {
            if (field_name != name) return;
            found = true;
            get(piece.substr(equals + 1), cat("line ", line_, ", ", name), value);
          });
        },
        op);
    expect(found, op_name(op), " has no attribute '", name, "'");
  }

  Graph graph_;
  std::map<std::string, ValueId> ids_;
  int line_ = 0;
};

}  // namespace

std::string to_text(const Graph& graph, int64_t values_up_to) {
  std::string out = cat("graph ", graph.name, '\n');
  for (ValueId id : graph.inputs)
    out += cat("input ", graph.values[id].name, ' ', to_text(graph.values[id].shape), '\n');
  for (const Value& value : graph.values)
    if (value.weight) out += weight_line(value, values_up_to);
  for (const auto& [key, text] : graph.metadata) out += cat("meta ", key, " = ", escape(text), '\n');
  for (const Node& node : graph.nodes) {
    std::vector<std::string> inputs;
    for (ValueId id : node.inputs) inputs.push_back(graph.values[id].name);
    out += cat(node_name(graph, node), " = ", op_name(node.op), '(', join(inputs), ')', attributes(node.op),
               '\n');
  }
  for (ValueId id : graph.outputs) out += cat("output ", graph.values[id].name, '\n');
  return out;
}

Graph graph_from_text(std::string_view text) { return Parser().parse(text); }

}  // namespace netsuke
