#include "kernels/elementwise/image_pad.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

TEST(ImagePad, TakesThePixelsThatAreNamedOrFills) {
  on_every_level(100, [](Random& random) {
    const size_t height = pick(random, 1, 6), width = pick(random, 1, 9);
    Image in = Image(random, height * width, any_channels(random)).fill(random);
    ImagePad pad{width, in.channels, std::vector<size_t>(pick(random, 1, 9)),
                 std::vector<size_t>(pick(random, 1, 9)), 7};
    for (size_t& row : pad.rows) row = random.below(4) ? random.below(height) : ImagePad::kNone;
    for (size_t& column : pad.columns) column = random.below(4) ? random.below(width) : ImagePad::kNone;
    const size_t rows = pad.rows.size(), columns = pad.columns.size(), middle = pick(random, 0, rows);
    Image out(random, rows * columns, in.channels);
    image_pad(pad, in.data(), in.stride, out.data(), out.stride, 0, middle);
    image_pad(pad, in.data(), in.stride, out.data(), out.stride, middle, rows);
    for (size_t p = 0; p < out.pixels; ++p) {
      const size_t y = pad.rows[p / columns], x = pad.columns[p % columns];
      const bool fills = y == ImagePad::kNone || x == ImagePad::kNone;
      for (size_t c = 0; c < out.stride && p * out.stride + c < out.values.size(); ++c) {
        const float inside = fills ? 7 : c < in.channels ? in.at(y * width + x, c) : 0;
        ASSERT_EQ(out.at(p, c), c < in.channels ? inside : Image::kOthers) << "pixel " << p << ", " << c;
      }
    }
  });
}

}  // namespace
}  // namespace netsuke::kernels
