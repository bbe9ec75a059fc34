#include "train/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/preprocess.h"
#include "graph/shapes.h"
#include "train/test_data.h"

namespace netsuke::train {
namespace {

using testing::HasSubstr;

TEST(NewHead, ReplacesTheLastLayerAndSharesAllOthers) {
  Graph graph = small_net();
  set_labels(graph, {"a", "b", "c", "d"});
  const Graph other = with_new_head(graph, 7, 3);
  EXPECT_EQ(infer_shapes(other)[other.outputs[0]], (Shape{1, 7}));
  EXPECT_TRUE(labels_of(other).empty());
  for (const Parameter& p : parameters(graph)) {
    const bool head = node_name(graph, graph.nodes[p.node]) == "scores";
    EXPECT_EQ(graph.values[p.value].weight == other.values[p.value].weight, !head)
        << graph.values[p.value].name;
  }
  EXPECT_EQ(with_new_head(graph, 7, 3), other);
  EXPECT_NE(with_new_head(graph, 7, 4), other);
}

TEST(NewHead, OfAConvolutionBehindWhichMapsAreAveraged) {
  Builder net("squeeze");
  ValueId x = net.conv("final", net.input("data", {3, 8, 8}), 10, {1, 1});
  x = net.apply("relu", Relu{}, {x});
  x = net.apply("pool", GlobalAvgPool{}, {x});
  const Graph graph = net.finish({net.apply("flatten", Flatten{}, {x})});
  const Graph other = with_new_head(graph, 3, 1);
  EXPECT_EQ(infer_shapes(other)[other.outputs[0]], (Shape{1, 3}));
}

TEST(NewHead, NamesWhatIsInTheWay) {
  Builder net("sum");
  const ValueId x = net.apply("flatten", Flatten{}, {net.input("data", {1, 2, 2})});
  const ValueId a = net.linear("a", x, 4), b = net.linear("b", x, 4);
  const Graph graph = net.finish({net.apply("both", Add{}, {a, b})});
  try {
    with_new_head(graph, 3, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("node both (add)"));
  }
}

TEST(RaisedBias, IsThatOfOneOutput) {
  const Graph graph = small_net(), raised = with_raised_bias(graph, 2, 1.5f);
  const auto bias = [](const Graph& g) {
    return to_dense(*g.values[find_value(g, "scores.bias")].weight).data;
  };
  std::vector<float> expected = bias(graph);
  expected[2] += 1.5f;
  EXPECT_EQ(bias(raised), expected);
}

TEST(NodesUntil, CountsWithTheNodeNamed) {
  EXPECT_EQ(nodes_until(small_net(), ""), 0u);
  EXPECT_EQ(nodes_until(small_net(), "conv"), 1u);
  EXPECT_EQ(nodes_until(small_net(), "norm"), 2u);
  try {
    nodes_until(small_net(), "norn");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'norm'"));
  }
}

}  // namespace
}  // namespace netsuke::train
