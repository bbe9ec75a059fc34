// One list of fields per op serves text, the file, equality and documentation.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace netsuke {

/// A size or step in both spatial directions: height, then width.
struct Pair {
  int h = 1;
  int w = 1;
  bool operator==(const Pair&) const = default;
};

/// Zero padding on each side of an image, in elements.
struct Pads {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;
  bool operator==(const Pads&) const = default;
};

/// A short list of dimensions or of their numbers.
struct Dims {
  std::vector<int64_t> values;
  bool operator==(const Dims&) const = default;
};

/// A named member of an attribute struct. Members are int, float, bool, Pair, Pads or Dims.
template <class Struct, class Member>
struct Field {
  std::string_view name;
  Member Struct::*member;
};

template <class Struct, class Member>
constexpr Field<Struct, Member> field(std::string_view name, Member Struct::*member) {
  return {name, member};
}

/// Calls `visit(name, value)` for every field of `op`, in order. Works for const and mutable ops.
template <class Op, class Visitor>
void for_each_field(Op& op, Visitor&& visit) {
  std::apply([&](const auto&... f) { (visit(f.name, op.*(f.member)), ...); },
             std::remove_cvref_t<Op>::fields());
}

}  // namespace netsuke
