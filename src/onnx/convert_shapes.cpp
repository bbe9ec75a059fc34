// Operators that move values about: reshape, transpose, slice, join, pad, resize.
#include <algorithm>
#include <cmath>

#include "onnx/resolve.h"
#include "onnx/site.h"
#include "onnx/window.h"

namespace netsuke::onnx {
namespace {

/// What flows in another shape, whose first dimension must still be the batch.
Flowing in_shape(Site& site, const Flowing& x, const Shape& shape) {
  if (shape == x.shape) return x;
  if (shape.empty() || shape[0] != site.batch())
    site.refuse("makes ", to_text(shape), " of ", to_text(x.shape),
                ", which moves the batch out of the first dimension");
  if (shape.size() == 2) return site.add(Flatten{}, {x.id});
  return site.add(Reshape{{Shape(shape.begin() + 1, shape.end())}}, {x.id});
}

Flowing input(Site& site) { return {site.flowing(), site.shape()}; }

void reshape(Site& site) {
  const std::vector<int64_t> target = site.integers_of(1, "shape");
  site.output(in_shape(site, input(site), resolve_reshape(site, site.shape(), target)));
}

void flatten(Site& site) { site.output(in_shape(site, input(site), flattened_shape(site))); }
void squeeze(Site& site) {
  Shape shape = squeezed_shape(site);
  // Without axes a batch of one would go as well; but it stands for any.
  if (!site.has_input(1) && !site.has("axes") && site.batch() == 1) shape.insert(shape.begin(), 1);
  site.output(in_shape(site, input(site), shape));
}
void unsqueeze(Site& site) { site.output(in_shape(site, input(site), unsqueezed_shape(site))); }

void transpose(Site& site) {
  const size_t rank = site.shape().size();
  std::vector<int64_t> order(rank);
  for (size_t d = 0; d < rank; ++d) order[d] = static_cast<int64_t>(rank - 1 - d);
  order = site.integers("perm", order);
  for (int64_t& d : order) d = static_cast<int64_t>(site.axis(d, rank));
  if (order.empty() || order[0] != 0) site.refuse("moves the batch out of the first dimension");
  if (std::is_sorted(order.begin(), order.end())) return site.output(input(site));
  if (order == std::vector<int64_t>{0, 2, 1}) {
    site.take_rows(Rows::follow);
    if (site.of_rows()) return site.turn_rows();
  }
  site.output(site.add(Transpose{{order}}, {site.flowing()}));
}

/// One axis of what flows cut.
Flowing cut(Site& site, const Flowing& x, const SliceRange& range) {
  if (range.count == x.shape[range.axis] && range.step == 1) return x;
  if (range.axis == 0) site.refuse("takes a part of the batch");
  if (range.count == 0) site.refuse("leaves nothing");
  const int64_t last = range.begin + (range.count - 1) * range.step;
  Slice op;
  op.axis = static_cast<int>(range.axis);
  op.begin = small_int(site, range.begin, "start");
  op.step = small_int(site, range.count == 1 ? 1 : range.step, "step", true);
  op.end = small_int(site, last + (op.step > 0 ? 1 : -1), "end", true);
  return site.add(op, {x.id});
}

void slice(Site& site) {
  Flowing x = input(site);
  for (const SliceRange& range : resolve_slices(site, x.shape)) x = cut(site, x, range);
  site.output(x);
}

/// Elements of one axis by number, as in x[:, 0]. A single number takes the axis away, a list keeps it.
void gather(Site& site) {
  const Flowing x = input(site);
  const size_t axis = site.axis(site.integer("axis", 0), x.shape.size());
  const int64_t length = x.shape[axis];
  const Constant& which = site.constant(1, "indices");
  std::vector<int64_t> indices = integers(which, site.where());
  if (which.shape.size() > 1 || indices.empty())
    site.refuse("indices of ", to_text(which.shape), ", supported are one number or a list");
  for (int64_t& index : indices) {
    if (index < -length || index >= length) site.refuse("index ", index, " of ", length);
    if (index < 0) index += length;
  }
  const int64_t step = indices.size() > 1 ? indices[1] - indices[0] : 1;
  for (size_t i = 1; i < indices.size(); ++i)
    if (step == 0 || indices[i] - indices[i - 1] != step)
      site.refuse("indices that are not evenly spaced, supported are those of a slice");
  const Flowing part = cut(site, x, {axis, indices[0], step, static_cast<int64_t>(indices.size())});
  if (which.shape.size() == 1) return site.output(part);
  Shape shape = part.shape;
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  site.output(in_shape(site, part, shape));
}

/// Lengths of the pieces: given, or all alike with a shorter last one.
std::vector<int64_t> pieces(Site& site, int64_t length) {
  std::vector<int64_t> sizes = site.integers_of(1, "split");
  const auto count = static_cast<int64_t>(site.output_count());
  if (site.integer("num_outputs", count) != count) site.refuse("num_outputs is not ", count);
  if (sizes.empty()) {
    const int64_t each = (length + count - 1) / std::max<int64_t>(1, count);
    for (int64_t i = 0; i < count; ++i) sizes.push_back(std::min(each, length - i * each));
  }
  int64_t sum = 0;
  for (int64_t size : sizes) {
    if (size < 0 || size > length) site.refuse("a piece of ", size, " of ", length);
    sum += size;
  }
  if (static_cast<int64_t>(sizes.size()) != count || sum != length)
    site.refuse(sizes.size(), " pieces of ", sum, " in all for ", count, " outputs of ", length);
  return sizes;
}

void split(Site& site) {
  const Flowing x = input(site);
  const size_t axis = site.axis(site.integer("axis", 0), x.shape.size());
  int64_t begin = 0;
  const std::vector<int64_t> sizes = pieces(site, x.shape[axis]);
  for (size_t j = 0; j < sizes.size(); ++j) {
    site.output(cut(site, x, {axis, begin, 1, sizes[j]}), j);
    begin += sizes[j];
  }
}

/// Joins along another axis than the channels by turning it there and back.
/// A Concat of ours takes so many at most: more are joined in parts.
constexpr size_t kMostJoined = 64;

Flowing joined(Site& site, std::vector<ValueId> parts) {
  while (parts.size() > kMostJoined) {
    const auto end = parts.begin() + kMostJoined;
    const Flowing first = site.add(Concat{}, {parts.begin(), end});
    parts.erase(parts.begin() + 1, end);
    parts.front() = first.id;
  }
  return site.add(Concat{}, std::move(parts));
}

void concat(Site& site) {
  const size_t rank = site.shape().size(), axis = site.axis(site.integer("axis", 1), rank);
  if (axis == 0) site.refuse("joins along the batch");
  if (site.all_constant()) site.refuse("all inputs are constants");
  if (axis == 1) site.take_rows(Rows::follow_channels);
  std::vector<ValueId> parts;
  for (size_t i = 0; i < site.input_count(); ++i) {
    if (axis != 1 && site.is_constant(i))
      site.refuse("joins a constant along axis ", axis, ", supported is 1");
    parts.push_back(site.value(i));
  }
  if (parts.size() == 1) return site.output(input(site));
  if (axis == 1) return site.output(joined(site, std::move(parts)));
  std::vector<int64_t> swap(rank);
  for (size_t d = 0; d < rank; ++d) swap[d] = static_cast<int64_t>(d);
  std::swap(swap[1], swap[axis]);
  for (ValueId& part : parts) part = site.add(Transpose{{swap}}, {part}).id;
  site.output(site.add(Transpose{{swap}}, {joined(site, std::move(parts)).id}));
}

/// A list with an entry for each dimension of images; of rows it has none for the height, which is `height`.
template <class T>
std::vector<T> of_image(const Site& site, std::vector<T> list, T height) {
  if (site.of_rows() && list.size() == 3) list.insert(list.begin() + 2, height);
  return list;
}

/// Pads of all axes as ONNX lists them: all begins, then all ends; since opset 18 perhaps of some axes only.
std::vector<int64_t> all_pads(Site& site) {
  const size_t rank = site.of_rows() ? 3 : site.shape().size();
  std::vector<int64_t> given = site.integers_of(1, "pads");
  if (!site.has_input(3)) {
    if (given.size() != 2 * rank) site.refuse("pads has ", given.size(), " entries, expected ", 2 * rank);
    return given;
  }
  const std::vector<int64_t> axes = integers(site.constant(3, "axes"), site.where());
  if (given.size() != 2 * axes.size())
    site.refuse("pads has ", given.size(), " entries for ", axes.size(), " axes");
  std::vector<int64_t> pads(2 * rank);
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t axis = site.axis(axes[i], rank);
    pads[axis] = given[i], pads[rank + axis] = given[axes.size() + i];
  }
  return pads;
}

/// Channels of one number before and behind those of an image, as the shortcuts of ResNets for CIFAR-10 have
/// them (He 2015, option A).
void pad_channels(Site& site, const Pad& op, const std::vector<int64_t>& pads) {
  const Shape& x = site.shape();
  if (op.mode != 0 || pads[1] < 0 || pads[5] < 0 || pads[2] != 0 || pads[3] != 0 || pads[6] != 0 ||
      pads[7] != 0)
    site.refuse("pads channels, which is supported with constants alone");
  if (site.batch() != 1) site.refuse("pads channels of a batch of ", site.batch(), ", supported is 1");
  std::vector<ValueId> parts;
  const auto add = [&](const char* role, int64_t channels) {
    if (channels == 0) return;
    const Shape shape{1, channels, x[2], x[3]};
    site.spend(shape);
    const std::vector<float> values(static_cast<size_t>(element_count(shape)), op.value);
    parts.push_back(site.weight(role, float_constant(shape, values)));
  };
  add("before", pads[1]);
  parts.push_back(site.flowing());
  add("behind", pads[5]);
  site.output(site.add(Concat{}, parts));
}

/// Repeats what flows along dimensions of one element, by what leaves numbers as they are.
void expand(Site& site) {
  const std::vector<int64_t> given = site.integers_of(1, "shape");
  Shape ones(given.begin(), given.end());
  const Shape& x = site.shape();
  if (ones.size() < x.size()) ones.insert(ones.begin(), x.size() - ones.size(), 1);
  if (ones.size() > x.size() || (ones[0] != 1 && ones[0] != site.batch()))
    site.refuse("makes ", to_text(ones), " of ", to_text(x), ", which changes the batch");
  ones[0] = 1;
  bool grows = false;
  for (size_t d = 1; d < x.size(); ++d) {
    if (ones[d] != x[d] && ones[d] != 1 && x[d] != 1)
      site.refuse("makes ", to_text(ones), " of ", to_text(x), ", only dimensions of 1 can be repeated");
    if (x[d] != 1) ones[d] = 1;
    grows = grows || ones[d] > 1;
  }
  if (!grows) return site.output(input(site));
  site.spend(ones);
  const std::vector<float> values(static_cast<size_t>(element_count(ones)), 1.0f);
  site.output(site.add(Mul{}, {site.flowing(), site.weight("ones", float_constant(ones, values))}));
}

void pad(Site& site) {
  const std::string mode = site.text("mode", "constant");
  Pad op;
  op.mode = mode == "constant" ? 0 : mode == "reflect" ? 1 : mode == "edge" ? 2 : -1;
  if (op.mode < 0) site.refuse("mode is ", mode, ", supported are constant, reflect and edge");
  op.value =
      site.has_input(2) ? static_cast<float>(site.number_in(2, "constant_value")) : site.number("value", 0);
  std::vector<int64_t> pads = all_pads(site);
  if (site.of_rows()) pads = {pads[0], pads[1], 0, pads[2], pads[3], pads[4], 0, pads[5]};
  if (std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; }))
    return site.output(input(site));
  if (pads.size() != 8 || pads[0] != 0 || pads[4] != 0)
    site.refuse("pads of an input of ", to_text(site.shape()),
                ", supported are those of channels, height and width of images");
  if (pads[1] != 0 || pads[5] != 0) return pad_channels(site, op, pads);
  op.pad = {small_int(site, pads[2], "pads", true), small_int(site, pads[3], "pads", true),
            small_int(site, pads[6], "pads", true), small_int(site, pads[7], "pads", true)};
  site.output(site.add(op, {site.flowing()}));
}

