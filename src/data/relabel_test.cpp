#include "data/relabel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/synthetic.h"

namespace netsuke {
namespace {

TEST(Relabel, ForgetsAllLabelsButAsManyAsAsked) {
  const DatasetPtr whole = make_synthetic(50, {1, 8, 8}, 4, 1), some = forget_labels(whole, 20, 1);
  int known = 0;
  for (int64_t i = 0; i < some->size(); ++i) {
    if (some->label(i) == kNoLabel) continue;
    ++known;
    EXPECT_EQ(some->label(i), whole->label(i));
  }
  EXPECT_EQ(known, 20);
  EXPECT_THROW(forget_labels(whole, 51, 1), Error);
}

TEST(Relabel, TakesTheLabelsItIsGiven) {
  const DatasetPtr whole = make_synthetic(3, {1, 8, 8}, 4, 1);
  const DatasetPtr named = with_labels(whole, {2, kNoLabel, 0}, {"a", "b", "c"}, "named");
  EXPECT_EQ(named->label(0), 2);
  EXPECT_EQ(named->label(1), kNoLabel);
  EXPECT_EQ(named->classes().size(), 3u);
  EXPECT_FALSE(is_unlabelled(*named));
  EXPECT_TRUE(is_unlabelled(*forget_labels(whole, 0, 1)));
  EXPECT_THROW(with_labels(whole, {1}, {"a"}, "short"), Error);
}

TEST(Relabel, JoinsImagesInOrder) {
  const DatasetPtr a = make_synthetic(5, {1, 8, 8}, 4, 1), b = make_synthetic(7, {1, 8, 8}, 4, 2);
  const DatasetPtr both = joined(a, b);
  ASSERT_EQ(both->size(), 12);
  std::vector<uint8_t> mine(64), theirs(64);
  for (int64_t i = 0; i < 12; ++i) {
    const Dataset& from = i < 5 ? *a : *b;
    both->pixels(i, mine);
    from.pixels(i < 5 ? i : i - 5, theirs);
    EXPECT_EQ(mine, theirs);
    EXPECT_EQ(both->label(i), from.label(i < 5 ? i : i - 5));
  }
  EXPECT_THROW(joined(a, make_synthetic(5, {1, 9, 9}, 4, 1)), Error);
}

TEST(Relabel, LeavesAClassOut) {
  const DatasetPtr whole = make_synthetic(50, {1, 8, 8}, 4, 1);
  const WithoutClass without = leave_out(whole, whole->classes()[2]);
  EXPECT_EQ(without.left_out, 2);
  EXPECT_LT(without.rest->size(), 50);
  for (int64_t i = 0; i < without.rest->size(); ++i) EXPECT_NE(without.rest->label(i), 2);
  EXPECT_THROW(leave_out(whole, "seven"), Error);
}

}  // namespace
}  // namespace netsuke
