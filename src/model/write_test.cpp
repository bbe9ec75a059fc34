#include "model/write.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/file.h"
#include "graph/builder.h"
#include "graph/passes/order.h"
#include "graph/preprocess.h"
#include "model/read.h"
#include "model/weight_record.h"

namespace netsuke {
namespace {

// Random kept positions: each element with the given chance, or only inside a few columns.
std::vector<uint32_t> random_positions(Random& random, const Shape& shape, double density, bool columns) {
  std::vector<uint32_t> positions;
  const auto elements = static_cast<uint32_t>(element_count(shape));
  const uint32_t row = shape.empty() || shape[0] == 0 ? 1 : static_cast<uint32_t>(elements / shape[0]);
  for (uint32_t i = 0; i < elements; ++i) {
    const bool empty_column = columns && (i % row) % 3 != 0;
    if (!empty_column && random.uniform() < density) positions.push_back(i);
  }
  return positions;
}

std::vector<float> random_floats(Random& random, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  if (count > 3) values[1] = -0.0f, values[2] = 1e-42f, values[3] = 0.0f;
  return values;
}

std::vector<uint16_t> random_codes(Random& random, size_t count, uint64_t centroids) {
  std::vector<uint16_t> codes(count);
  for (uint16_t& code : codes) code = static_cast<uint16_t>(random.below(1 + random.below(centroids)));
  return codes;
}

Encoding random_encoding(Random& random, const Shape& shape) {
  const auto elements = static_cast<size_t>(element_count(shape));
  const uint64_t centroids = 1 + random.below(40);
  const double density = random.below(5) == 0 ? 1.0 : random.uniform() * random.uniform();
  auto positions = random_positions(random, shape, density, random.below(2) == 0);
  auto table = random_floats(random, centroids);
  switch (random.below(shape.empty() ? 4 : 5)) {
    case 0:
      return Dense{random_floats(random, elements)};
    case 1:
      return Sparse{positions, random_floats(random, positions.size())};
    case 2:
      return Codebook{table, random_codes(random, elements, centroids)};
    case 4: {
      const auto filters = elements == 0 ? 0 : static_cast<size_t>(shape[0]);
      return Signs{random_floats(random, filters), sign_words(random_floats(random, elements)), {}};
    }
    default:
      return SparseCodebook{table, positions, random_codes(random, positions.size(), centroids)};
  }
}

WeightPtr random_weight(Random& random, const Shape& shape) {
  return make_weight(shape, random_encoding(random, shape));
}

// A small net in which every kind of weight occurs, and one that two nodes share.
Graph random_graph(uint64_t seed) {
  Random random(seed);
  Builder b("random", seed);
  ValueId x = b.input("data", {2, 12, 12});
  x = b.conv("conv1", x, 1 + static_cast<int>(random.below(6)), {3, 3}, {.pad = {1, 1, 1, 1}});
  x = b.batch_norm("bn1", x, 1e-3f);
  x = b.apply("relu1", Relu{}, {x});
  x = b.apply("pool1", MaxPool{.ceil = random.below(2) == 0}, {x});
  x = b.conv("a conv with a very long name indeed", x, 3, {1, 1}, {}, random.below(2) == 0);
  x = b.apply("flat", Flatten{}, {x});
  const ValueId left = b.linear("fc1", x, 30), right = b.linear("fc2", x, 30, false);
  x = b.apply("add", Add{}, {left, right});
  Graph graph = b.finish({b.apply("prob", Softmax{}, {x})});
  graph.nodes[7].inputs[1] = graph.nodes[6].inputs[1];  // fc2 reads fc1's weight
  for (const Parameter& p : parameters(graph)) {
    Value& value = graph.values[p.value];
    if (random.below(4) != 0) value.weight = random_weight(random, value.weight->shape);
  }
  graph.metadata = {{"input.scale", "0.00392"}, {"labels", "shirt\nbag\nboot"}};
  return graph;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape == b.shape &&
         (a.data.empty() || std::memcmp(a.data.data(), b.data.data(), 4 * a.size()) == 0);
}

void expect_same_network(const Graph& written, const Graph& read) {
  const Graph expected = in_file_order(written);
  EXPECT_EQ(read.name, expected.name);
  EXPECT_EQ(read.nodes, expected.nodes);
  EXPECT_EQ(read.inputs, expected.inputs);
  EXPECT_EQ(read.outputs, expected.outputs);
  EXPECT_EQ(read.metadata, expected.metadata);
  ASSERT_EQ(read.values.size(), expected.values.size());
  for (size_t i = 0; i < expected.values.size(); ++i) {
    SCOPED_TRACE(expected.values[i].name);
    EXPECT_EQ(read.values[i].name, expected.values[i].name);
    EXPECT_EQ(read.values[i].shape, expected.values[i].shape);
    ASSERT_EQ(read.values[i].weight != nullptr, expected.values[i].weight != nullptr);
    if (!expected.values[i].weight) continue;
    const Weight &a = *expected.values[i].weight, &b = *read.values[i].weight;
    EXPECT_EQ(encoding_name(a.encoding), encoding_name(b.encoding));
    EXPECT_EQ(kept_count(a), kept_count(b));
    EXPECT_TRUE(same_bits(to_dense(a), to_dense(b)));
    if (const auto* sparse = std::get_if<Sparse>(&a.encoding)) {
      EXPECT_EQ(sparse->positions, std::get<Sparse>(b.encoding).positions);
    }
  }
}

void expect_ledger_adds_up(const Ledger& ledger, size_t file_bytes) {
  int64_t sum = ledger.header_bytes + ledger.graph_bytes + ledger.metadata_bytes + ledger.checksum_bytes;
  for (const TensorLedger& t : ledger.tensors) {
    EXPECT_EQ(t.bytes, t.codes_bytes + t.index_bytes + t.codebook_bytes + t.table_bytes + t.raw_bytes +
                           t.header_bytes);
    EXPECT_GE(t.header_bytes, 3);
    sum += t.bytes;
  }
  EXPECT_EQ(sum, ledger.file_bytes);
  EXPECT_EQ(ledger.file_bytes, static_cast<int64_t>(file_bytes));
}

Graph one_weight(Shape shape, Encoding encoding) {
  Builder b("one");
  const ValueId x = b.input("x", {shape[1]});
  Graph graph = b.finish({b.linear("fc", x, static_cast<int>(shape[0]), false)});
  graph.values[graph.nodes[0].inputs[1]].weight = make_weight(shape, std::move(encoding));
  return graph;
}

TEST(Model, EveryGraphReadsBackFromEveryCoderAndWidth) {
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Graph graph = random_graph(seed);
    for (Coder coder : {Coder::automatic, Coder::plain, Coder::symbols, Coder::huffman, Coder::range}) {
      const Written written =
          write_model(graph, {coder, static_cast<int>(seed % 3 == 0 ? 2 + seed % 15 : 0), 1});
      expect_same_network(graph, read_model(written.bytes, "test"));
      expect_ledger_adds_up(written.ledger, written.bytes.size());
    }
  }
}

TEST(Model, WritingWhatWasReadGivesTheSameBytes) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const Bytes once = write_model(random_graph(seed)).bytes;
    EXPECT_EQ(write_model(read_model(once, "test")).bytes, once) << "seed " << seed;
  }
}

