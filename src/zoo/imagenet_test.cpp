// The ImageNet nets that stand for no method of their own: counts against their papers and releases.
#include <gmock/gmock.h>

#include "zoo/test_support.h"

namespace netsuke::zoo {
namespace {

TEST(ImageNet, AlexNetIsTorchvisions) {
  const Graph graph = blank("alexnet");
  EXPECT_EQ(parameter_count(graph), 61'100'840);  // torchvision's model card; 0.71 GMACs
  EXPECT_EQ(total_macs(graph), 714'188'480);
  EXPECT_EQ(sum_of(graph, "pool5").output, (Shape{1, 256, 6, 6}));
  EXPECT_EQ(output_of(graph), (Shape{1, 1000}));
}

TEST(ImageNet, LargerImagesArePooledForLinearLayersOfTheSameSize) {
  const Graph alexnet = blank("alexnet", with({}, {3, 480, 640})),
              vgg = blank("vgg16", with({}, {3, 480, 640}));
  EXPECT_EQ(parameter_count(alexnet), 61'100'840);
  EXPECT_EQ(sum_of(alexnet, "avgpool").output, (Shape{1, 256, 6, 6}));
  EXPECT_EQ(parameter_count(vgg), 138'357'544);
  EXPECT_EQ(sum_of(vgg, "avgpool").output, (Shape{1, 512, 7, 7}));
}

// Weights of Deep Compression's table 4 (35K, 307K, 885K, 663K, 442K, 38M, 17M, 4M), here with biases.
TEST(ImageNet, AlexNetInTwoGroupsIsCaffes) {
  const Graph graph = blank("alexnet_caffe");
  EXPECT_EQ(parameter_count(graph), 60'965'224);  // the released file: 243.86 MB
  EXPECT_NEAR(static_cast<double>(total_macs(graph)), 724.4e6, 0.05e6);
  const std::pair<const char*, int64_t> layers[] = {{"conv1", 34'848 + 96},     {"conv2", 307'200 + 256},
                                                    {"conv3", 884'736 + 384},   {"conv4", 663'552 + 384},
                                                    {"conv5", 442'368 + 256},   {"fc6", 37'748'736 + 4096},
                                                    {"fc7", 16'777'216 + 4096}, {"fc8", 4'096'000 + 1000}};
  for (const auto& [name, parameters] : layers) EXPECT_EQ(sum_of(graph, name).parameters, parameters) << name;
  EXPECT_EQ(sum_of(graph, "pool5").output, (Shape{1, 256, 6, 6}));
}

// The single tower trained by O. Semery (imgclsmob, "AlexNet-b"): 62,378,344 parameters, 1132M at 224x224.
TEST(ImageNet, AlexNetWithoutGroups) {
  const Graph graph = blank("alexnet_caffe", with({{"groups", "1"}}, {3, 224, 224}));
  EXPECT_EQ(parameter_count(graph), 62'378'344);
  EXPECT_NEAR(static_cast<double>(total_macs(graph)), 1132e6, 1e6);
}

// Weights of Deep Compression's table 5, here with biases.
TEST(ImageNet, Vgg16) {
  const Graph graph = blank("vgg16");
  EXPECT_EQ(parameter_count(graph), 138'357'544);  // torchvision's model card; 15.47 GMACs
  EXPECT_EQ(total_macs(graph), 15'470'264'320);
  EXPECT_EQ(sum_of(graph, "conv1_1").parameters, 1'728 + 64);
  EXPECT_EQ(sum_of(graph, "conv5_3").parameters, 2'359'296 + 512);
  EXPECT_EQ(sum_of(graph, "fc6").parameters, 102'760'448 + 4096);
  EXPECT_EQ(output_of(graph), (Shape{1, 1000}));
}

TEST(ImageNet, GoogLeNet) {
  const Graph graph = blank("googlenet");
  EXPECT_EQ(parameter_count(graph), 6'624'904);  // torchvision without auxiliary heads; 1.50 GMACs
  EXPECT_EQ(total_macs(graph), 1'498'376'192);
  // Output sizes of the paper's table 1.
  EXPECT_EQ(sum_of(graph, "inception3a").output, (Shape{1, 256, 28, 28}));
  EXPECT_EQ(sum_of(graph, "inception4e").output, (Shape{1, 832, 14, 14}));
  EXPECT_EQ(sum_of(graph, "inception5b").output, (Shape{1, 1024, 7, 7}));
}

TEST(ImageNet, InceptionV3) {
  const Graph graph = blank("inception_v3");
  EXPECT_EQ(parameter_count(graph), 23'834'568);  // torchvision without auxiliary head; 5.71 GMACs
  EXPECT_EQ(total_macs(graph), 5'713'216'096);
  // Input sizes of the paper's table 1.
  EXPECT_EQ(sum_of(graph, "Mixed_5d").output, (Shape{1, 288, 35, 35}));
  EXPECT_EQ(sum_of(graph, "Mixed_6e").output, (Shape{1, 768, 17, 17}));
  EXPECT_EQ(sum_of(graph, "Mixed_7c").output, (Shape{1, 2048, 8, 8}));
}

TEST(ImageNet, ResNet18) {
  const Graph graph = blank("resnet18");
  EXPECT_EQ(parameter_count(graph), 11'689'512);  // torchvision's model card; 1.81 GMACs
  EXPECT_EQ(total_macs(graph), 1'814'073'344);
  EXPECT_EQ(sum_of(graph, "layer4.").output, (Shape{1, 512, 7, 7}));
}

TEST(ImageNet, NetworkInNetwork) {
  const Graph graph = blank("nin");
  EXPECT_EQ(parameter_count(graph), 7'595'176);  // Caffe's released model: 29 MB
  EXPECT_EQ(total_macs(graph), 1'100'188'800);
  EXPECT_EQ(sum_of(graph, "cccp8").output, (Shape{1, 1000, 6, 6}));
}

// imgclsmob's nin_cifar10: 966,986 parameters and 984,356 with 100 classes; its 223.0M counts pools as well.
TEST(ImageNet, NetworkInNetworkForCifar) {
  const Graph graph = blank("nin_small");
  EXPECT_EQ(parameter_count(graph), 966'986);
  EXPECT_NEAR(static_cast<double>(total_macs(graph)), 223.0e6, 0.6e6);
  Options options;
  options.classes = 100;
  EXPECT_EQ(parameter_count(blank("nin_small", options)), 984'356);
}

// 2x128C3, 2x256C3, 2x512C3 without biases, 8192-1024-1024 without, 10 with; scale and shift of 3,840
// channels.
TEST(ImageNet, TheCifarNetOfXnorNet) {
  const Graph graph = blank("vgg_small");
  const int64_t convolutions = 9 * (3 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512);
  EXPECT_EQ(parameter_count(graph), convolutions + 8192 * 1024 + 1024 * 1024 + 10'250 + 2 * 3840);
  EXPECT_EQ(sum_of(graph, "pool6").output, (Shape{1, 512, 4, 4}));
  const Graph half = blank("vgg_small", with({{"width", "0.5"}}));
  EXPECT_EQ(sum_of(half, "pool6").output, (Shape{1, 256, 4, 4}));
  EXPECT_EQ(sum_of(half, "fc8").parameters, 512 * 512);
  const Graph later = blank("vgg_small", with({{"hidden", "0"}}));
  EXPECT_EQ(parameter_count(later), convolutions + 81'930 + 2 * 1792);
  EXPECT_EQ(sum_of(later, "fc7").output, (Shape{1, 10}));
}

}  // namespace
}  // namespace netsuke::zoo
