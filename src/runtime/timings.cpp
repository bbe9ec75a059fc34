#include "runtime/timings.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/error.h"
#include "base/text.h"

namespace netsuke::runtime {
namespace {

constexpr std::string_view kHeader = "netsuke timings 1: nanoseconds of one thread for one image";
// In the order of ConvKernel.
constexpr std::string_view kNames[kDenseKernels] = {"conv", "winograd_2", "winograd_4", "winograd_6"};

std::string linear_key(size_t rows, size_t columns) { return cat("linear ", columns, " -> ", rows); }

std::string short_text(double ns) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, ns, std::chars_format::general, 4).ptr;
  return std::string(text, end);
}

std::string to_text(const SparseTime& time) {
  return cat(" sparse ", short_text(time.fixed), " ", short_text(time.each));
}

// The words of one line behind its shape: names, each with one number or, for sparse, two.
class Words {
 public:
  Words(std::string_view line, std::string_view what, size_t number)
      : rest_(line), what_(what), number_(number) {}

  std::string_view next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(word.size());
    return word;
  }
  double number() {
    const std::string_view word = next();
    double value = 0;
    const auto end = word.data() + word.size();
    if (std::from_chars(word.data(), end, value).ptr != end || word.empty() || !(value >= 0))
      fail_at("found '" + std::string(word) + "', expected nanoseconds");
    return value;
  }
  SparseTime sparse() {
    const double fixed = number();
    return {fixed, number()};
  }
  [[noreturn]] void fail_at(const std::string& problem) const {
    fail(ErrorCode::input, what_, ", line ", number_, ": ", problem);
  }

 private:
  std::string_view rest_, what_;
  size_t number_;
};

ConvTimes parse_conv(Words words) {
  ConvTimes times;
  bool sparse = false;
  for (std::string_view name = words.next(); !name.empty(); name = words.next()) {
    if (name == "sparse") {
      times.sparse = words.sparse(), sparse = true;
      continue;
    }
    const auto found = std::find(std::begin(kNames), std::end(kNames), name);
    if (found == std::end(kNames)) words.fail_at("no kernel is named '" + std::string(name) + "'");
    times.dense[static_cast<size_t>(found - std::begin(kNames))] = words.number();
  }
  if (!times.dense[0] || !sparse) words.fail_at("expected times of kernels 'conv' and 'sparse'");
  return times;
}

LinearTimes parse_linear(Words words) {
  LinearTimes times;
  if (words.next() != "linear") words.fail_at("expected a time of kernel 'linear'");
  times.dense = words.number();
  if (words.next() != "sparse") words.fail_at("expected a time of kernel 'sparse'");
  times.sparse = words.sparse();
  if (const std::string_view name = words.next(); name == "codes") {
    times.codes.emplace();
    for (double& ns : times.codes->ns) ns = words.number();
  } else if (!name.empty()) {
    words.fail_at("expected a time of kernel 'codes'");
  }
  return times;
}

}  // namespace

std::string shape_text(const kernels::ConvShape& s) {
  return cat(s.channels, "x", s.height, "x", s.width, " -> ", s.out_channels, "x", s.out_height, "x",
             s.out_width, " kernel ", s.kernel_h, "x", s.kernel_w, " stride ", s.stride_h, "x", s.stride_w,
             " dilation ", s.dilation_h, "x", s.dilation_w, " pad ", s.pad_top, "x", s.pad_left, " groups ",
             s.groups);
}

Timings Timings::parse(std::string_view text, std::string_view what) {
  Timings timings;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (number == 1) {
      if (line != kHeader)
        fail(ErrorCode::input, what, ", line 1: found '", line, "', expected '", kHeader, "'");
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == line.npos) fail(ErrorCode::input, what, ", line ", number, ": expected SHAPE: TIMES");
    const std::string key(line.substr(0, colon));
    const Words words(line.substr(colon + 1), what, number);
    if (key.starts_with("linear "))
      timings.linears_[key] = parse_linear(words);
    else
      timings.convs_[key] = parse_conv(words);
  }
  return timings;
}

std::string Timings::to_text() const {
  std::string text = cat(kHeader, "\n");
  for (const auto& [shape, times] : convs_) {
    text += cat(shape, ":");
    for (size_t kernel = 0; kernel < kDenseKernels; ++kernel)
      if (times.dense[kernel]) text += cat(" ", kNames[kernel], " ", short_text(*times.dense[kernel]));
    text += cat(runtime::to_text(times.sparse), "\n");
  }
  for (const auto& [shape, times] : linears_) {
    text += cat(shape, ": linear ", short_text(times.dense), runtime::to_text(times.sparse));
    if (times.codes) text += " codes";
    if (times.codes)
      for (const double ns : times.codes->ns) text += cat(" ", short_text(ns));
    text += "\n";
  }
  return text;
}

const ConvTimes* Timings::find(const kernels::ConvShape& shape) const {
  const auto found = convs_.find(shape_text(shape));
  return found == convs_.end() ? nullptr : &found->second;
}

const LinearTimes* Timings::find_linear(size_t rows, size_t columns) const {
  const auto found = linears_.find(linear_key(rows, columns));
  return found == linears_.end() ? nullptr : &found->second;
}

void Timings::set(const kernels::ConvShape& shape, const ConvTimes& times) {
  convs_[shape_text(shape)] = times;
}

void Timings::set_linear(size_t rows, size_t columns, const LinearTimes& times) {
  linears_[linear_key(rows, columns)] = times;
}

}  // namespace netsuke::runtime