int choice(Site& site, const std::string& name, const std::string& fallback,
           std::initializer_list<const char*> accepted) {
  const std::string found = site.text(name, fallback);
  int i = 0;
  std::vector<std::string> list;
  for (const char* word : accepted) {
    if (found == word) return i;
    list.emplace_back(word);
    ++i;
  }
  site.refuse(name, " is ", found, ", supported are ", join(list));
}

/// The size that Resize's or Upsample's scales or sizes ask for; batch and channels must stay.
Shape resized_shape(Site& site, size_t scales_input) {
  const Shape& x = site.shape();
  const size_t sizes_input = 3;
  if (x.size() != 4) site.refuse("its input is ", to_text(x), ", supported are images and rows");
  Shape shape = x;
  const bool by_size = scales_input == 2 && site.has_input(sizes_input);
  if (by_size) {
    shape = of_image<int64_t>(site, integers(site.constant(sizes_input, "sizes"), site.where()), 1);
  } else {
    std::vector<float> scales = site.has_input(scales_input)
                                    ? to_floats(site.constant(scales_input, "scales"))
                                    : site.numbers("scales");
    scales = of_image(site, std::move(scales), 1.0f);
    if (scales.size() != 4) site.refuse("scales has ", scales.size(), " entries, expected 4");
    for (size_t d = 0; d < 4; ++d) {
      const double exact = static_cast<double>(x[d]) * scales[d];
      if (!(exact >= 0 && exact <= static_cast<double>(kMaxElements))) site.refuse("a scale of ", scales[d]);
      shape[d] = static_cast<int64_t>(std::floor(exact + 1e-6));
      // Our scale is that of the two sizes, ONNX's is the one given: they must be the same number.
      if (std::abs(exact - static_cast<double>(shape[d])) > 1e-4)
        site.refuse("a scale of ", scales[d], " of ", x[d],
                    " elements, supported are scales that give whole numbers");
    }
  }
  if (shape.size() != 4 || shape[0] != x[0] || shape[1] != x[1])
    site.refuse("makes ", to_text(shape), " of ", to_text(x), ", supported are changes of height and width");
  return shape;
}

