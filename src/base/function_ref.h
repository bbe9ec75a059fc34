// A callable as a parameter, without the memory that std::function may allocate.
#pragma once

#include <type_traits>
#include <utility>

namespace netsuke {

template <class Signature>
class FunctionRef;

/// Refers to a callable for as long as a call lasts: a parameter, never a member.
template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class Callable>
  // The constraint is what the check asks for; clang-tidy 14 sees it in enable_if only.
  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload)
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef>) FunctionRef(Callable&& callable)
      : object_(const_cast<void*>(static_cast<const void*>(&callable))),
        call_([](void* object, Args... args) -> Result {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

}  // namespace netsuke
