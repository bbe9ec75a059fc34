// VGG-16, configuration D of Simonyan and Zisserman 2014, with the layer names of its Caffe release, which
// Deep Compression's tables use. Larger images' maps are brought to 7x7 by average pooling, as in
// torchvision.
#include "zoo/vgg16.h"

#include "base/text.h"
#include "zoo/layers.h"

namespace netsuke::zoo {

Graph vgg16(const Options& options) {
  struct Stage {
    int convolutions;
    int channels;
  };
  constexpr Stage stages[] = {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}};
  Builder net("vgg16", options.seed);
  ValueId x = net.input("data", *options.input);
  int number = 0;
  for (const Stage& stage : stages) {
    ++number;
    for (int i = 1; i <= stage.convolutions; ++i) {
      x = net.conv(cat("conv", number, '_', i), x, stage.channels, {3, 3}, {.pad = pad(1)});
      x = net.apply(cat("relu", number, '_', i), Relu{}, {x});
    }
    x = net.apply(cat("pool", number), MaxPool{}, {x});
  }
  return finish_imagenet(net, fc6_to_fc8(net, pool_to(net, x, 7), *options.classes));
}

}  // namespace netsuke::zoo