void resize_to(Site& site, const Shape& shape, Resize op) {
  op.size = {small_int(site, shape[2], "size"), small_int(site, shape[3], "size")};
  if (shape == site.shape()) return site.output(input(site));
  site.output(site.add(op, {site.flowing()}));
}

void resize(Site& site) {
  const bool old = site.opset() < 11;
  Resize op;
  op.mode = choice(site, "mode", "nearest", {"nearest", "linear"});
  op.coordinates = choice(site, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel",
                          {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"});
  op.rounding = choice(site, "nearest_mode", old ? "floor" : "round_prefer_floor",
                       {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  if (op.mode == 1) op.rounding = 0;
  for (const char* unused : {"cubic_coeff_a", "exclude_outside", "extrapolation_value"}) site.ignore(unused);
  if (site.integer("antialias", 0) != 0) site.refuse("antialias is 1, supported is 0");
  if (site.text("keep_aspect_ratio_policy", "stretch") != "stretch")
    site.refuse("keep_aspect_ratio_policy is not stretch");
  if (site.has("axes")) site.refuse("attribute axes is not supported");
  resize_to(site, resized_shape(site, old ? 1 : 2), op);
}

void upsample(Site& site) {
  Resize op;
  op.mode = choice(site, "mode", "nearest", {"nearest", "linear"});
  op.coordinates = 1, op.rounding = op.mode == 0 ? 2 : 0;
  resize_to(site, resized_shape(site, 1), op);
}

void depth_to_space(Site& site) {
  const std::string mode = site.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") site.refuse("mode is ", mode, ", expected DCR or CRD");
  site.output(
      site.add(DepthToSpace{small_int(site, site.integer("blocksize", 0), "blocksize"), mode == "CRD"},
               {site.flowing()}));
}

constexpr Converter kShapeConverters[] = {
    {"Concat", concat},       {"DepthToSpace", depth_to_space},
    {"Expand", expand},       {"Flatten", flatten},
    {"Gather", gather},       {"Pad", pad, Rows::as_images},
    {"Reshape", reshape},     {"Resize", resize, Rows::as_images},
    {"Slice", slice},         {"Split", split},
    {"Squeeze", squeeze},     {"Transpose", transpose},
    {"Unsqueeze", unsqueeze}, {"Upsample", upsample, Rows::as_images},
};

}  // namespace

std::span<const Converter> shape_converters() { return kShapeConverters; }

}  // namespace netsuke::onnx
