#include "compress/targets.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "graph/builder.h"

namespace netsuke::compress {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Graph small() {
  Builder net("small");
  ValueId x = net.input("data", {1, 6, 6});
  x = net.conv("conv1", x, 2, {3, 3});
  x = net.batch_norm("norm1", x);
  x = net.apply("flatten", Flatten{}, {x});
  x = net.linear("ip1", x, 4);
  x = net.linear("ip2", x, 3, /*bias=*/false);
  return net.finish({x});
}

std::vector<std::string> names(const std::vector<Target>& targets) {
  std::vector<std::string> result;
  for (const Target& target : targets) result.push_back(cat(target.kind, ":", target.name));
  return result;
}

TEST(Targets, AreNamedByNodeAndRole) {
  EXPECT_THAT(names(weight_targets(small())), ElementsAre("conv:conv1", "linear:ip1", "linear:ip2"));
  EXPECT_THAT(names(vector_targets(small())),
              ElementsAre("bias:conv1.bias", "norm:norm1.scale", "norm:norm1.bias", "norm:norm1.mean",
                          "norm:norm1.variance", "bias:ip1.bias"));
}

TEST(Targets, TransposedConvolutionsAreConvolutions) {
  Builder net("larger");
  ValueId x = net.input("data", {1, 4, 4});
  const ValueId weight = net.constant("up.weight", Tensor({1, 2, 2, 2})),
                bias = net.constant("up.bias", Tensor({2}));
  x = net.apply("up", ConvTranspose2d{.stride = {2, 2}}, {x, weight, bias});
  const Graph graph = net.finish({x});
  EXPECT_THAT(names(weight_targets(graph)), ElementsAre("conv:up"));
  EXPECT_THAT(names(vector_targets(graph)), ElementsAre("bias:up.bias"));
}

TEST(PerLayer, TheMostExactKeyWins) {
  const std::vector<Target> targets = weight_targets(small());
  PerLayer<int> bits{.all = 1, .by_key = {{"conv", 2}, {"ip*", 3}, {"i*", 4}, {"ip2", 5}}};
  EXPECT_THAT(resolve(bits, targets, "bits"), ElementsAre(2, 3, 5));
  bits = {.all = {}, .by_key = {{"linear", 6}}};
  EXPECT_THAT(resolve(bits, targets, "bits"), ElementsAre(std::nullopt, 6, 6));
}

TEST(PerLayer, APlaceNarrowsAKindDown) {
  Builder net("depthwise");
  ValueId x = net.input("data", {3, 8, 8});
  x = net.conv("conv1", x, 4, {3, 3});
  x = net.conv("conv2", x, 4, {3, 3}, {.groups = 4});
  x = net.conv("conv3", x, 6, {1, 1});
  x = net.linear("fc4", net.apply("flatten", Flatten{}, {x}), 3);
  const std::vector<Target> targets = weight_targets(net.finish({x}));
  PerLayer<int> bits{.all = {}, .by_key = {{"conv", 1}, {"first_conv", 2}, {"depthwise", 3}, {"linear", 4}}};
  EXPECT_THAT(resolve(bits, targets, "bits"), ElementsAre(2, 3, 1, 4));
  bits.by_key["last_linear"] = 5;
  bits.by_key["conv1*"] = 6;
  EXPECT_THAT(resolve(bits, targets, "bits"), ElementsAre(6, 3, 1, 5));
  // A network that has no such place leaves its key unused.
  EXPECT_THAT(resolve(bits, weight_targets(small()), "bits"), ElementsAre(6, 4, 5));
}

TEST(PerLayer, AnUnknownNameIsAnErrorThatListsTheLayers) {
  try {
    resolve(PerLayer<int>{.all = {}, .by_key = {{"ip3", 5}}}, weight_targets(small()), "bits");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("bits: 'ip3' matches no layer"));
    EXPECT_THAT(error.what(), HasSubstr("conv1, ip1, ip2"));
  }
}

}  // namespace
}  // namespace netsuke::compress
