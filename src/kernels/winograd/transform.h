// The matrices of F(m, 3): B^T, G and A^T of Lavin and Gray, from the interpolation points 0, 1, -1, 2, -2,
// 1/2, -1/2 (as many as needed) and infinity.
#pragma once

#include <cstddef>

namespace netsuke::kernels {

/// Rows 1 and 2, 3 and 4, ... of `input` belong to a point and its negative: they agree in the even columns
/// and differ by sign in the odd ones, and the columns of `output` likewise. The transforms make use of that.
template <size_t kTile>
struct WinogradMatrices;

template <>
struct WinogradMatrices<2> {
  static constexpr float input[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
  static constexpr double filter[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
  static constexpr float output[2][4] = {{1, 1, 1, 0}, {0, 1, -1, 1}};
};

template <>
struct WinogradMatrices<4> {
  static constexpr float input[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                        {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
  static constexpr double filter[6][3] = {{1.0 / 4, 0, 0},
                                          {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                          {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                          {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                          {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                          {0, 0, 1}};
  static constexpr float output[4][6] = {
      {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
};

template <>
struct WinogradMatrices<6> {
  static constexpr float input[8][8] = {
      {1, 0, -5.25f, 0, 5.25f, 0, -1, 0},      {0, 1, 1, -4.25f, -4.25f, 1, 1, 0},
      {0, -1, 1, 4.25f, -4.25f, -1, 1, 0},     {0, .5f, .25f, -2.5f, -1.25f, 2, 1, 0},
      {0, -.5f, .25f, 2.5f, -1.25f, -2, 1, 0}, {0, 2, 4, -2.5f, -5, .5f, 1, 0},
      {0, -2, 4, 2.5f, -5, -.5f, 1, 0},        {0, -1, 0, 5.25f, 0, -5.25f, 0, 1}};
  static constexpr double filter[8][3] = {{1, 0, 0},
                                          {-2.0 / 9, -2.0 / 9, -2.0 / 9},
                                          {-2.0 / 9, 2.0 / 9, -2.0 / 9},
                                          {1.0 / 90, 1.0 / 45, 2.0 / 45},
                                          {1.0 / 90, -1.0 / 45, 2.0 / 45},
                                          {32.0 / 45, 16.0 / 45, 8.0 / 45},
                                          {32.0 / 45, -16.0 / 45, 8.0 / 45},
                                          {0, 0, 1}};
  static constexpr float output[6][8] = {{1, 1, 1, 1, 1, 1, 1, 0},
                                         {0, 1, -1, 2, -2, .5f, -.5f, 0},
                                         {0, 1, 1, 4, 4, .25f, .25f, 0},
                                         {0, 1, -1, 8, -8, .125f, -.125f, 0},
                                         {0, 1, 1, 16, 16, .0625f, .0625f, 0},
                                         {0, 1, -1, 32, -32, .03125f, -.03125f, 1}};
};

}  // namespace netsuke::kernels
