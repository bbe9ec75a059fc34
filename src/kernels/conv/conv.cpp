#include "kernels/conv/conv.h"

#include <algorithm>

namespace netsuke::kernels {
namespace {

// With fewer channels than this, pieces of a window's whole rows are worth a padded copy of the image.
constexpr size_t kFewChannels = 8;

bool pads_first(const ConvShape& s) {
  return s.channels < kFewChannels && s.groups == 1 && s.shuffle == 1 && s.dilation_w == 1 &&
         !s.is_pointwise();
}

// Pieces of a row of the matrix of windows where it is found place by place.
size_t places(const ConvShape& s) { return s.kernel_h * s.kernel_w * s.shuffle; }

// The channels that a group reads of each of the shuffle's groups: all of its own where there is no shuffle.
struct Stretch {
  size_t first = 0, length = 0;
};

Stretch stretch_of(const ConvShape& s, size_t group) {
  const size_t inputs = s.channels / s.groups, first = group * inputs / s.shuffle;
  return {first, ((group + 1) * inputs + s.shuffle - 1) / s.shuffle - first};
}

// Memory for pointers, counted in floats.
size_t table_floats(const ConvShape& s) {
  const size_t pointers = places(s) * kProductRows;
  return (pointers * sizeof(const float*) + kCacheLine) / sizeof(float);
}

// Finds the pieces of the rows of the matrix of windows: for each pixel of a block, one pointer for each
// place of the kernel, or for each row of it where the image is a padded copy.
class Windows {
 public:
  Windows(const ConvShape& shape, const ConvWeights& weights, const ImageArguments& image,
          const ConvPart& part, float* scratch)
      : shape_(shape), image_(image), zeros_(weights.zeros.data()), padded_(pads_first(shape)) {
    table_ = reinterpret_cast<const float**>(scratch);
    if (padded_) pad(part, scratch + table_floats(shape));
  }

  size_t pieces() const { return padded_ ? shape_.kernel_h : places(shape_); }
  size_t length(const Stretch& stretch) const {
    return padded_ ? shape_.kernel_w * shape_.channels : stretch.length;
  }

  // The table for `count` pixels from `first` on: piece p of pixel i at [p * count + i].
  const float* const* find(size_t first, size_t count) const {
    size_t y = first / shape_.out_width, x = first % shape_.out_width;
    for (size_t i = 0; i < count; ++i) {
      if (padded_)
        find_rows(y, x, table_ + i, count);
      else
        find_places(y, x, table_ + i, count);
      if (++x == shape_.out_width) x = 0, ++y;
    }
    return table_;
  }

 private:
  void find_rows(size_t y, size_t x, const float** to, size_t step) const {
    const size_t row_floats = shape_.padded_width() * shape_.channels;
    const float* corner =
        copy_ + (y * shape_.stride_h - copy_top_) * row_floats + x * shape_.stride_w * shape_.channels;
    for (size_t ky = 0; ky < shape_.kernel_h; ++ky)
      to[ky * step] = corner + ky * shape_.dilation_h * row_floats;
  }

  // Unsigned wrap-around makes a position left of or above the image a very large one.
  void find_places(size_t y, size_t x, const float** to, size_t step) const {
    for (size_t ky = 0; ky < shape_.kernel_h; ++ky) {
      const size_t in_y = y * shape_.stride_h + ky * shape_.dilation_h - shape_.pad_top;
      for (size_t kx = 0; kx < shape_.kernel_w; ++kx) {
        const size_t in_x = x * shape_.stride_w + kx * shape_.dilation_w - shape_.pad_left;
        const float* pixel = in_y < shape_.height && in_x < shape_.width
                                 ? image_.in + (in_y * shape_.width + in_x) * image_.in_stride
                                 : zeros_;
        for (size_t i = 0; i < shape_.shuffle; ++i, to += step)
          *to = pixel + i * (shape_.channels / shape_.shuffle);
      }
    }
  }

  // Copies the rows that the part's windows cover, with their padding.
  void pad(const ConvPart& part, float* copy) {
    copy_ = copy;
    copy_top_ = part.first_pixel / shape_.out_width * shape_.stride_h;
    const size_t last_y = (part.last_pixel - 1) / shape_.out_width;
    const size_t bottom = last_y * shape_.stride_h + (shape_.kernel_h - 1) * shape_.dilation_h + 1;
    for (size_t y = copy_top_; y < bottom; ++y) copy = pad_row(y - shape_.pad_top, copy);
  }

