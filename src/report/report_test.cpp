#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "graph/builder.h"
#include "model/read.h"
#include "model/write.h"
#include "report/histogram.h"
#include "report/json.h"
#include "report/ledger.h"
#include "report/rank.h"
#include "report/run_folder.h"
#include "report/table.h"

namespace netsuke::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Table, columns_are_as_wide_as_they_need) {
  Table table({"<layer", "bytes"});
  table.row({"conv1", "312"});
  table.rule();
  table.row({"total", "28,738"});
  EXPECT_EQ(table.render(), "layer   bytes\n-------------\nconv1     312\n-------------\ntotal  28,738\n");
}

TEST(Table, numbers_read_as_people_write_them) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(-1724320), "-1,724,320");
  EXPECT_EQ(bytes_text(28738), "28.7 kB");
  EXPECT_EQ(duration_text(83), "1 m 23 s");
  EXPECT_EQ(duration_text(7500), "2 h 05 m");
  EXPECT_EQ(rate_text(5612.6, "images"), "5613 images/s");
  EXPECT_EQ(rate_text(0.025, "layers"), "1.5 layers/min");
}

/// A network with one pruned and shared layer, as a recipe would leave it.
Graph compressed_net() {
  Builder b("net");
  const ValueId x = b.input("data", {1, 1, 64});
  Graph g = b.finish({b.linear("ip1", b.apply("flat", Flatten{}, {x}), 32)});
  SparseCodebook form{{-0.91234f, -0.41257f, 0.37621f, 0.88317f}, {}, {}};
  for (uint32_t i = 0; i < 2048; i += 8) form.positions.push_back(i), form.codes.push_back(i / 8 % 4);
  g.values[find_value(g, "ip1.weight")].weight = make_weight({32, 64}, form);
  return g;
}

TEST(Ledger, stages_fall_from_floats_to_the_file_and_parts_add_up) {
  const Written written = write_model(compressed_net());
  const StageBytes s = stage_bytes(written.ledger);
  EXPECT_DOUBLE_EQ(s.float32, 4 * (2048 + 32));
  EXPECT_GT(s.float32, s.pruned);
  EXPECT_GT(s.pruned, s.shared);
  EXPECT_GE(s.shared, s.coded);
  EXPECT_DOUBLE_EQ(s.file, static_cast<double>(written.bytes.size()));
}

TEST(Ledger, the_paper_table_tells_density_and_bits) {
  const Written written = write_model(compressed_net(), {.coder = Coder::huffman, .index_bits = 5});
  const std::string table = paper_table(read_model(written.bytes, "test"), written.ledger);
  EXPECT_THAT(table, HasSubstr("ip1"));
  EXPECT_THAT(table, HasSubstr("12.5 %"));
  EXPECT_THAT(table, HasSubstr("2.0 / 2.0")) << "four equally common codes cannot be coded below two bits";
}

TEST(Ledger, every_layer_and_part_has_its_row) {
  const Written written = write_model(compressed_net());
  const Graph graph = read_model(written.bytes, "test");
  const std::string all = ledger_text(graph, written.ledger, {});
  for (const char* name : {"ip1 ", "all layers", "graph", "checksums", "file header"})
    EXPECT_THAT(all, HasSubstr(name));
  EXPECT_THAT(all, HasSubstr(grouped(written.ledger.tensors[0].codes_bytes)));
  const std::string folded = ledger_text(graph, written.ledger, {}, 0);
  EXPECT_THAT(folded, HasSubstr("1 smaller layers"));
  EXPECT_THAT(folded, Not(HasSubstr("ip1 ")));
}

TEST(Rank, TiesAndWhatIsNoNumberCountAgainstTheNetwork) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(rank_of(std::vector<float>{1, 3, 2}, 1), 0);
  EXPECT_EQ(rank_of(std::vector<float>{1, 3, 2}, 0), 2);
  EXPECT_EQ(rank_of(std::vector<float>{3, 3, 2}, 0), 1);
  EXPECT_EQ(rank_of(std::vector<float>{nan, nan, nan}, 1), 2);
  EXPECT_EQ(rank_of(std::vector<float>{nan, 3, 2}, 1), 1);
}

