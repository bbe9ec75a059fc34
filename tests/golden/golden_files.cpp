#include "golden/golden_files.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/random.h"
#include "golden/nsk_builder.h"
#include "graph/builder.h"
#include "graph/preprocess.h"
#include "graph/text.h"

namespace netsuke::golden {
namespace {

// Only sums and products of uniform numbers: no library function that differs between machines.
float bell(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return static_cast<float>(sum / 4);
}

std::vector<float> bells(Random& random, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = bell(random);
  return values;
}

std::vector<float> eighths(Random& random, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.below(64)) / 8 - 4;
  return values;
}

std::vector<uint16_t> codes(Random& random, size_t count, uint64_t centroids) {
  std::vector<uint16_t> result(count);
  for (uint16_t& code : result)
    code = static_cast<uint16_t>((random.below(centroids) + random.below(centroids)) / 2);
  return result;
}

std::vector<uint32_t> positions(Random& random, uint32_t elements, double density, uint32_t columns = 0) {
  std::vector<uint32_t> result;
  for (uint32_t i = 0; i < elements; ++i) {
    const bool empty_column = columns > 0 && i % columns % 4 != 1;
    if (!empty_column && random.uniform() < density) result.push_back(i);
  }
  return result;
}

// A linear layer of this weight.
Graph layer(const Shape& shape, Encoding encoding) {
  Builder builder("layer");
  const ValueId x = builder.input("x", {shape[1]});
  Graph graph = builder.finish({builder.linear("fc", x, static_cast<int>(shape[0]), false)});
  graph.values[graph.nodes[0].inputs[1]].weight = make_weight(shape, std::move(encoding));
  return graph;
}

void add_dense(std::vector<Model>& out) {
  Random random(11);
  out.push_back({"dense-f32", layer({3, 5}, Dense{bells(random, 15)}), {Coder::symbols}});
  out.push_back({"dense-signed-zeros",
                 layer({2, 4}, Dense{{0.0f, -0.0f, 1e-42f, -1e-45f, 3e38f, -0.1f, 1, 2}}),
                 {Coder::symbols}});
  out.push_back({"dense-planes", layer({40, 50}, Dense{bells(random, 2000)}), {Coder::symbols}});
  out.push_back(
      {"dense-f16", layer({2, 3}, Dense{{0.5f, -0.25f, 3, 100, -0.0f, 0x1p-24f}}), {Coder::symbols}});
  std::vector<float> wide(1200), steps(100);
  for (float& value : wide) value = static_cast<float>(static_cast<int>(random.below(1200)) - 600);
  out.push_back({"dense-f16-planes", layer({30, 40}, Dense{wide}), {Coder::symbols}});
  for (size_t i = 0; i < steps.size(); ++i) {
    const float product = static_cast<float>(i) * 0.0123f;
    steps[i] = -0.37f + product;
  }
  out.push_back({"dense-progression", layer({10, 10}, Dense{steps}), {Coder::symbols}});
  out.push_back({"dense-few-values", layer({30, 20}, Dense{eighths(random, 600)}), {Coder::symbols}});
}

void add_sparse(std::vector<Model>& out) {
  Random random(12);
  auto few = positions(random, 3000, 0.05), half = positions(random, 1000, 0.5);
  auto in_columns = positions(random, 2400, 0.4, 60);
  out.push_back({"sparse-gaps", layer({50, 60}, Sparse{few, bells(random, few.size())}), {Coder::symbols}});
  out.push_back(
      {"sparse-gaps-plain-4", layer({50, 60}, Sparse{few, bells(random, few.size())}), {Coder::plain, 4, 1}});
  out.push_back({"sparse-columns",
                 layer({40, 60}, Sparse{in_columns, bells(random, in_columns.size())}),
                 {Coder::symbols}});
  out.push_back(
      {"sparse-bitmap", layer({25, 40}, Sparse{half, bells(random, half.size())}), {Coder::symbols}});
  out.push_back({"sparse-empty", layer({25, 40}, Sparse{}), {Coder::symbols}});
  out.push_back(
      {"sparse-full", layer({2, 3}, Sparse{{0, 1, 2, 3, 4, 5}, bells(random, 6)}), {Coder::symbols}});
}

void add_codebooks(std::vector<Model>& out) {
  Random random(13);
  out.push_back(
      {"codebook", layer({40, 30}, Codebook{bells(random, 32), codes(random, 1200, 32)}), {Coder::symbols}});
  out.push_back({"codebook-plain",
                 layer({40, 30}, Codebook{bells(random, 17), codes(random, 1200, 17)}),
                 {Coder::plain, 0, 1}});
  out.push_back({"codebook-as-floats",
                 layer({2, 3}, Codebook{bells(random, 6), {5, 3, 1, 0, 2, 4}}),
                 {Coder::symbols}});
  out.push_back({"codebook-one-value",
                 layer({20, 30}, Codebook{{0.3f}, std::vector<uint16_t>(600, 0)}),
                 {Coder::symbols}});
  out.push_back({"codebook-steep",
                 layer({30, 30}, Codebook{bells(random, 300), codes(random, 900, 8)}),
                 {Coder::symbols}});
}

void add_sparse_codebooks(std::vector<Model>& out) {
  Random random(14);
  const auto few = positions(random, 8000, 0.04), most = positions(random, 500, 0.7);
  const auto in_columns = positions(random, 6000, 0.3, 100);
  const auto shared = [&](const std::vector<uint32_t>& where, uint64_t centroids) {
    return SparseCodebook{bells(random, centroids), where, codes(random, where.size(), centroids)};
  };
  out.push_back({"sparse-codebook", layer({80, 100}, shared(few, 16)), {Coder::symbols}});
  out.push_back({"sparse-codebook-plain-5", layer({80, 100}, shared(few, 32)), {Coder::plain, 5, 1}});
  out.push_back({"sparse-codebook-huffman-3", layer({80, 100}, shared(few, 32)), {Coder::huffman, 3, 1}});
  out.push_back({"sparse-codebook-columns", layer({60, 100}, shared(in_columns, 16)), {Coder::symbols}});
  out.push_back({"sparse-codebook-joint", layer({20, 25}, shared(most, 4)), {Coder::symbols}});
  out.push_back({"sparse-codebook-empty", layer({20, 25}, SparseCodebook{{0.5f}, {}, {}}), {Coder::symbols}});
}

// Every shape of the range coder's records.
void add_range_coded(std::vector<Model>& out) {
  Random random(15);
  const WriteOptions range{.coder = Coder::range};
  const auto few = positions(random, 8000, 0.04), most = positions(random, 500, 0.7);
  const auto shared = [&](const std::vector<uint32_t>& where, uint64_t centroids) {
    return SparseCodebook{bells(random, centroids), where, codes(random, where.size(), centroids)};
  };
  out.push_back({"range-sparse-codebook", layer({80, 100}, shared(few, 16)), range});
  out.push_back({"range-dense-pruned", layer({20, 25}, shared(most, 5)), range});
  out.push_back({"range-one-value", layer({20, 25}, shared(most, 1)), range});
  out.push_back(
      {"range-codebook", layer({40, 30}, Codebook{bells(random, 50), codes(random, 1200, 50)}), range});
  out.push_back({"range-few-values", layer({30, 20}, Dense{eighths(random, 600)}), range});
  out.push_back({"range-sparse-floats", layer({80, 100}, Sparse{few, bells(random, few.size())}), range});
  out.push_back({"range-all-kept", layer({2, 3}, Sparse{{0, 1, 2, 3, 4, 5}, bells(random, 6)}), range});
  // Columns are the pixels of 20 x 20 images: strokes of three, and a frame that nobody looks at.
  std::vector<uint32_t> strokes;
  for (uint32_t row = 0; row < 30; ++row)
    for (uint32_t pixel = 0, left = 0; pixel < 400; ++pixel) {
      const uint32_t x = pixel % 20, y = pixel / 20;
      if (x < 3 || x > 16 || y < 3 || y > 16) continue;
      const bool below = !strokes.empty() &&
                         std::find(strokes.begin(), strokes.end(), row * 400 + pixel - 20) != strokes.end();
      left = left > 0 ? left - 1 : random.below(below ? 3 : 12) == 0 ? 3 : 0;
      if (left > 0) strokes.push_back(row * 400 + pixel);
    }
  out.push_back({"range-image", layer({30, 400}, shared(strokes, 12)), range});
  // Two slices of 16 rows or less. What is kept stands at their beginnings, as nothing behind it is coded.
  std::vector<uint32_t> wide;
  for (uint32_t slice = 0; slice < 2; ++slice)
    for (const uint32_t position : positions(random, 6000, 0.6)) wide.push_back((slice << 20) + position);
  out.push_back({"range-slices", layer({20, 65536}, shared(wide, 64)), range});
  out.push_back({"range-empty", layer({20, 25}, SparseCodebook{{0.5f}, {}, {}}), range});
  Builder b("conv");
  const ValueId x = b.input("data", {8, 9, 9});
  Graph conv = b.finish({b.conv("conv", x, 12, {3, 3}, {}, false)});
  const auto kernels = positions(random, 12 * 8 * 9, 0.4);
  conv.values[conv.nodes[0].inputs[1]].weight = make_weight({12, 8, 3, 3}, shared(kernels, 30));
  out.push_back({"range-kernels", conv, range});
}

Signs random_signs(Random& random, size_t filters, size_t elements, uint64_t one_in) {
  std::vector<float> values(elements);
  for (float& value : values) value = random.below(one_in) == 0 ? 1.0f : -1.0f;
  return {eighths(random, filters), sign_words(values), {}};
}

void add_signs(std::vector<Model>& out) {
  Random random(17);
  out.push_back({"signs", layer({25, 41}, random_signs(random, 25, 1025, 2)), {}});
  out.push_back({"signs-range", layer({25, 41}, random_signs(random, 25, 1025, 9)), {}});
}

void fill(Graph& graph, uint64_t seed) {
  Random random(seed);
  for (const Parameter& p : parameters(graph)) {
    Value& value = graph.values[p.value];
    const Shape shape = value.weight->shape;
    const auto elements = static_cast<uint32_t>(element_count(shape));
    if (shape.size() == 1) {
      value.weight = make_dense(Tensor(shape, eighths(random, elements)));
      if (p.role == "variance") value.weight = make_dense(Tensor(shape, std::vector<float>(elements, 0.75f)));
      continue;
    }
    const auto where = positions(random, elements, shape.size() == 4 ? 0.6 : 0.1);
    value.weight =
        make_weight(shape, SparseCodebook{bells(random, 16), where, codes(random, where.size(), 16)});
  }
}

Graph small_lenet() {
  Builder b("small-lenet");
  ValueId x = b.input("data", {1, 16, 16});
  x = b.apply("pool1", MaxPool{}, {b.conv("conv1", x, 6, {5, 5})});
  x = b.apply("pool2", MaxPool{}, {b.conv("conv2", x, 10, {3, 3})});
  x = b.linear("ip1", b.apply("flatten", Flatten{}, {x}), 30);
  x = b.linear("ip2", b.apply("relu1", Relu{}, {x}), 5);
  Graph graph = b.finish({b.apply("prob", Softmax{}, {x})});
  fill(graph, 15);
  graph.metadata = {{"input.scale", "0.00390625"}, {"labels", "shirt\nbag\nboot\nsandal\ncoat"}};
  return graph;
}

// Every op, with attributes unlike the defaults, a weight with a name of its own and one that two nodes
// share.
Graph all_ops() {
  Builder b("all-ops");
  ValueId x = b.input("image", {4, 12, 12});
  x = b.conv("stem.conv", x, 8, {3, 3}, {.stride = {1, 2}, .pad = {1, 1, 1, 0}, .groups = 2});
  x = b.batch_norm("stem.norm", x, 0.001f);
  x = b.apply("stem.clip", Clip{-1, 6}, {x});
  x = b.apply("shuffle", ChannelShuffle{4}, {x});
  x = b.apply("lrn", Lrn{3, 0.5f, 0.5f, 2}, {x});
  const ValueId left = b.conv("left", x, 8, {1, 1}, {}, false);
  const ValueId right = b.conv("right", x, 8, {3, 3}, {.pad = {2, 2, 2, 2}, .dilation = {2, 2}});
  x = b.apply("sum", Add{}, {left, right});
  x = b.apply("both", Concat{}, {x, left, b.apply("a relu with a name of some length", Relu{}, {right})});
  x = b.apply("max", MaxPool{{3, 2}, {2, 1}, {1, 0, 1, 0}, true}, {x});
  x = b.apply("mean", AvgPool{{2, 2}, {1, 1}, {1, 0, 0, 0}, false, true}, {x});
  x = b.apply("drop", Dropout{0.25f},
              {b.apply("flat", Flatten{}, {b.apply("global", GlobalAvgPool{}, {x})})});
  x = b.linear("fc1", x, 24);
  x = b.linear("fc2", x, 24);
  Graph graph = b.finish({b.apply("scores", Softmax{}, {x}), left});
  for (Node& node : graph.nodes)
    if (node_name(graph, node) == "fc2") node.inputs[1] = find_value(graph, "fc1.weight");
  graph.values[find_value(graph, "right.bias")].name = "a bias of its own name";
  fill(graph, 16);
  return graph;
}

Tensor ramp(const Shape& shape) {
  Tensor values(shape);
  for (size_t i = 0; i < values.size(); ++i) values.data[i] = 0.25f * static_cast<float>(i + 1);
  return values;
}

// The ops that came with ONNX import: arithmetic with constants on either side, infinite limits, lists.
Graph import_ops() {
  const float infinity = std::numeric_limits<float>::infinity();
  Builder b("import-ops");
  ValueId x = b.input("image", {4, 6, 7});
  x = b.apply("up", ConvTranspose2d{{2, 2}, {1, 0, 0, 1}, {1, 2}, {1, 0}, 2},
              {x, b.constant("up.weight", ramp({4, 4, 3, 3})), b.constant("up.bias", ramp({8}))});
  x = b.apply("leaky", LeakyRelu{0.125f}, {x});
  x = b.apply("slope", PRelu{}, {x, b.constant("slope.slope", ramp({8, 1, 1}))});
  const ValueId best = b.apply("best", GlobalMaxPool{}, {x});
  x = b.apply("gated", Mul{}, {x, b.apply("gate", HardSigmoid{0.25f, 0.75f}, {best})});
  x = b.apply("one minus", Sub{}, {b.constant("one minus.operand", ramp({})), x});
  x = b.apply("divided", Div{}, {x, b.constant("the divisor", ramp({1, 8, 1, 1}))});
  x = b.apply("shifted", Add{}, {x, b.constant("shifted.operand", ramp({1}))});
  x = b.apply("from below", Clip{0, infinity}, {x});
  x = b.apply("from above", Clip{-infinity, 6}, {x});
  x = b.apply("swish", HardSwish{}, {b.apply("tanh", Tanh{}, {b.apply("sigmoid", Sigmoid{}, {x})})});
  x = b.apply("framed", Pad{{1, -1, 0, 2}, -infinity}, {b.apply("mirrored", Pad{{2, 1, 1, 0}, 0, 1}, {x})});
  x = b.apply("backwards", Slice{3, 9, -1, -2}, {x});
  x = b.apply("pixels", DepthToSpace{2, true}, {b.apply("half", Resize{{5, 3}, 1, 3, 2}, {x})});
  x = b.apply("turned", Transpose{{{0, 2, 3, 1}}}, {x});
  x = b.apply("row", Reshape{{{120}}}, {x});
  return b.finish({b.apply("scores", LogSoftmax{}, {x})});
}

Graph binary_ops() {
  Builder b("binary-ops");
  ValueId x = b.input("image", {4, 6, 7});
  const ValueId scale = b.apply("scale", InputScale{{3, 3}, {2, 1}, {1, 1, 1, 1}, {1, 2}}, {x});
  x = b.conv("conv", b.apply("sign", Sign{}, {x}), 8, {3, 3},
             {.stride = {2, 1}, .pad = {1, 1, 1, 1}, .dilation = {1, 2}}, false);
  Random random(18);
  Graph graph = b.finish({b.apply("scaled", Mul{}, {x, scale})});
  graph.values[find_value(graph, "conv.weight")].weight =
      make_weight({8, 4, 3, 3}, random_signs(random, 8, 288, 2));
  return graph;
}

uint32_t crc32(ByteView bytes) {
  uint32_t crc = ~0u;
  for (uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

std::string hexadecimal(uint32_t value) {
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[(value >> shift) & 15];
  return text;
}

}  // namespace

std::vector<Model> models() {
  std::vector<Model> out;
  add_dense(out);
  add_sparse(out);
  add_codebooks(out);
  add_sparse_codebooks(out);
  add_range_coded(out);
  add_signs(out);
  out.push_back({"binary-ops", binary_ops(), {Coder::symbols}});
  out.push_back({"small-lenet", small_lenet(), {Coder::symbols}});
  out.push_back({"small-lenet-plain", small_lenet(), {Coder::plain, 5, 1}});
  out.push_back({"all-ops", all_ops(), {Coder::symbols}});
  out.push_back({"import-ops", import_ops(), {Coder::symbols}});
  for (Model& model : out) model.options.threads = 1;
  return out;
}

std::vector<Invalid> invalid_files() {
  const Bytes good = write_model(layer({2, 2}, Dense{{1, 2, 3, 4}}), {.threads = 1}).bytes;
  const auto edited = [&](auto&& edit) {
    Bytes bytes = good;
    edit(bytes);
    return bytes;
  };
  const Bytes graph = graph_payload(good);
  // Heads of records: 0x40 dense of rank 2, 0x49 sparse with gaps, 0x51 with a bitmap, 0x58 dense and 0x59
  // sparse through the range coder, 0x60 dense by a codebook.
  const auto with_record = [&](Bytes record) {
    return file_of({{1, graph}, {2, section_of_record(record)}});
  };
  return {
      {"empty", {}, "is not a .nsk file"},
      {"magic", edited([](Bytes& b) { b[2] = 'L'; }), "is not a .nsk file"},
      {"future-version", edited([](Bytes& b) { b[3] = 2; }), "has format version 2"},
      {"unknown-feature", edited([](Bytes& b) { b[4] = 4; }), "needs features 4"},
      {"signs-beyond", with_record({0x52, 2, 2, 0b1010'1000, 1, 0, 60, 0, 60}), "signs beyond the last"},
      {"signs-cut", with_record({0x52, 2, 2, 0b1010'0000, 1, 0, 60}), "ends"},
      {"signs-by-columns", with_record({0x56, 2, 2, 0b1010'0000, 1, 0, 60, 0, 60}), "contradicts itself"},
      {"cut-short", edited([](Bytes& b) { b.pop_back(); }), "ends at byte"},
      {"one-byte-more", edited([](Bytes& b) { b.push_back(0); }), "has 1 bytes after its last section"},
      {"damaged-graph", edited([](Bytes& b) { b[9] ^= 1; }), "the section at byte 6 is damaged"},
      {"two-graphs", file_of({{1, graph}, {1, graph}}), "two sections of kind 1"},
      {"no-graph", file_of({}), "has no graph section"},
      {"unknown-section", file_of({{1, graph}, {9, {1, 2, 3}}}), "section of kind 9"},
      {"no-weights", file_of({{1, graph}}), "needs 1 more"},
      {"record-too-long", with_record({0x40, 2, 2, 1, 0, 60, 0, 64, 0, 66, 0, 68, 0}), "bytes too many"},
      {"float-form", with_record({0x40, 2, 2, 9}), "floats in form 9"},
      {"not-finite", with_record({0x40, 2, 2, 1, 0, 124, 0, 64, 0, 66, 0, 68}), "not finite"},
      {"head-contradicts", with_record({0x41, 2, 2, 1, 0, 0}), "contradicts itself"},
      {"position-outside", with_record({0x49, 2, 2, 1, 3, 0b0'101'0000, 1, 0, 60}), "outside the 4 elements"},
      {"fillers-only", with_record({0x49, 2, 2, 1, 3, 0b1'0000'111, 1, 0, 60}), "fillers only"},
      {"index-width", with_record({0x49, 2, 2, 1, 1, 0, 1, 0, 60}), "an index of 1 bits"},
      {"bitmap-count", with_record({0x51, 2, 2, 1, 0b1010'0000, 1, 0, 60}), "a bitmap of 2 bits"},
      {"over-subscribed", with_record({0x60, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 63, 0b1'0010'101, 0b100'10000}),
       "over-subscribed"},
      {"incomplete", with_record({0x60, 2, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 63, 0b1'0011'000, 0}), "incomplete"},
      {"wrong-shape", with_record({0x40, 2, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0}), "fc"},
      {"huge-dense", with_record({0x40, 128, 128, 1, 128, 128, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0}),
       "a file of this size"},
      {"range-elements", with_record({0x59, 128, 16, 128, 8, 1, 1, 1, 0, 60, 1}), "may have range-coded"},
      {"range-nothing", with_record({0x58, 2, 2, 0, 1, 0, 60}), "nothing to range-code"},
      {"range-centroids", with_record({0x59, 2, 2, 1, 2, 1, 1, 0, 60, 0, 64}), "2 centroids for 1 values"},
      {"range-kept", with_record({0x59, 2, 2, 3, 1, 1, 1, 0, 60, 255, 255, 255, 255, 255, 255, 255, 255}),
       "a slice keeps 0 values instead of 3"},
      {"range-zero-at-end", with_record({0x59, 2, 2, 1, 1, 1, 1, 0, 60, 1, 0}), "ends in a zero"},
      {"range-one-byte-more", with_record({0x59, 2, 2, 1, 1, 1, 1, 0, 60, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
       "bytes too many behind a range-coded stream"},
      {"range-floats-cut-short", with_record({0x40, 2, 2, 6, 9, 1, 1}), "length of range-coded floats is 9"},
      {"too-many-elements", with_record({0x40, 128, 128, 128, 1, 128, 128, 128, 1, 0}), "elements"},
  };
}

std::string describe(const Graph& graph) {
  std::string weights;
  for (const Value& value : graph.values) {
    if (!value.weight) continue;
    ByteWriter floats;
    for (float f : to_dense(*value.weight).data) floats.f32(f);
    weights += cat("weight ", value.name, ' ', to_text(value.weight->shape), ' ',
                   encoding_name(value.weight->encoding), " kept=", kept_count(*value.weight),
                   " crc32=", hexadecimal(crc32(floats.bytes())), '\n');
  }
  std::string text;
  for (const std::string& line : split(to_text(graph, 0), '\n')) {
    if (!line.starts_with("weight "))
      text += line.empty() ? "" : line + '\n';
    else
      text += std::exchange(weights, "");
  }
  return text;
}

}  // namespace netsuke::golden
