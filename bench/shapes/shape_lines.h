// Reads conv.txt; generate.py says what a line means.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/conv/conv.h"

namespace netsuke::bench {

struct ShapeLine {
  kernels::ConvShape shape;
  std::string text;  ///< the problem, without the networks that have it
};

/// Reads "conv 64 27 27 -> 192 5x5 1x1 2x2 1  # alexnet". Throws std::runtime_error naming the line.
inline ShapeLine parse_shape(const std::string& line) {
  std::istringstream in(line);
  std::string word, arrow;
  kernels::ConvShape s;
  size_t pad_h = 0, pad_w = 0;
  const auto pair = [&](size_t& h, size_t& w) {
    char x = 0;
    in >> h >> x >> w;
    if (x != 'x') in.setstate(std::ios::failbit);
  };
  in >> word >> s.channels >> s.height >> s.width >> arrow >> s.out_channels;
  pair(s.kernel_h, s.kernel_w), pair(s.stride_h, s.stride_w), pair(pad_h, pad_w);
  in >> s.groups;
  if (!in || word != "conv" || arrow != "->") throw std::runtime_error("not a convolution's shape: " + line);
  s.pad_top = pad_h, s.pad_left = pad_w;
  s.out_height = (s.height + 2 * pad_h - s.kernel_h) / s.stride_h + 1;
  s.out_width = (s.width + 2 * pad_w - s.kernel_w) / s.stride_w + 1;
  const std::string text = line.substr(0, line.find('#'));
  return {s, text.substr(0, text.find_last_not_of(' ') + 1)};
}

/// All lines of a file but comments.
inline std::vector<ShapeLine> read_shapes(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<ShapeLine> shapes;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') shapes.push_back(parse_shape(line));
  return shapes;
}

}  // namespace netsuke::bench
