#include "graph/op.h"

#include <string>
#include <vector>

#include "base/error.h"

namespace netsuke {
namespace {

// Calls `visit` with a default-made op of every alternative of the variant.
template <class Visitor, size_t... I>
void for_each_op(Visitor&& visit, std::index_sequence<I...>) {
  (visit(std::variant_alternative_t<I, AnyOp>{}), ...);
}
template <class Visitor>
void for_each_op(Visitor&& visit) {
  for_each_op(visit, std::make_index_sequence<std::variant_size_v<AnyOp>>{});
}

Arity arity_of(const Conv2d&) { return {2, 3, {"x", "weight", "bias"}}; }
Arity arity_of(const Linear&) { return {2, 3, {"x", "weight", "bias"}}; }
Arity arity_of(const BatchNorm&) { return {5, 5, {"x", "scale", "bias", "mean", "variance"}}; }
Arity arity_of(const LayerNorm&) { return {3, 3, {"x", "scale", "bias"}}; }
Arity arity_of(const GroupNorm&) { return {3, 3, {"x", "scale", "bias"}}; }
Arity arity_of(const ConvTranspose2d&) { return {2, 3, {"x", "weight", "bias"}}; }
Arity arity_of(const PRelu&) { return {2, 2, {"x", "slope"}}; }
// Either may be a constant.
constexpr Arity kArithmetic{2, 2, {"operand", "operand"}};
Arity arity_of(const Add&) { return kArithmetic; }
Arity arity_of(const Mul&) { return kArithmetic; }
Arity arity_of(const Sub&) { return kArithmetic; }
Arity arity_of(const Div&) { return kArithmetic; }
Arity arity_of(const Concat&) { return {2, 64, {"x"}}; }
template <class Other>
Arity arity_of(const Other&) {
  return {1, 1, {"x"}};
}

}  // namespace

Op::Op(const Op& other) = default;
Op::Op(Op&& other) noexcept = default;
Op& Op::operator=(const Op& other) = default;
Op& Op::operator=(Op&& other) noexcept = default;
Op::~Op() = default;
bool Op::operator==(const Op& other) const {
  return static_cast<const AnyOp&>(*this) == static_cast<const AnyOp&>(other);
}

std::string_view op_name(const Op& op) {
  return std::visit([](const auto& o) { return o.name; }, op);
}

uint8_t op_id(const Op& op) {
  return std::visit([](const auto& o) { return o.id; }, op);
}

Op op_from_name(std::string_view name) {
  const Op* found = nullptr;
  Op op;
  std::vector<std::string> names;
  for_each_op([&](const auto& candidate) {
    names.emplace_back(candidate.name);
    if (candidate.name == name) op = candidate, found = &op;
  });
  if (!found) fail(ErrorCode::unsupported, "no op is named '", name, "'; there are: ", join(names));
  return op;
}

Op op_from_id(uint8_t id) {
  bool found = false;
  Op op;
  for_each_op([&](const auto& candidate) {
    if (candidate.id == id) op = candidate, found = true;
  });
  if (!found) fail(ErrorCode::unsupported, "no op has the number ", static_cast<int>(id), " in this version");
  return op;
}

Arity arity(const Op& op) {
  return std::visit([](const auto& o) { return arity_of(o); }, op);
}

}  // namespace netsuke