TEST(Model, BytesDoNotDependOnTheNumberOfThreads) {
  const Graph graph = random_graph(7);
  const Bytes expected = write_model(graph, {.threads = 1}).bytes;
  for (int threads : {2, 3, 8}) EXPECT_EQ(write_model(graph, {.threads = threads}).bytes, expected);
}

TEST(Model, AutomaticIsNeverLargerThanAnyFixedChoice) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const Graph graph = random_graph(seed);
    const size_t best = write_model(graph).bytes.size();
    for (Coder coder : {Coder::plain, Coder::symbols, Coder::huffman, Coder::range})
      EXPECT_LE(best, write_model(graph, {coder, 0, 0}).bytes.size()) << "seed " << seed;
    for (int bits = 2; bits <= 16; bits += 3)
      EXPECT_LE(best, write_model(graph, {Coder::automatic, bits, 0}).bytes.size()) << "seed " << seed;
  }
}

TEST(Model, LenetsGraphTakesLessThan250Bytes) {
  Builder b("lenet_5");
  ValueId x = b.input("data", {1, 28, 28});
  x = b.apply("pool1", MaxPool{}, {b.conv("conv1", x, 20, {5, 5})});
  x = b.apply("pool2", MaxPool{}, {b.conv("conv2", x, 50, {5, 5})});
  x = b.linear("ip1", b.apply("flatten", Flatten{}, {x}), 500);
  x = b.linear("ip2", b.apply("relu1", Relu{}, {x}), 10);
  const Graph graph = b.finish({b.apply("prob", Softmax{}, {x})});
  const Ledger ledger = write_model(graph).ledger;
  EXPECT_LT(ledger.graph_bytes, 130);
  RecordProperty("graph_bytes", static_cast<int>(ledger.graph_bytes));
}