TEST(Ledger, baselines_are_what_gzip_and_zstd_make_of_the_floats) {
  Builder b("zeros");
  const ValueId x = b.input("data", {1, 1, 1000});
  Graph g = b.finish({b.linear("ip1", b.apply("flat", Flatten{}, {x}), 10)});
  g.values[find_value(g, "ip1.weight")].weight = make_dense(Tensor({10, 1000}));
  const Baselines zeros = baselines(g);
  EXPECT_LT(zeros.gzip9, 200);
  EXPECT_LT(zeros.zstd19, 200);
  const Baselines noise = baselines(compressed_net(), 1000);
  EXPECT_TRUE(noise.sampled);
}

TEST(Histogram, counts_zeros_apart_and_every_other_value_once) {
  std::vector<float> values(100, 0.0f);
  for (int i = 0; i < 50; ++i) values.push_back(-1), values.push_back(2);
  values.push_back(0.5f);
  const Json json = histogram_json(values, 3);
  EXPECT_EQ(json["zeros"], 100);
  EXPECT_EQ(json["counts"], (std::vector<int64_t>{50, 1, 50}));
  const std::string text = histogram_text("conv1", values, 3);
  EXPECT_THAT(text, HasSubstr("conv1: 201 weights, 100 zeros (49.8 %)"));
  EXPECT_THAT(text, HasSubstr(std::string(60, '#'))) << "the tallest bar fills the width";
}

TEST(Json, has_the_keys_that_programs_rely_on) {
  const Written written = write_model(compressed_net());
  const Graph graph = read_model(written.bytes, "test");
  Json json = describe(graph, "net.nsk", &written.ledger);
  add_accuracy(json, 10000, 99.25, 100);
  EXPECT_EQ(json["bytes"], written.bytes.size());
  EXPECT_EQ(json["bytes_fp32"], 4 * 2080);
  EXPECT_EQ(json["params"], 2080);
  EXPECT_EQ(json["macs"], 2048);
  EXPECT_NEAR(json["error"].get<double>(), 0.75, 1e-9);
  const Json& layer = json["layers"].back();
  EXPECT_EQ(layer["name"], "ip1");
  EXPECT_EQ(layer["op"], "linear");
  EXPECT_NEAR(layer["density"].get<double>(), 0.125, 1e-6);
  EXPECT_EQ(layer["bits"], 2);
  EXPECT_GT(layer["bytes"], 0);
}

TEST(RunFolder, curves_fall_as_the_values_do) {
  EXPECT_EQ(curve({}), "");
  EXPECT_EQ(curve({5, 5}), "▁▁");
  EXPECT_EQ(curve({8, 4, 0}), "█▅▁");
  std::vector<double> many(1000);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  EXPECT_EQ(curve(many, 8), "▁▂▃▄▅▆▇█");
}

TEST(RunFolder, metrics_are_a_line_an_epoch_and_rewritten_whole) {
  const std::string folder = testing::TempDir() + "netsuke_run_folder_test";
  write_run_settings(folder, {{"seed", 3}});
  write_metrics(folder, {{.loss = 2, .validation_error = -1}, {.loss = 1, .validation_error = 50}});
  write_metrics(folder, {{.loss = 2, .validation_error = -1}, {.loss = 1, .validation_error = 50}});
  std::ifstream file(folder + "/metrics.jsonl");
  std::vector<Json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["epoch"], 1);
  EXPECT_FALSE(lines[0].contains("validation_error"));
  EXPECT_EQ(lines[1]["validation_error"], 50);
  EXPECT_EQ(Json::parse(std::ifstream(folder + "/run.json"))["seed"], 3);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace netsuke::report
