#include "data/relabel.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace netsuke {
namespace {

class Relabelled : public Dataset {
 public:
  Relabelled(DatasetPtr whole, std::vector<int> labels, std::vector<std::string> classes, std::string name)
      : whole_(std::move(whole)),
        labels_(std::move(labels)),
        classes_(std::move(classes)),
        name_(std::move(name)) {}
  int64_t size() const override { return whole_->size(); }
  const Shape& image_shape() const override { return whole_->image_shape(); }
  int label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }
  void pixels(int64_t index, std::span<uint8_t> out) const override { whole_->pixels(index, out); }
  bool sound_pixels(int64_t index, std::span<uint8_t> out) const override {
    return whole_->sound_pixels(index, out);
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& name() const override { return name_; }

 private:
  DatasetPtr whole_;
  std::vector<int> labels_;
  std::vector<std::string> classes_;
  std::string name_;
};

class Joined : public Dataset {
 public:
  Joined(DatasetPtr first, DatasetPtr second)
      : first_(std::move(first)),
        second_(std::move(second)),
        name_(first_->name() + " and " + second_->name()) {}
  int64_t size() const override { return first_->size() + second_->size(); }
  const Shape& image_shape() const override { return first_->image_shape(); }
  int label(int64_t index) const override {
    return index < first_->size() ? first_->label(index) : second_->label(index - first_->size());
  }
  void pixels(int64_t index, std::span<uint8_t> out) const override {
    index < first_->size() ? first_->pixels(index, out) : second_->pixels(index - first_->size(), out);
  }
  bool sound_pixels(int64_t index, std::span<uint8_t> out) const override {
    return index < first_->size() ? first_->sound_pixels(index, out)
                                  : second_->sound_pixels(index - first_->size(), out);
  }
  const std::vector<std::string>& classes() const override { return first_->classes(); }
  const std::string& name() const override { return name_; }

 private:
  DatasetPtr first_, second_;
  std::string name_;
};

}  // namespace

DatasetPtr forget_labels(DatasetPtr whole, int64_t labelled, uint64_t seed) {
  if (labelled < 0 || labelled > whole->size())
    fail(ErrorCode::usage, whole->name(), ": labels of ", labelled, " images were asked for, it has ",
         whole->size());
  std::vector<int64_t> order(static_cast<size_t>(whole->size()));
  std::iota(order.begin(), order.end(), int64_t{0});
  Random random(seed);
  random.shuffle(std::span(order));
  std::vector<int> labels(order.size(), kNoLabel);
  for (size_t i = 0; i < static_cast<size_t>(labelled); ++i)
    labels[static_cast<size_t>(order[i])] = whole->label(order[i]);
  std::vector<std::string> classes = whole->classes();
  std::string name = cat(whole->name(), ", ", labelled, " labels");
  return with_labels(std::move(whole), std::move(labels), std::move(classes), std::move(name));
}

bool is_unlabelled(const Dataset& data) {
  for (int64_t i = 0; i < data.size(); ++i)
    if (data.label(i) != kNoLabel) return false;
  return true;
}

DatasetPtr with_labels(DatasetPtr whole, std::vector<int> labels, std::vector<std::string> classes,
                       std::string name) {
  if (std::ssize(labels) != whole->size())
    fail(ErrorCode::usage, whole->name(), ": ", labels.size(), " labels for ", whole->size(), " images");
  return std::make_shared<const Relabelled>(std::move(whole), std::move(labels), std::move(classes),
                                            std::move(name));
}

DatasetPtr joined(DatasetPtr first, DatasetPtr second) {
  require(first->image_shape() == second->image_shape(), second->name(), ": images are ",
          to_text(second->image_shape()), ", those of ", first->name(), " ", to_text(first->image_shape()));
  return std::make_shared<const Joined>(std::move(first), std::move(second));
}

WithoutClass leave_out(const DatasetPtr& whole, const std::string& class_name) {
  const std::vector<std::string>& classes = whole->classes();
  const auto found = std::find(classes.begin(), classes.end(), class_name);
  if (found == classes.end()) {
    const std::string near = closest(class_name, classes);
    fail(ErrorCode::usage, whole->name(), ": has no class '", class_name, "'",
         near.empty() ? "" : cat(" (did you mean '", near, "'?)"));
  }
  const auto label = static_cast<int>(found - classes.begin());
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < whole->size(); ++i)
    if (whole->label(i) != label) kept.push_back(i);
  return {subset(whole, std::move(kept), cat(whole->name(), " without ", class_name)), label};
}

}  // namespace netsuke
