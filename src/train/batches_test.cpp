#include "train/batches.h"

#include <gtest/gtest.h>

#include <map>

#include "train/augment.h"
#include "train/test_data.h"

namespace netsuke::train {
namespace {

Preprocess plain() { return {.scale = 1, .mean = {}, .std = {}, .order = "gray"}; }

TEST(MoveImage, ShiftBringsZerosIn) {
  const std::vector<uint8_t> in{1, 2, 3, 4, 5, 6};
  std::vector<uint8_t> out(6);
  move_image({.right = 1, .down = 0}, {1, 2, 3}, in, out);
  EXPECT_EQ(out, (std::vector<uint8_t>{0, 1, 2, 0, 4, 5}));
  move_image({.right = 0, .down = -1}, {1, 2, 3}, in, out);
  EXPECT_EQ(out, (std::vector<uint8_t>{4, 5, 6, 0, 0, 0}));
}

TEST(MoveImage, FlipMirrorsEveryChannel) {
  const std::vector<uint8_t> in{1, 2, 3, 4, 5, 6};
  std::vector<uint8_t> out(6);
  move_image({.flip = true}, {2, 1, 3}, in, out);
  EXPECT_EQ(out, (std::vector<uint8_t>{3, 2, 1, 6, 5, 4}));
}

TEST(MoveImage, QuarterTurnIsClockwise) {
  const std::vector<uint8_t> in{1, 2, 3, 4};
  std::vector<uint8_t> out(4);
  move_image({.angle = 3.14159265358979 / 2}, {1, 2, 2}, in, out);
  EXPECT_EQ(out, (std::vector<uint8_t>{3, 1, 4, 2}));
}

TEST(MoveImage, BilinearTwinAgreesOnWholePixels) {
  Random random(3);
  std::vector<uint8_t> in(2 * 9 * 7), copied(in.size()), warped(in.size());
  for (uint8_t& v : in) v = static_cast<uint8_t>(random.below(256));
  for (int i = 0; i < 100; ++i) {
    Motion motion{static_cast<int>(random.below(7)) - 3, static_cast<int>(random.below(7)) - 3,
                  random.below(2) == 1};
    move_image(motion, {2, 9, 7}, in, copied);
    motion.angle = 1e-12;  // takes the general path
    move_image(motion, {2, 9, 7}, in, warped);
    ASSERT_EQ(copied, warped) << motion.right << ' ' << motion.down << ' ' << motion.flip;
  }
}

TEST(MoveImage, ZoomEnlarges) {
  std::vector<uint8_t> in(81), out(81);
  in[4 * 9 + 4] = 255;
  move_image({.scale = 2}, {1, 9, 9}, in, out);
  EXPECT_EQ(out[4 * 9 + 4], 255);
  EXPECT_NEAR(out[4 * 9 + 5], 128, 1);  // half a pixel from the bright one
}

TEST(MoveImage, AWindowIsShownWhole) {
  // A slope from left to right: half of the width, a quarter to the right of the centre.
  std::vector<uint8_t> in(9 * 9), out(in.size());
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(10 * (i % 9));
  move_image({.height = 0.5, .width = 0.5, .centre_right = 2}, {1, 9, 9}, in, out);
  EXPECT_EQ(out[0], 40);  // columns 4 to 8
  EXPECT_EQ(out[4], 60);
  EXPECT_EQ(out[8], 80);
}

TEST(MoveImage, DrawnWindowsLieInsideAndHaveTheAreaAskedFor) {
  Options options;
  options.crop = 0.25;
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const Motion motion = draw_motion(options, {3, 32, 32}, random);
    ASSERT_GE(motion.height * motion.width, 0.25 * 0.75);  // a side cut to the image's takes a little
    ASSERT_LE(motion.height, 1);
    ASSERT_LE(std::abs(motion.centre_down), 31 * (1 - motion.height) / 2 + 1e-9);
    ASSERT_LE(std::abs(motion.centre_right), 31 * (1 - motion.width) / 2 + 1e-9);
  }
}

TEST(PaintImage, EachFactorDoesItsOwn) {
  const Shape shape{3, 1, 2};
  const std::vector<uint8_t> image{100, 50, 100, 50, 100, 50};
  const auto painted = [&](const Paint& paint, std::vector<uint8_t> pixels) {
    paint_image(paint, shape, pixels);
    return pixels;
  };
  EXPECT_EQ(painted({}, image), image);
  EXPECT_EQ(painted({.brightness = 2}, image), (std::vector<uint8_t>{200, 100, 200, 100, 200, 100}));
  EXPECT_EQ(painted({.contrast = 2}, image), (std::vector<uint8_t>{125, 25, 125, 25, 125, 25}));
  EXPECT_EQ(painted({.saturation = 0}, {255, 0, 0, 255, 0, 0}),
            (std::vector<uint8_t>{76, 150, 76, 150, 76, 150}));
}

TEST(PaintImage, CutoutGreysASquareAndNoMore) {
  std::vector<uint8_t> pixels{10, 10, 10, 10, 10, 10, 10, 10, 100};
  paint_image({.top = 1, .left = 1, .side = 5}, {1, 3, 3}, pixels);
  EXPECT_EQ(pixels, (std::vector<uint8_t>{10, 10, 10, 10, 20, 20, 10, 20, 20}));
}

TEST(Batches, MixedImagesAreMixedAsTheirLabelsAre) {
  const DatasetPtr data = quadrants(8, 1);
  Options options;
  options.batch = 8;
  const Batch pure = Batches(*data, plain(), {plain()}, options).make(0);
  options.mixup = 0.5;
  const Batch mixed = Batches(*data, plain(), {plain()}, options).make(0);
  EXPECT_EQ(mixed.labels, pure.labels);
  EXPECT_GT(mixed.share, 0);
  EXPECT_LT(mixed.share, 1);
  const auto own = static_cast<float>(mixed.share);
  for (size_t i = 0; i < pure.images.size(); ++i) {
    const size_t other = (i + 64) % pure.images.size();
    ASSERT_NEAR(mixed.images[i], own * pure.images[i] + (1 - own) * pure.images[other], 1e-3);
    ASSERT_EQ(mixed.other_labels[i / 64], pure.labels[other / 64]);
  }
  EXPECT_EQ(mixed.teacher_images.at(0), mixed.images);
}

TEST(Batches, AnEpochShowsEachImageOnceAndEpochsDiffer) {
  const DatasetPtr data = quadrants(32, 1);
  Options options;
  options.batch = 8;
  Batches batches(*data, plain(), {}, options);
  ASSERT_EQ(batches.per_epoch(), 4);
  std::map<std::vector<float>, int> seen;
  const auto image = [](const Batch& batch, size_t i) {
    return std::vector<float>(batch.images.data() + i * 64, batch.images.data() + (i + 1) * 64);
  };
  for (int64_t step = 0; step < 4; ++step) {
    const Batch batch = batches.make(step);
    for (size_t i = 0; i < 8; ++i) ++seen[image(batch, i)];
  }
  EXPECT_EQ(seen.size(), 32u);
  EXPECT_NE(batches.make(0).images, batches.make(4).images);
}

TEST(Batches, VersionsOfImagesComeBackAndAreTheSameForAllSeeds) {
  const DatasetPtr data = quadrants(32, 1);
  Options options;
  options.batch = 8, options.shift = 3, options.flip = true, options.cutout = 2, options.versions = 2;
  const auto shown = [&](uint64_t seed, int64_t epoch) {
    options.seed = seed;
    Batches batches(*data, plain(), {}, options);
    std::vector<float> images(32 * 64);
    for (int64_t step = 4 * epoch; step < 4 * (epoch + 1); ++step) {
      const Batch batch = batches.make(step);
      EXPECT_EQ(batch.version, epoch % 2);
      for (size_t i = 0; i < 8; ++i)
        std::copy_n(batch.images.begin() + static_cast<std::ptrdiff_t>(i * 64), 64,
                    images.begin() + static_cast<std::ptrdiff_t>(batch.indices[i] * 64));
    }
    return images;
  };
  EXPECT_EQ(shown(1, 0), shown(1, 2));
  EXPECT_EQ(shown(1, 1), shown(7, 3));
  EXPECT_NE(shown(1, 0), shown(1, 1));
  Options unchanged;
  unchanged.batch = 8, unchanged.versions = 2;
  EXPECT_EQ(Batches(*data, plain(), {}, unchanged).make(4).version, 0) << "of images that stay as they are";
  for (const int64_t version : {0, 1})
    EXPECT_EQ(version_batch(*data, plain(), options, version, 0, 32).images, shown(1, version));
}

TEST(Batches, DependOnSeedAndStepAlone) {
  const DatasetPtr data = quadrants(40, 1);
  Options options;
  options.batch = 8;
  options.shift = 2;
  options.flip = true;
  options.rotate = 15;
  options.zoom = 0.1;
  Batches forwards(*data, plain(), {}, options), backwards(*data, plain(), {}, options);
  std::vector<Batch> made;
  for (int64_t step = 0; step < 10; ++step) made.push_back(forwards.make(step));
  for (int64_t step = 9; step >= 0; --step) {
    const Batch again = backwards.make(step);
    EXPECT_EQ(again.images, made[static_cast<size_t>(step)].images);
    EXPECT_EQ(again.labels, made[static_cast<size_t>(step)].labels);
  }
  options.seed = 2;
  EXPECT_NE(Batches(*data, plain(), {}, options).make(0).images, made[0].images);
}

TEST(Batches, TeacherSeesTheSamePixelsItsOwnWay) {
  const DatasetPtr data = quadrants(8, 1);
  Options options;
  options.batch = 8;
  Preprocess doubled = plain();
  doubled.scale = 2;
  const Batch batch = Batches(*data, plain(), {doubled}, options).make(0);
  for (size_t i = 0; i < batch.images.size(); ++i) ASSERT_EQ(batch.teacher_images[0][i], 2 * batch.images[i]);
}

TEST(Prefetch, GivesTheBatchesInOrder) {
  const DatasetPtr data = quadrants(40, 1);
  Options options;
  options.batch = 8;
  Batches ahead(*data, plain(), {}, options), plain_ones(*data, plain(), {}, options);
  Prefetch prefetch(ahead, 2, 9);
  for (int64_t step = 2; step < 9; ++step) EXPECT_EQ(prefetch.next().images, plain_ones.make(step).images);
}

}  // namespace
}  // namespace netsuke::train
