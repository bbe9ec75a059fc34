// The committed files of tests/golden. To write them again after a deliberate change of the format:
//
//   NETSUKE_REWRITE_GOLDEN=1 build/release/tests/golden/golden_test
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "golden/golden_files.h"
#include "graph/passes/order.h"
#include "model/read.h"

namespace netsuke::golden {
namespace {

const std::string kFolder = NETSUKE_SOURCE_DIR "/tests/golden/";

bool rewriting() { return std::getenv("NETSUKE_REWRITE_GOLDEN") != nullptr; }

std::string read_text(const std::string& path) {
  const Bytes bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

TEST(Golden, WriterGivesTheCommittedBytes) {
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    const Bytes bytes = write_model(model.graph, model.options).bytes;
    if (rewriting()) write_file(kFolder + model.name + ".nsk", bytes);
    EXPECT_TRUE(read_file(kFolder + model.name + ".nsk") == bytes);
  }
}

TEST(Golden, ReaderGivesTheCommittedNumbers) {
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    const Graph graph = load_model(kFolder + model.name + ".nsk");
    if (rewriting()) write_file(kFolder + model.name + ".txt", std::string_view(describe(graph)));
    EXPECT_EQ(describe(graph), read_text(kFolder + model.name + ".txt"));
    EXPECT_EQ(describe(graph), describe(in_file_order(model.graph)));
  }
}

TEST(Golden, TheFilesCoverEveryForm) {
  std::string forms;
  for (const Model& model : models())
    for (const TensorLedger& t : write_model(model.graph, model.options).ledger.tensors)
      forms += t.form + '\n';
  for (const char* form : {"floats", "bitmap", "gaps+packed", "gaps+huffman", "codes+packed", "codes+huffman",
                           "joint codes+huffman", ", by columns", "empty", "range", "range, floats"})
    EXPECT_THAT(forms, testing::HasSubstr(form));
}

// A writer leaves the range coder where a reader would not believe it, or where nothing is kept.
TEST(Golden, TheRangeCodersFilesAreRangeCoded) {
  for (const Model& model : models()) {
    if (model.options.coder != Coder::range || model.name == "range-empty") continue;
    const Ledger ledger = write_model(model.graph, model.options).ledger;
    EXPECT_THAT(ledger.tensors.at(0).form, testing::StartsWith("range")) << model.name;
  }
}

TEST(Golden, InvalidFilesGiveTheirErrors) {
  for (const Invalid& invalid : invalid_files()) {
    SCOPED_TRACE(invalid.name);
    const std::string path = kFolder + "invalid/" + invalid.name + ".nsk";
    if (rewriting()) write_file(path, invalid.bytes);
    EXPECT_TRUE(read_file(path) == invalid.bytes);
    try {
      load_model(path);
      ADD_FAILURE() << "was read without an error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(invalid.error));
      EXPECT_THAT(error.what(), testing::HasSubstr(invalid.name));
    }
  }
}

}  // namespace
}  // namespace netsuke::golden
