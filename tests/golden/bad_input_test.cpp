// Whatever bytes stand in a .nsk file: a graph or an Error, never a crash, a hang or much memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "base/random.h"
#include "golden/golden_files.h"
#include "golden/nsk_builder.h"
#include "model/read.h"

namespace {

// Every allocation of this program is counted, so that a test can tell how much memory a call had at its
// peak.
std::atomic<size_t> allocated{0}, peak{0};

void* counted_new(size_t size) {
  // The size stands in front of the block.
  auto* block = static_cast<size_t*>(std::malloc(size + alignof(std::max_align_t)));
  if (!block) throw std::bad_alloc();
  *block = size;
  const size_t now = allocated.fetch_add(size) + size;
  size_t before = peak.load();
  while (now > before && !peak.compare_exchange_weak(before, now)) continue;
  return reinterpret_cast<char*>(block) + alignof(std::max_align_t);
}

void counted_delete(void* pointer) noexcept {
  if (!pointer) return;
  auto* block = reinterpret_cast<size_t*>(static_cast<char*>(pointer) - alignof(std::max_align_t));
  allocated.fetch_sub(*block);
  std::free(block);
}

}  // namespace

void* operator new(size_t size) { return counted_new(size); }
void* operator new[](size_t size) { return counted_new(size); }
// A sanitizer has its own of this one, which std::stable_sort calls.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return counted_new(size); }
void operator delete(void* pointer) noexcept { counted_delete(pointer); }
void operator delete[](void* pointer) noexcept { counted_delete(pointer); }
void operator delete(void* pointer, size_t) noexcept { counted_delete(pointer); }
void operator delete[](void* pointer, size_t) noexcept { counted_delete(pointer); }

namespace netsuke::golden {
namespace {

constexpr size_t kMostMemory = 64'000'000;

// True if the bytes are a model. Anything but a graph or an Error ends the test.
bool survives(const Bytes& bytes) {
  const size_t before = allocated.load();
  peak = before;
  bool read = false;
  try {
    const Graph graph = read_model(bytes, "test");
    read = true;
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::internal) << error.what();
  }
  EXPECT_LT(peak.load() - before, kMostMemory);
  return read;
}

std::vector<Bytes> good_files() {
  std::vector<Bytes> files;
  // Damage makes the coder go on to the end of its slices, and two million elements take too long.
  for (const Model& model : models())
    if (model.name != "range-slices") files.push_back(write_model(model.graph, model.options).bytes);
  return files;
}

void flip(Random& random, Bytes& bytes) {
  for (uint64_t left = 1 + random.below(4); left > 0 && !bytes.empty(); --left)
    bytes[random.below(bytes.size())] ^= static_cast<uint8_t>(1u << random.below(8));
}

void splice(Random& random, Bytes& bytes, const Bytes& other) {
  const auto at = [](uint64_t i) { return static_cast<std::ptrdiff_t>(i); };
  const uint64_t from = random.below(other.size()), count = random.below(other.size() - from) + 1;
  const uint64_t to = random.below(bytes.size() + 1), removed = random.below(bytes.size() - to + 1);
  bytes.erase(bytes.begin() + at(to), bytes.begin() + at(to + removed));
  bytes.insert(bytes.begin() + at(to), other.begin() + at(from), other.begin() + at(from + count));
}

void damage(Random& random, Bytes& bytes, const Bytes& other) {
  if (random.below(3) == 0 && !other.empty())
    splice(random, bytes, other);
  else
    flip(random, bytes);
}

Bytes payload(ByteView view) { return {view.begin(), view.end()}; }

// Damage inside a section under a new checksum, so that the parsers behind it are reached.
Bytes damaged_inside(Random& random, const Bytes& file, const Bytes& other) {
  const model::Sections a = model::split_sections(file, "test"), b = model::split_sections(other, "test");
  Bytes graph = payload(a.graph), weights = payload(a.weights), metadata = payload(a.metadata);
  const uint64_t which = random.below(8);
  if (which < 2) damage(random, graph, payload(b.graph));
  if (which == 2) damage(random, metadata, payload(b.metadata));
  if (which > 2) damage(random, weights, payload(b.weights));
  std::vector<RawSection> sections = {{1, graph}, {2, weights}};
  if (!metadata.empty()) sections.push_back({3, metadata});
  return file_of(sections);
}

TEST(BadInput, EveryTruncationOfEverySmallFileIsRefused) {
  for (const Bytes& file : good_files()) {
    ASSERT_TRUE(survives(file));
    for (size_t length = 0; length < std::min<size_t>(file.size(), 3000); ++length)
      ASSERT_FALSE(survives(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length))));
  }
}

TEST(BadInput, RandomDamageGivesAGraphOrAnError) {
  const std::vector<Bytes> files = good_files();
  int read = 0;
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    Random random(seed);
    const Bytes& file = files[random.below(files.size())];
    const Bytes& other = files[random.below(files.size())];
    Bytes bytes = file;
    if (seed % 2 == 0)
      damage(random, bytes, other);
    else
      bytes = damaged_inside(random, file, other);
    read += survives(bytes) ? 1 : 0;
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(read, 100) << "hardly any damage passes the checksums: the parsers behind them are not tested";
}

TEST(BadInput, DamagedSlicesGiveAGraphOrAnError) {
  const std::vector<Model> all = models();
  const auto slices =
      std::find_if(all.begin(), all.end(), [](const Model& model) { return model.name == "range-slices"; });
  ASSERT_NE(slices, all.end());
  const Bytes file = write_model(slices->graph, slices->options).bytes;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    survives(damaged_inside(random, file, file));
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST(BadInput, AHugeWeightIsRefusedBeforeAnythingIsAllocated) {
  for (const Invalid& invalid : invalid_files()) {
    const size_t before = allocated.load();
    peak = before;
    EXPECT_THROW(read_model(invalid.bytes, invalid.name), Error);
    EXPECT_LT(peak.load() - before, 100'000u) << invalid.name;
  }
}

TEST(BadInput, UnknownOptionalSectionsAreSkipped) {
  const Model model = models().back();
  const Bytes file = write_model(model.graph, model.options).bytes;
  const model::Sections sections = model::split_sections(file, "test");
  const Bytes more =
      file_of({{0x9f, {1, 2, 3}}, {1, payload(sections.graph)}, {0x9f, {}}, {2, payload(sections.weights)}});
  EXPECT_EQ(read_model(more, "test"), read_model(file, "test"));
}

}  // namespace
}  // namespace netsuke::golden