  float* pad_row(size_t y, float* to) const {
    const size_t c = shape_.channels, width = shape_.padded_width();
    if (y >= shape_.height || width <= shape_.pad_left) return std::fill_n(to, width * c, 0.0f);
    to = std::fill_n(to, shape_.pad_left * c, 0.0f);
    const size_t inside = std::min(shape_.width, width - shape_.pad_left);
    const float* row = image_.in + y * shape_.width * image_.in_stride;
    if (image_.in_stride == c)
      to = std::copy_n(row, inside * c, to);
    else  // not copy_n, which is a function call for each pixel
      for (size_t x = 0; x < inside; ++x, row += image_.in_stride)
        for (size_t i = 0; i < c; ++i) *to++ = row[i];
    return std::fill_n(to, (width - shape_.pad_left - inside) * c, 0.0f);
  }

  const ConvShape& shape_;
  const ImageArguments& image_;
  const float* zeros_;
  const bool padded_;
  const float** table_ = nullptr;
  float* copy_ = nullptr;
  size_t copy_top_ = 0;  // the row of the padded image that the copy begins with
};

// Rows of a group's matrix.
size_t depth(const ConvShape& s, size_t group) { return places(s) * stretch_of(s, group).length; }

// Reads a group's OIHW as [out][ky][kx][in], or, of channels that are yet to be shuffled,
// [out][ky][kx][piece][in].
template <class Item>
std::vector<Item> channels_last(const ConvShape& s, const Item* weights, size_t group) {
  const size_t window = s.kernel_h * s.kernel_w, inputs = s.channels / s.groups;
  const size_t outputs = s.out_channels / s.groups, row = depth(s, group);
  const Stretch stretch = stretch_of(s, group);
  weights += group * outputs * s.depth();
  std::vector<Item> result(outputs * row);
  for (size_t o = 0; o < outputs; ++o)
    for (size_t c = 0; c < inputs; ++c) {
      const size_t channel = group * inputs + c;
      const size_t place = channel % s.shuffle * stretch.length + channel / s.shuffle - stretch.first;
      for (size_t k = 0; k < window; ++k)
        result[o * row + k * (row / window) + place] = weights[o * s.depth() + c * window + k];
    }
  return result;
}

// Groups of weights, or of codes of `centroids`, which are one argument or none.
ConvWeights pack_groups(const ConvShape& s, const auto* weights, std::span<const float> bias,
                        const auto&... centroids) {
  ConvWeights packed{{}, AlignedFloats(s.channels, 0.0f)};
  const size_t outputs = s.out_channels / s.groups;
  for (size_t g = 0; g < s.groups; ++g)
    packed.groups.push_back(pack_panels(channels_last(s, weights, g).data(), outputs, depth(s, g),
                                        centroids...,
                                        bias.empty() ? bias : bias.subspan(g * outputs, outputs)));
  return packed;
}

}  // namespace

ConvWeights pack_conv(const ConvShape& shape, const float* weights, std::span<const float> bias) {
  return pack_groups(shape, weights, bias);
}

ConvWeights pack_conv(const ConvShape& shape, std::span<const uint16_t> codes,
                      std::span<const float> centroids, std::span<const float> bias) {
  return pack_groups(shape, codes.data(), bias, centroids);
}

size_t conv2d_scratch(const ConvShape& shape) {
  const size_t copy = pads_first(shape) ? shape.padded_height() * shape.padded_width() * shape.channels : 0;
  return table_floats(shape) + copy;
}

void conv2d(const ConvShape& shape, const ConvWeights& weights, const ImageArguments& image,
            const ConvPart& part, float* scratch) {
  if (part.first_pixel >= part.last_pixel) return;
  const Windows windows(shape, weights, image, part, scratch);
  const size_t panels = weights.groups[0].count(), outputs = shape.out_channels / shape.groups;
  const size_t pixels = part.last_pixel - part.first_pixel;
  const size_t blocks = (pixels + kProductRows - 1) / kProductRows;
  for (size_t block = 0; block < blocks; ++block) {
    const size_t pixel = part.first_pixel + pixels * block / blocks,
                 count = part.first_pixel + pixels * (block + 1) / blocks - pixel;
    Product p{nullptr, count, windows.find(pixel, count), count, 0, windows.pieces()};
    p.c_stride = image.out_stride, p.add_stride = image.add_stride, p.clamp = image.clamp;
    for (size_t g = part.first_panel / panels; g * panels < part.last_panel; ++g) {
      const Stretch stretch = stretch_of(shape, g);
      p.b = &weights.groups[g];
      p.a_offset = stretch.first, p.length = windows.length(stretch);
      p.c = image.out + pixel * image.out_stride + g * outputs;
      p.add = image.add ? image.add + pixel * image.add_stride + g * outputs : nullptr;
      multiply(p, std::max(part.first_panel, g * panels) - g * panels,
               std::min(part.last_panel - g * panels, panels));
    }
  }
}

}  // namespace netsuke::kernels
