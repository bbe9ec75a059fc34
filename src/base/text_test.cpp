#include "base/text.h"

#include <gtest/gtest.h>

#include "base/catalog.h"
#include "base/rounded.h"

namespace netsuke {
namespace {

TEST(Text, numbers_are_shortest_that_read_back) {
  EXPECT_EQ(cat("a", 1, ' ', 0.1f, ' ', true), "a1 0.1 true");
}

TEST(Text, numbers_for_people_have_few_decimals) {
  EXPECT_EQ(rounded(12.345678, 2), "12.35");
  EXPECT_EQ(rounded(-0.5, 3), "-0.500");
  EXPECT_EQ(rounded(1e300, 1).size(), 303u);
}

TEST(Text, patterns_match_whole_names) {
  EXPECT_TRUE(matches("fire*/e3x3", "fire9/e3x3"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("conv1", "conv1"));
  EXPECT_FALSE(matches("conv1", "conv10"));
  EXPECT_FALSE(matches("conv*x", "conv1"));
}

TEST(Text, a_misspelt_name_finds_its_neighbour) {
  const std::vector<std::string> names{"prune", "share", "code"};
  EXPECT_EQ(closest("prunne", names), "prune");
  EXPECT_EQ(closest("quantum", names), "");
}

TEST(Text, the_beginning_of_a_name_finds_it_whole) {
  const std::vector<std::string> names{"googlenet", "mobilenet_v1_small", "mobilenet_v1", "resnet18"};
  EXPECT_EQ(closest("mobilenet", names), "mobilenet_v1");
  EXPECT_EQ(closest("resnet", names), "resnet18");
  EXPECT_EQ(closest("mobilenet_v1_smal", names), "mobilenet_v1_small");
  EXPECT_EQ(closest("r", names), "");  // one letter tells too little
}

TEST(Text, only_whole_numbers_are_numbers) {
  EXPECT_EQ(parse_integer("-12", "--n"), -12);
  EXPECT_THROW(parse_integer("12x", "--n"), Error);
  EXPECT_THROW(parse_integer("", "--n"), Error);
  EXPECT_THROW(parse_number("1.5.2", "--x"), Error);
}

TEST(Catalog, an_unknown_name_is_answered_with_what_there_is) {
  struct Row {
    std::string_view name;
  };
  const std::vector<Row> rows{{"lenet_5"}, {"lenet_300_100"}};
  EXPECT_EQ(find_row(std::span<const Row>(rows), "lenet_5", "architecture").name, "lenet_5");
  try {
    find_row(std::span<const Row>(rows), "lenet5", "architecture");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'lenet_5'"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace netsuke
