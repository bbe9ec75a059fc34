#include "data/dataset.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace netsuke {
namespace {

class Subset final : public Dataset {
 public:
  Subset(DatasetPtr whole, std::vector<int64_t> indices, std::string name)
      : whole_(std::move(whole)), indices_(std::move(indices)), name_(std::move(name)) {}

  int64_t size() const override { return std::ssize(indices_); }
  const Shape& image_shape() const override { return whole_->image_shape(); }
  int label(int64_t index) const override { return whole_->label(indices_[static_cast<size_t>(index)]); }
  void pixels(int64_t index, std::span<uint8_t> out) const override {
    whole_->pixels(indices_[static_cast<size_t>(index)], out);
  }
  bool sound_pixels(int64_t index, std::span<uint8_t> out) const override {
    return whole_->sound_pixels(indices_[static_cast<size_t>(index)], out);
  }
  const std::vector<std::string>& classes() const override { return whole_->classes(); }
  const std::string& name() const override { return name_; }

 private:
  DatasetPtr whole_;
  std::vector<int64_t> indices_;
  std::string name_;
};

}  // namespace

DatasetPtr subset(DatasetPtr whole, std::vector<int64_t> indices, std::string name) {
  for (int64_t index : indices)
    require(index >= 0 && index < whole->size(), name, ": image ", index, " of ", whole->size(), " in ",
            whole->name());
  return std::make_shared<const Subset>(std::move(whole), std::move(indices), std::move(name));
}

Split split(const DatasetPtr& whole, int64_t held_out, uint64_t seed) {
  if (held_out < 0 || held_out >= whole->size())
    fail(ErrorCode::usage, whole->name(), ": ", held_out, " images cannot be held out of ", whole->size());
  std::vector<int64_t> order(static_cast<size_t>(whole->size()));
  std::iota(order.begin(), order.end(), int64_t{0});
  Random(seed).shuffle(std::span(order));
  const auto middle = order.end() - held_out;
  std::sort(order.begin(), middle);
  std::sort(middle, order.end());
  return {.train = subset(whole, {order.begin(), middle}, whole->name()),
          .validation = subset(whole, {middle, order.end()}, whole->name() + ", held out")};
}

}  // namespace netsuke
