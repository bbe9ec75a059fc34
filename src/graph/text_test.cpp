#include "graph/text.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "graph/shapes.h"

namespace netsuke {
namespace {

constexpr std::string_view kTiny =
    "graph tiny\n"
    "input data 1x1x4x4\n"
    "weight conv1.weight 2x1x1x1 = 0.5 -1\n"
    "weight conv1.bias 2 = 0 0.25\n"
    "meta labels = cat\\ndog\n"
    "conv1 = conv2d(data, conv1.weight, conv1.bias) stride=2x1 pad=1,0,1,0\n"
    "relu1 = relu(conv1)\n"
    "pool1 = max_pool(relu1) ceil=true\n"
    "output pool1\n";

TEST(GraphText, reads_and_writes_the_same_text) {
  const Graph g = graph_from_text(kTiny);
  EXPECT_EQ(to_text(g), kTiny);
  EXPECT_EQ(g.metadata.at("labels"), "cat\ndog");
  EXPECT_EQ(std::get<Conv2d>(g.nodes[0].op).pad, (Pads{1, 0, 1, 0}));
  EXPECT_EQ(graph_from_text(to_text(g)), g);
}

TEST(GraphText, keeps_infinite_limits_lists_and_constants_on_either_side) {
  constexpr std::string_view text =
      "graph tiny\n"
      "input data 1x2x4x4\n"
      "weight one scalar = 1\n"
      "minus = sub(one, data)\n"
      "below = clip(minus) max=inf\n"
      "above = clip(below) min=-inf\n"
      "turned = transpose(above) perm=0,2,3,1\n"
      "row = reshape(turned) dims=32\n"
      "part = slice(row) begin=30 end=-1 step=-3\n"
      "output part\n";
  const Graph g = graph_from_text(text);
  EXPECT_EQ(to_text(g), text);
  EXPECT_EQ(std::get<Clip>(g.nodes[2].op).min, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(std::get<Transpose>(g.nodes[3].op).perm.values, (std::vector<int64_t>{0, 2, 3, 1}));
  EXPECT_EQ(infer_shapes(g)[g.outputs[0]], (Shape{1, 11}));
}

TEST(GraphText, errors_name_the_line) {
  const char* bad[] = {
      "graph g\ninput x 1x2\ny = relu(z)\noutput y",
      "graph g\ninput x 1x2\ny = reluu(x)\noutput y",
      "graph g\ninput x 1x2\ny = relu(x) slope=1\noutput y",
      "graph g\ninput x 1xq\noutput x",
      "graph g\ninput x 1x2\nweight w 2 = 1\noutput x",
      "graph g\nwhat is this",
      "graph g\ninput x 1x2\ny = reshape(x) dims=1,a\noutput y",
      "graph g\ninput x 1x2\ny = reshape(x) dims=1,1,1,1,1,1,1,1,2\noutput y",
      "graph g\ninput x 1x2\ninput x 1x2\noutput x",
  };
  for (const char* text : bad) {
    try {
      graph_from_text(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& e) {
      const std::string what = e.what();
      EXPECT_TRUE(what.find("line ") != std::string::npos || what.find("reluu") != std::string::npos) << what;
    }
  }
}

}  // namespace
}  // namespace netsuke