TEST(Model, AMatrixOfEmptyColumnsIsIndexedByColumns) {
  Random random(3);
  const Shape shape = {300, 784};
  std::vector<uint32_t> positions;
  for (uint32_t i = 0; i < 300 * 784; ++i)
    if ((i % 784) % 28 < 9 && random.uniform() < 0.2) positions.push_back(i);
  const auto codes = random_codes(random, positions.size(), 32);
  const Graph graph = one_weight(shape, SparseCodebook{random_floats(random, 32), positions, codes});
  const Written written = write_model(graph, {.coder = Coder::symbols});
  EXPECT_NE(written.ledger.tensors[0].form.find("by columns"), std::string::npos);
  expect_same_network(graph, read_model(written.bytes, "test"));
  // The range coder sees that columns 28 apart are alike.
  EXPECT_LT(write_model(graph).bytes.size(), written.bytes.size());
}

TEST(Model, FallsBackToThePlainestFormThatIsSmaller) {
  Random random(4);
  // Every value its own centroid: the codebook alone costs what the floats do.
  std::vector<uint16_t> codes(64);
  for (uint16_t i = 0; i < 64; ++i) codes[i] = i;
  const auto form = [](const Graph& graph) { return write_model(graph).ledger.tensors[0].form; };
  EXPECT_EQ(form(one_weight({8, 8}, Codebook{random_floats(random, 64), codes})), "floats");
  std::vector<uint32_t> most;
  for (uint32_t i = 0; i < 4000; ++i)
    if (random.below(2) == 0) most.push_back(i);
  EXPECT_EQ(form(one_weight({40, 100}, Sparse{most, random_floats(random, most.size())})).substr(0, 6),
            "bitmap");
}

TEST(Model, LedgerTellsThePapersColumns) {
  Random random(5);
  const auto positions = random_positions(random, {500, 800}, 0.08, false);
  const auto codes = random_codes(random, positions.size(), 32);
  const Graph graph = one_weight({500, 800}, SparseCodebook{random_floats(random, 32), positions, codes});
  const TensorLedger t = write_model(graph, {Coder::huffman, 5, 0}).ledger.tensors.at(0);
  EXPECT_EQ(t.name, "fc.weight");
  EXPECT_EQ(t.elements, 400000);
  EXPECT_EQ(t.kept, std::ssize(positions));
  EXPECT_EQ(t.value_bits, 5);
  EXPECT_EQ(t.index_bits, 5);
  EXPECT_GT(t.fillers, 0);
  EXPECT_GT(t.coded_value_bits, 3);
  EXPECT_LT(t.coded_value_bits, 5);
  EXPECT_LT(t.coded_index_bits, 5.5);
  const auto coded = static_cast<double>(t.codes_bytes + t.index_bytes);
  EXPECT_GE(coded, t.entropy_bytes);
  EXPECT_LT(coded, 1.03 * t.entropy_bytes);
}

