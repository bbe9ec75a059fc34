// SqueezeNet against its paper (arXiv 1602.07360) and release.
#include <gmock/gmock.h>

#include "zoo/test_support.h"

namespace netsuke::zoo {
namespace {

struct Row {
  const char* name;
  int64_t parameters;
  double million_macs;
  Shape output;
};

// Table 1, whose maps are those of a 227x227 image.
TEST(SqueezeNet, LayersOfTable1) {
  const Graph graph = blank("squeezenet1_0", with({}, {3, 227, 227}));
  const Row rows[] = {{"conv1", 14'208, 173.87, {1, 96, 111, 111}},
                      {"pool1", 0, 0, {1, 96, 55, 55}},
                      {"fire2/", 11'920, 35.62, {1, 128, 55, 55}},
                      {"fire3/", 12'432, 37.17, {1, 128, 55, 55}},
                      {"fire4/", 45'344, 136.29, {1, 256, 55, 55}},
                      {"pool4", 0, 0, {1, 256, 27, 27}},
                      {"fire5/", 49'440, 35.83, {1, 256, 27, 27}},
                      {"fire6/", 104'880, 76.14, {1, 384, 27, 27}},
                      {"fire7/", 111'024, 80.62, {1, 384, 27, 27}},
                      {"fire8/", 188'992, 137.36, {1, 512, 27, 27}},
                      {"pool8", 0, 0, {1, 512, 13, 13}},
                      {"fire9/", 197'184, 33.23, {1, 512, 13, 13}},
                      {"conv10", 513'000, 86.53, {1, 1000, 13, 13}}};
  for (const Row& row : rows) {
    const Sum sum = sum_of(graph, row.name);
    EXPECT_EQ(sum.parameters, row.parameters) << row.name;
    EXPECT_NEAR(1e-6 * static_cast<double>(sum.macs), row.million_macs, 0.006) << row.name;
    EXPECT_EQ(sum.output, row.output) << row.name;
  }
  EXPECT_EQ(total_macs(graph), 832'667'936);
  EXPECT_EQ(output_of(graph), (Shape{1, 1000}));
}

TEST(SqueezeNet, TotalsOfBothReleases) {
  EXPECT_EQ(parameter_count(blank("squeezenet1_0")), 1'248'424);
  EXPECT_EQ(total_macs(blank("squeezenet1_0")), 818'924'576);
  EXPECT_EQ(parameter_count(blank("squeezenet1_1")), 1'235'496);
  EXPECT_EQ(total_macs(blank("squeezenet1_1")), 349'151'936);
}

int additions(const Graph& graph) {
  int count = 0;
  for (const Node& node : graph.nodes) count += std::holds_alternative<Add>(node.op);
  return count;
}

// Section 6: simple bypass around fire3, 5, 7 and 9; complex adds 1x1 convolutions around 2, 4, 6 and 8.
TEST(SqueezeNet, Bypass) {
  const Graph simple = blank("squeezenet1_0", with({{"bypass", "simple"}}));
  EXPECT_EQ(parameter_count(simple), 1'248'424);
  EXPECT_EQ(additions(simple), 4);
  for (const char* name : {"fire3/add", "fire5/add", "fire7/add", "fire9/add"})
    EXPECT_NO_THROW(find_value(simple, name));
  const Graph complex = blank("squeezenet1_0", with({{"bypass", "complex"}}));
  EXPECT_EQ(parameter_count(complex), 1'589'672);
  EXPECT_EQ(additions(complex), 8);
  EXPECT_EQ(additions(blank("squeezenet1_0")), 0);
}

// Figure 3(a): the model's size, which the paper gives in MB of 2^20 bytes, at three squeeze ratios.
TEST(SqueezeNet, SqueezeRatioGivesThePapersSizes) {
  const auto mib = [](const char* ratio) {
    return static_cast<double>(bytes_fp32(blank("squeezenet1_0", with({{"squeeze-ratio", ratio}})))) /
           (1 << 20);
  };
  EXPECT_NEAR(mib("0.125"), 4.8, 0.05);
  EXPECT_NEAR(mib("0.5"), 13, 0.05);
  EXPECT_NEAR(mib("0.75"), 19, 0.6);
}

// Section 5.1: e_i = base + increment * floor(i / frequency), split into 1x1 and 3x3.
TEST(SqueezeNet, Metaparameters) {
  const Graph graph = blank("squeezenet1_0", with({{"base", "64"},
                                                   {"increment", "32"},
                                                   {"frequency", "3"},
                                                   {"percent-3x3", "25"},
                                                   {"squeeze-ratio", "0.25"}}));
  const int expand[] = {64, 64, 64, 96, 96, 96, 128, 128};
  for (int i = 0; i < 8; ++i) {
    const std::string fire = cat("fire", i + 2, '/');
    EXPECT_EQ(sum_of(graph, fire + "squeeze1x1").output[1], expand[i] / 4) << fire;
    EXPECT_EQ(sum_of(graph, fire + "expand1x1").output[1], expand[i] * 3 / 4) << fire;
    EXPECT_EQ(sum_of(graph, fire + "expand3x3").output[1], expand[i] / 4) << fire;
  }
}

TEST(SqueezeNet, SmallImagesKeepTheirResolutionInConv1) {
  for (const auto& [side, last] : {std::pair{32, 4}, {28, 3}}) {
    const Graph graph = blank("squeezenet_small", with({}, {1, side, side}));
    EXPECT_EQ(sum_of(graph, "conv1").output[2], side);
    EXPECT_EQ(sum_of(graph, "fire9/").output, (Shape{1, 512, last, last}));
  }
}

TEST(SqueezeNet, SmallImagesArePooledWhereItIsAskedFor) {
  const Graph graph = blank("squeezenet_small", with({{"pools", "3,5"}}));
  EXPECT_EQ(sum_of(graph, "fire2/").output, (Shape{1, 128, 32, 32}));
  EXPECT_EQ(sum_of(graph, "fire9/").output, (Shape{1, 512, 8, 8}));
  EXPECT_EQ(parameter_count(graph), parameter_count(blank("squeezenet_small")));
  const Graph as_v1_0 = blank("squeezenet_small", with({{"pools", "1,4,8"}}));
  EXPECT_EQ(sum_of(as_v1_0, "fire4/").output, (Shape{1, 256, 16, 16}));
  EXPECT_EQ(sum_of(as_v1_0, "fire8/").output, (Shape{1, 512, 8, 8}));
  EXPECT_EQ(sum_of(as_v1_0, "fire9/").output, (Shape{1, 512, 4, 4}));
}

TEST(SqueezeNet, BatchNormTakesThePlaceOfBiases) {
  const Graph plain = blank("squeezenet_small"),
              normed = blank("squeezenet_small", with({{"batch-norm", "yes"}}));
  const int64_t outputs = 64 + 2 * (16 + 32 + 48 + 64) + 2 * (128 + 256 + 384 + 512);
  EXPECT_EQ(parameter_count(normed) - parameter_count(plain), outputs);  // scale and shift for a bias
  const Graph complex = blank("squeezenet_small", with({{"batch-norm", "yes"}, {"bypass", "complex"}}));
  for (const int fire : {2, 4, 6, 8})
    EXPECT_EQ(sum_of(complex, cat("fire", fire, "/bypass/bn")).output[1], 128 * (fire / 2));
}

// Without it all that a module adds is positive, so that what passes by can only grow.
TEST(SqueezeNet, SumFirstHasOneReluBehindTheBypass) {
  const auto relus = [](const Graph& graph) {
    return std::ranges::count_if(graph.nodes,
                                 [](const Node& n) { return std::holds_alternative<Relu>(n.op); });
  };
  const Graph before = blank("squeezenet1_1", with({{"bypass", "complex"}})),
              after = blank("squeezenet1_1", with({{"bypass", "complex"}, {"sum-first", "yes"}}));
  EXPECT_EQ(parameter_count(after), parameter_count(before));
  EXPECT_EQ(relus(before) - relus(after), 8);  // one a module where the two expand layers had one each
  const std::vector<std::vector<size_t>> read_by = readers(after);
  for (const Node& node : after.nodes) {
    if (!std::holds_alternative<Add>(node.op)) continue;
    ASSERT_EQ(read_by[node.output].size(), 1U) << node_name(after, node);
    EXPECT_TRUE(std::holds_alternative<Relu>(after.nodes[read_by[node.output][0]].op));
  }
}

TEST(SqueezeNet, FlagsOutOfRangeSayWhatIsAccepted) {
  using testing::HasSubstr;
  EXPECT_THAT(message_of("squeezenet1_0", with({{"bypass", "full"}})), HasSubstr("none, simple, complex"));
  EXPECT_THAT(message_of("squeezenet1_0", with({{"squeeze-ratio", "1.5"}})), HasSubstr("from 0.01 to 1"));
  EXPECT_THAT(message_of("squeezenet1_0", with({{"frequency", "0"}})), HasSubstr("from 1 to 8"));
  EXPECT_THAT(message_of("squeezenet1_0", with({{"percent-3x3", "half"}})), HasSubstr("percent-3x3"));
  EXPECT_THAT(message_of("squeezenet_small", with({{"pools", "1,10"}})), HasSubstr("from 1 to 9"));
  EXPECT_THAT(message_of("squeezenet_small", with({{"pools", ""}})), HasSubstr("pools"));
  EXPECT_THAT(message_of("squeezenet1_0", with({}, {3, 8, 8})), HasSubstr("does not fit an input of 3x8x8"));
}

}  // namespace
}  // namespace netsuke::zoo
