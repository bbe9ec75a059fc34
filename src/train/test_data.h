// Small data that networks can learn in a second, for the tests of this room.
#pragma once

#include "base/random.h"
#include "data/memory.h"
#include "graph/builder.h"

namespace netsuke::train {

/// Noise with one bright quadrant, whose number is the label: four classes of 1x8x8 images, all of them so
/// many times.
inline DatasetPtr quadrants(int64_t count, uint64_t seed, int times = 1) {
  Random random(seed);
  MemoryImages images{
      "quadrants", {1, 8, 8}, {}, {}, {"top left", "top right", "bottom left", "bottom right"}};
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<uint8_t>(random.below(4));
    images.labels.push_back(label);
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) {
        const bool bright = y / 4 == label / 2 && x / 4 == label % 2;
        images.pixels.push_back(static_cast<uint8_t>(random.below(160) + (bright ? 80 : 0)));
      }
  }
  const Bytes pixels = images.pixels;
  const std::vector<uint8_t> labels = images.labels;
  for (int i = 1; i < times; ++i) {
    images.pixels.insert(images.pixels.end(), pixels.begin(), pixels.end());
    images.labels.insert(images.labels.end(), labels.begin(), labels.end());
  }
  return make_memory_dataset(std::move(images));
}

/// A convolution, batch norm, pool and two linear layers with dropout: every kind of trained state.
inline Graph small_net(uint64_t seed = 1, bool batch_norm = true, float dropout = 0.2f) {
  Builder net("small", seed);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.conv("conv", x, 6, {3, 3}, {.pad = {1, 1, 1, 1}});
  if (batch_norm) x = net.batch_norm("norm", x);
  x = net.apply("relu1", Relu{}, {x});
  x = net.apply("pool", MaxPool{}, {x});
  x = net.apply("flatten", Flatten{}, {x});
  x = net.linear("hidden", x, 16);
  x = net.apply("relu2", Relu{}, {x});
  if (dropout > 0) x = net.apply("drop", Dropout{dropout}, {x});
  x = net.linear("scores", x, 4);
  return net.finish({net.apply("prob", Softmax{}, {x})});
}

}  // namespace netsuke::train