// The feature bits stand behind "NSK" and the version.
TEST(Model, AFileSaysThatItNeedsTheRangeCoder) {
  Random random(6);
  const auto where = random_positions(random, {40, 50}, 0.3, false);
  const Graph pruned = one_weight(
      {40, 50}, SparseCodebook{random_floats(random, 32), where, random_codes(random, where.size(), 32)});
  const Graph floats = one_weight({20, 20}, Dense{random_floats(random, 400)});
  for (const Graph& graph : {pruned, floats}) {
    EXPECT_EQ(write_model(graph, {.coder = Coder::range}).bytes[4], 1);
    for (Coder coder : {Coder::plain, Coder::symbols, Coder::huffman})
      EXPECT_EQ(write_model(graph, {.coder = coder}).bytes[4], 0);
  }
  EXPECT_EQ(write_model(floats, {.coder = Coder::range}).ledger.tensors[0].form, "floats");
}

TEST(Model, LedgerTellsFlagsAndCodesOfTheRangeCoderApart) {
  Random random(7);
  const auto positions = random_positions(random, {500, 800}, 0.08, false);
  const auto codes = random_codes(random, positions.size(), 32);
  const Graph graph = one_weight({500, 800}, SparseCodebook{random_floats(random, 32), positions, codes});
  const Written written = write_model(graph, {.coder = Coder::range});
  const TensorLedger& t = written.ledger.tensors.at(0);
  EXPECT_TRUE(t.form.starts_with("range")) << t.form;
  EXPECT_EQ(t.value_bits, 5);
  EXPECT_GT(t.index_bits, 2);
  // Positions at random: the entropy of flags of one in twelve, and of the codes.
  EXPECT_NEAR(t.coded_index_bits, 5.03, 0.1);
  EXPECT_GT(t.coded_value_bits, 3);
  EXPECT_LT(t.coded_value_bits, 5);
  const auto coded = static_cast<double>(t.codes_bytes + t.index_bytes);
  EXPECT_NEAR(coded / t.entropy_bytes, 1, 0.02);
  EXPECT_NEAR((t.coded_index_bits + t.coded_value_bits) * static_cast<double>(t.kept) / 8, coded, 2);
  expect_ledger_adds_up(written.ledger, written.bytes.size());
}

TEST(Model, AFewValuesOfVeryManyElementsAreNotRangeCoded) {
  const Graph graph = one_weight({2000, 2000}, SparseCodebook{{0.5f, 2}, {3, 3999999}, {0, 1}});
  for (Coder coder : {Coder::automatic, Coder::range}) {
    const Written written = write_model(graph, {.coder = coder});
    EXPECT_TRUE(written.ledger.tensors[0].form.starts_with("gaps")) << written.ledger.tensors[0].form;
  }
}

TEST(Model, ManyEqualValuesAreStillReadable) {
  const Graph graph = one_weight({2000, 1500}, Dense{std::vector<float>(3000000, 0.0f)});
  const Written written = write_model(graph);
  EXPECT_LT(written.bytes.size(), 400000u);
  expect_ledger_adds_up(written.ledger, written.bytes.size());
  expect_same_network(graph, read_model(written.bytes, "test"));
}

TEST(Model, RefusesWhatTheFormatCannotHold) {
  Graph graph = one_weight({2, 2}, Dense{{1, 2, 3, 4}});
  EXPECT_THROW(write_model(graph, {.index_bits = 1}), Error);
  EXPECT_THROW(write_model(graph, {.index_bits = 17}), Error);
  graph.values[0].name = std::string(256, 'x');
  EXPECT_THROW(write_model(graph), Error);
}

// The record's parts, one after the other, are the whole weight.
void expect_parts_make(const Weight& whole, const Record& record) {
  const Tensor all = to_dense(whole);
  size_t at = 0;
  for (size_t part = 0; part * record.apart < record.rows; ++part) {
    const Tensor some = to_dense(model::reread(record, part));
    ASSERT_LE(at + some.size(), all.size());
    EXPECT_EQ(some.size() / static_cast<size_t>(some.shape[0]), all.size() / record.rows);
    EXPECT_EQ(std::memcmp(some.data.data(), all.data.data() + at, 4 * some.size()), 0) << "part " << part;
    at += some.size();
  }
  EXPECT_EQ(at, all.size());
}

