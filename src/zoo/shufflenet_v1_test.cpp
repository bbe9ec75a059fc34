// ShuffleNet v1 against the tables of its paper (arXiv 1707.01083).
#include <gmock/gmock.h>

#include "zoo/test_support.h"

namespace netsuke::zoo {
namespace {

double million(int64_t count) { return 1e-6 * static_cast<double>(count); }

// The complexity of the paper's table 1 leaves out the last linear layer.
int64_t convolution_macs(const Graph& graph) { return total_macs(graph) - sum_of(graph, "fc").macs; }

struct Row {
  const char* groups;
  int stage2;         ///< channels
  double paper_macs;  ///< millions, as printed
  int64_t macs;       ///< of convolutions, exact
  int64_t parameters;
};

// Table 1, and parameters as imgclsmob counts them in its models.
TEST(ShuffleNet, EveryColumnOfTable1) {
  const Row rows[] = {{"1", 144, 143, 142'502'976, 1'531'936},
                      {"2", 200, 140, 140'036'512, 1'733'848},
                      {"3", 240, 137, 136'500'672, 1'865'728},
                      {"4", 272, 133, 133'251'776, 1'968'344},
                      {"8", 384, 137, 136'829'952, 2'434'768}};
  for (const Row& row : rows) {
    const Graph graph = blank("shufflenet_v1", with({{"groups", row.groups}}));
    EXPECT_EQ(parameter_count(graph), row.parameters) << row.groups;
    EXPECT_EQ(convolution_macs(graph), row.macs) << row.groups;
    EXPECT_NEAR(million(row.macs), row.paper_macs, 0.51) << row.groups;
    EXPECT_EQ(sum_of(graph, "stage2.").output, (Shape{1, row.stage2, 28, 28}));
    EXPECT_EQ(sum_of(graph, "stage3.").output, (Shape{1, 2 * row.stage2, 14, 14}));
    EXPECT_EQ(sum_of(graph, "stage4.").output, (Shape{1, 4 * row.stage2, 7, 7}));
  }
}

// Table 5 and 8: 524M at 2x; 38M and 13M are the paper's rounded 0.5x and 0.25x. It prints 292M for 1.5x,
// where its own table 1 gives 300M.
TEST(ShuffleNet, Scales) {
  const auto macs = [](const char* groups, const char* scale) {
    return million(total_macs(blank("shufflenet_v1", with({{"groups", groups}, {"scale", scale}}))));
  };
  EXPECT_NEAR(macs("3", "2"), 524, 0.1);
  EXPECT_NEAR(macs("3", "1.5"), 299.6, 0.05);
  EXPECT_NEAR(macs("3", "0.5"), 37.6, 0.05);
  EXPECT_NEAR(macs("3", "0.25"), 11.0, 0.05);
  for (const char* groups : {"1", "2", "4", "8"}) {
    EXPECT_NEAR(macs(groups, "0.5"), 38, 3) << groups;
    EXPECT_NEAR(macs(groups, "0.25"), 13, 3) << groups;
  }
}

int shuffles(const Graph& graph) {
  int count = 0;
  for (const Node& node : graph.nodes) count += std::holds_alternative<ChannelShuffle>(node.op);
  return count;
}

TEST(ShuffleNet, ShufflesOncePerUnitUnlessToldNotTo) {
  EXPECT_EQ(shuffles(blank("shufflenet_v1")), 16);
  EXPECT_EQ(shuffles(blank("shufflenet_v1", with({{"groups", "1"}}))), 0);
  const Graph without = blank("shufflenet_v1", with({{"shuffle", "no"}}));
  EXPECT_EQ(shuffles(without), 0);
  EXPECT_EQ(parameter_count(without), 1'865'728);
}

// Section 3.2: the first pointwise convolution of all is not grouped, as its input has few channels.
TEST(ShuffleNet, GroupsBeginAfterTheFirstConvolution) {
  const Graph graph = blank("shufflenet_v1", with({{"groups", "8"}}));
  EXPECT_EQ(sum_of(graph, "stage2.0.conv1").parameters, 96 * 24);
  EXPECT_EQ(sum_of(graph, "stage2.1.conv1").parameters, 96 * 384 / 8);
}

TEST(ShuffleNet, SmallImagesKeepTheirResolutionInConv1) {
  for (int side : {28, 32}) {
    const Graph graph = blank("shufflenet_v1_small", with({}, {1, side, side}));
    EXPECT_EQ(sum_of(graph, "relu1").output, (Shape{1, 24, side, side}));
    EXPECT_EQ(sum_of(graph, "stage4.").output, (Shape{1, 960, 4, 4}));
  }
}

TEST(ShuffleNet, FlagsOutOfRangeSayWhatIsAccepted) {
  using testing::HasSubstr;
  EXPECT_THAT(message_of("shufflenet_v1", with({{"groups", "5"}})), HasSubstr("one of 1, 2, 3, 4, 8"));
  EXPECT_THAT(message_of("shufflenet_v1", with({{"scale", "-1"}})), HasSubstr("from 0.1 to 4"));
}

}  // namespace
}  // namespace netsuke::zoo
