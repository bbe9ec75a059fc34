#include "train/group.h"

#include <ATen/ATen.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace netsuke::train {
namespace {

constexpr size_t kBucketFloats = size_t{1} << 20;
constexpr std::chrono::seconds kMeeting{60};
/// How long a process may keep the others waiting before they give it up.
constexpr std::chrono::seconds kLost{25};

using Gloo = c10d::ProcessGroupGloo;

struct Bucket {
  at::Tensor values;
  size_t gradients = 0, there = 0;  ///< how many are in it, and how many of this step have come
  c10::intrusive_ptr<c10d::Work> work;
};

struct Place {
  size_t bucket, offset, size;
};

}  // namespace

struct Group::Buckets {
  World world;
  c10::intrusive_ptr<Gloo> gloo;
  std::vector<Bucket> buckets;
  std::vector<Place> places;
  std::vector<char> came;  ///< gradients of this step
  size_t launched = 0;     ///< buckets on their way: all processes send them in one order

  void launch() {
    std::vector<at::Tensor> tensors{buckets[launched].values};
    buckets[launched++].work = gloo->allreduce(tensors);
  }
  template <class Work>
  void watched(const Work& work) {
    try {
      work();
    } catch (const std::exception& error) {
      // What c10d says goes on for pages; its first line is the reason.
      const std::string_view reason = error.what();
      fail(ErrorCode::interrupted, "rank ", world.rank, ": one of the ", world.size,
           " processes that train together is lost: ", reason.substr(0, reason.find('\n')));
    }
  }
};

Group::Group(const World& world) : world_(world), buckets_(std::make_unique<Buckets>()) {
  buckets_->world = world;
  try {
    c10d::TCPStoreOptions meeting;
    meeting.port = static_cast<uint16_t>(world.port);
    meeting.isServer = world.rank == 0;
    meeting.numWorkers = static_cast<size_t>(world.size);
    meeting.timeout = kMeeting;
    auto store = c10::make_intrusive<c10d::TCPStore>(world.address, meeting);
    auto options = Gloo::Options::create(kLost);
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    options->devices.push_back(interface ? Gloo::createDeviceForInterface(interface)
                                         : Gloo::createDefaultDevice());
    buckets_->gloo = c10::make_intrusive<Gloo>(store, world.rank, world.size, options);
  } catch (const std::exception& error) {
    const std::string_view reason = error.what();
    fail(ErrorCode::usage, "MASTER_ADDR ", world.address, ", MASTER_PORT ", world.port, ": rank ", world.rank,
         " does not meet the other processes of ", world.size, ": ", reason.substr(0, reason.find('\n')));
  }
}

Group::~Group() = default;

void Group::set_gradients(const std::vector<size_t>& sizes) {
  Buckets& b = *buckets_;
  std::vector<size_t> filled;
  for (const size_t size : sizes) {
    if (filled.empty() || filled.back() + size > kBucketFloats) {
      filled.push_back(0);
      b.buckets.emplace_back();
    }
    b.places.push_back({filled.size() - 1, filled.back(), size});
    filled.back() += size;
    ++b.buckets.back().gradients;
  }
  b.came.assign(sizes.size(), 0);
  for (size_t i = 0; i < filled.size(); ++i)
    b.buckets[i].values = at::zeros({static_cast<int64_t>(filled[i])}, at::kFloat);
}

std::span<float> Group::mean(size_t index) {
  const Place& place = buckets_->places[index];
  return {buckets_->buckets[place.bucket].values.data_ptr<float>() + place.offset, place.size};
}

void Group::start(size_t index, std::span<const float> gradient) {
  Buckets& b = *buckets_;
  std::copy(gradient.begin(), gradient.end(), mean(index).begin());
  ++b.buckets[b.places[index].bucket].there;
  b.came[index] = 1;
  b.watched([&] {
    while (b.launched < b.buckets.size() && b.buckets[b.launched].there == b.buckets[b.launched].gradients)
      b.launch();
  });
}

void Group::finish() {
  Buckets& b = *buckets_;
  for (size_t i = 0; i < b.came.size(); ++i)
    if (b.came[i] == 0) std::ranges::fill(mean(i), 0.0f);
  b.watched([&] {
    while (b.launched < b.buckets.size()) b.launch();
    for (Bucket& bucket : b.buckets) {
      bucket.work->wait();
      bucket.values.mul_(1.0 / world_.size);
      bucket.there = 0;
    }
  });
  b.launched = 0;
  std::fill(b.came.begin(), b.came.end(), 0);
}

void Group::sum(std::span<double> values) {
  std::vector<at::Tensor> tensors{
      at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kDouble)};
  buckets_->watched([&] { buckets_->gloo->allreduce(tensors)->wait(); });
}

}  // namespace netsuke::train