TEST(Records, RowsOfSharedWeightsAreReadApartWhereTheyAreCodedSo) {
  Random random(7);
  const Shape shape{300, 3600};
  std::vector<uint32_t> positions;  // one place of nine is kept most, which the coder sees by rows
  for (uint32_t i = 0; i < 300 * 3600; ++i)
    if (random.below(i % 9 == 4 ? 2 : 30) == 0) positions.push_back(i);
  const auto codes = random_codes(random, positions.size(), 5);
  const std::vector<float> centroids{-2, -1, 1, 2, 3};
  const std::vector<uint16_t> all = random_codes(random, 300 * 3600, 5);
  const Encoding kept = SparseCodebook{centroids, positions, codes}, whole = Codebook{centroids, all},
                 floats = Sparse{positions, random_floats(random, positions.size())};
  for (const Encoding& encoding : {kept, whole, floats}) {
    for (const Coder coder : {Coder::range, Coder::huffman, Coder::plain}) {
      SCOPED_TRACE(cat(encoding_name(encoding), ", coder ", static_cast<int>(coder)));
      const Graph written = one_weight(shape, encoding);
      const Graph graph = read_model(write_model(written, {.coder = coder}).bytes, "file", nullptr, true);
      const Weight& closed = *graph.values[graph.nodes[0].inputs[1]].weight;
      const Weight& weight = *written.values[written.nodes[0].inputs[1]].weight;
      EXPECT_EQ(encoding_name(closed.encoding), "recorded");
      EXPECT_EQ(kept_count(closed), kept_count(weight));
      EXPECT_EQ(value_bits(closed), value_bits(weight));
      EXPECT_THROW(to_dense(closed), Error);
      EXPECT_TRUE(same_bits(to_dense(model::reread(*closed.record)), to_dense(weight)));
      const Record& record = *closed.record;
      EXPECT_EQ(record.rows, 300u);
      const bool by_columns = coder == Coder::huffman && std::holds_alternative<SparseCodebook>(encoding);
      const bool in_parts = !std::holds_alternative<Sparse>(encoding) && !by_columns;
      EXPECT_EQ(record.apart, in_parts ? (1 << 20) / 3600u : 300u);
      if (in_parts) expect_parts_make(weight, record);
    }
  }
}

// Three parts of 1048 rows, of which the one between keeps nothing; gaps are too long for their symbols.
TEST(Records, APartMayKeepNothing) {
  Random random(8);
  std::vector<uint32_t> positions;
  for (uint32_t at = 0; at < 3'100'000; at += 1 + static_cast<uint32_t>(random.below(180)))
    if (at < 1'000'000 || at > 2'100'000) positions.push_back(at);
  const SparseCodebook encoding{{-1, 1, 2}, positions, random_codes(random, positions.size(), 3)};
  const Graph written = one_weight({3100, 1000}, encoding);
  const Graph graph = read_model(write_model(written, {.coder = Coder::huffman, .index_bits = 5}).bytes,
                                 "file", nullptr, true);
  const Record& record = *graph.values[graph.nodes[0].inputs[1]].weight->record;
  EXPECT_EQ(record.apart, (1u << 20) / 1000);
  expect_parts_make(*written.values[written.nodes[0].inputs[1]].weight, record);
}

TEST(Model, LoadsFromAPath) {
  const Graph graph = random_graph(9);
  const std::string path = testing::TempDir() + "netsuke_model_test.nsk";
  write_file(path, write_model(graph).bytes);
  expect_same_network(graph, load_model(path));
  EXPECT_TRUE(is_model(read_file(path)));
  EXPECT_FALSE(is_model({}));
  std::remove(path.c_str());
}

}  // namespace
}  // namespace netsuke
