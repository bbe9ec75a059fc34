// Reading a TOML table strictly: each key is asked for by name, and one that nobody asked for is an error.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "base/error.h"

namespace netsuke::recipe {

class Keys {
 public:
  /// `where` begins every error: "deep-compression.toml, stage 2 (share)".
  Keys(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  template <class T>
  std::optional<T> get(std::string_view key) {
    const toml::node* node = find(key);
    if (!node) return std::nullopt;
    return as<T>(*node, key);
  }
  template <class T>
  void set(std::string_view key, T& target) {
    if (const auto value = get<T>(key)) target = *value;
  }
  /// A number, or a table of numbers by layer name, pattern or kind.
  template <class T>
  std::optional<std::map<std::string, T>> by_layer(std::string_view key) {
    const toml::node* node = find(key);
    if (!node) return std::nullopt;
    std::map<std::string, T> values;
    if (const toml::table* table = node->as_table()) {
      for (const auto& [layer, value] : *table)
        values[std::string(layer.str())] = as<T>(value, std::string(key) + "." + std::string(layer.str()));
    } else {
      values["*"] = as<T>(*node, key);
    }
    return values;
  }
  /// A list of texts.
  std::optional<std::vector<std::string>> texts(std::string_view key) {
    const toml::node* node = find(key);
    if (!node) return std::nullopt;
    const toml::array* list = node->as_array();
    if (!list) wrong(*node, key, "a list of texts");
    std::vector<std::string> values;
    for (const toml::node& item : *list) values.push_back(as<std::string>(item, key));
    return values;
  }
  /// A key that the caller reads by itself.
  void allow(std::string_view key) { asked_.emplace(key); }
  /// Says more exactly where we are, once the kind of table is known.
  void rename(std::string where) { where_ = std::move(where); }
  const toml::table* table(std::string_view key) {
    const toml::node* node = find(key);
    if (node && !node->is_table()) wrong(*node, key, "a table");
    return node ? node->as_table() : nullptr;
  }
  /// Throws Error(input) for the first key that was never asked for.
  void finish() const {
    std::vector<std::string> known(asked_.begin(), asked_.end());
    for (const auto& [key, value] : table_) {
      const std::string name(key.str());
      if (asked_.contains(name)) continue;
      const std::string near = closest(name, known);
      fail(ErrorCode::input, where_, ": unknown key '", name, "' on line ", value.source().begin.line,
           near.empty() ? "" : cat(" (did you mean '", near, "'?)"), "; it takes: ", join(known));
    }
  }
  const std::string& where() const { return where_; }

 private:
  const toml::node* find(std::string_view key) {
    asked_.emplace(key);
    return table_.get(key);
  }
  template <class T>
  T as(const toml::node& node, std::string_view key) const {
    if constexpr (std::is_same_v<T, double>) {
      if (node.is_number()) return *node.value<double>();
      wrong(node, key, "a number");
    } else if constexpr (std::is_same_v<T, int>) {
      if (const auto number = node.as_integer(); number && std::abs(number->get()) < 1'000'000'000)
        return static_cast<int>(number->get());
      wrong(node, key, "a whole number");
    } else if constexpr (std::is_same_v<T, bool>) {
      if (node.is_boolean()) return *node.value<bool>();
      wrong(node, key, "true or false");
    } else {
      if (node.is_string()) return *node.value<std::string>();
      wrong(node, key, "a text in quotes");
    }
  }
  [[noreturn]] void wrong(const toml::node& node, std::string_view key, std::string_view expected) const {
    fail(ErrorCode::input, where_, ": key '", key, "' on line ", node.source().begin.line, " must be ",
         expected);
  }

  const toml::table& table_;
  std::string where_;
  std::set<std::string> asked_;
};

}  // namespace netsuke::recipe
