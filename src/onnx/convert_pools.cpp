// Windows over space, and means and maxima over all of it.
#include <algorithm>

#include "onnx/resolve.h"
#include "onnx/site.h"
#include "onnx/window.h"

namespace netsuke::onnx {
namespace {

void max_pool(Site& site) {
  const Window window = read_window(site, std::nullopt);
  if (window.dilation != Pair{1, 1})
    site.refuse("dilations of ", window.dilation.h, "x", window.dilation.w, ", supported is 1x1");
  site.ignore("storage_order");
  site.output(site.add(MaxPool{window.kernel, window.stride, window.pad, site.integer("ceil_mode", 0) != 0},
                       {site.flowing()}));
}

void average_pool(Site& site) {
  const Window window = read_window(site, std::nullopt);
  if (window.dilation != Pair{1, 1})
    site.refuse("dilations of ", window.dilation.h, "x", window.dilation.w, ", supported is 1x1");
  AvgPool op{window.kernel, window.stride, window.pad, site.integer("ceil_mode", 0) != 0,
             site.integer("count_include_pad", 0) != 0};
  // A window without padding counts none: one spelling for what is the same.
  if (op.pad == Pads{} && !op.ceil) op.count_pad = false;
  site.output(site.add(op, {site.flowing()}));
}

template <class Pool>
void global_pool(Site& site) {
  if (site.shape().size() != 4)
    site.refuse("its input is ", to_text(site.shape()), ", supported are images and rows");
  site.output(site.add(Pool{}, {site.flowing()}));
}

/// The mean over the channels, as the layer that it is.
Flowing channel_mean(Site& site, const Shape& x) {
  const std::vector<float> shares(static_cast<size_t>(x[1]), 1 / static_cast<float>(x[1]));
  Shape shape(x.size(), 1);
  shape[1] = x[1];
  const Op op = x.size() == 4 ? Op(Conv2d{}) : Op(Linear{});
  return site.add(op, {site.flowing(), site.weight("weight", float_constant(shape, shares))});
}

/// `x` without the axes that were reduced to one element, if they are not kept.
Flowing without_axes(Site& site, const Flowing& x, const Shape& before, const Reduction& r) {
  const Shape shape = reduced_shape(before, r);
  if (shape == x.shape) return x;
  if (shape.size() == 2) return site.add(Flatten{}, {x.id});
  return site.add(Reshape{{Shape(shape.begin() + 1, shape.end())}}, {x.id});
}

/// Over axes behind the channels of an image or of a row of values, by a window that is as long as these.
template <class Window, class Global>
void reduce_space(Site& site, const Reduction& r) {
  const Shape x = site.shape();
  if (x.size() == 3) site.take_rows(Rows::as_images);
  Flowing in{site.flowing(), site.shape()};
  if (x.size() == 3 || r.axes.size() == 2) {
    in = site.add(Global{}, {in.id});
  } else {
    const bool over_rows = r.axes[0] == 2;
    const Pair kernel{over_rows ? small_int(site, x[2], "height") : 1,
                      over_rows ? 1 : small_int(site, x[3], "width")};
    in = site.add(Window{.kernel = kernel, .stride = kernel}, {in.id});
  }
  site.output(without_axes(site, in, x, r));
}

/// True for the axes that reduce_space() takes.
bool over_space(const Shape& x, const std::vector<int64_t>& axes) {
  if (x.size() == 3) return axes == std::vector<int64_t>{2};
  return x.size() == 4 && !axes.empty() && axes[0] >= 2;
}

bool over_channels(const Shape& x, const std::vector<int64_t>& axes) {
  return (x.size() == 4 || x.size() == 2) && axes == std::vector<int64_t>{1};
}

[[noreturn]] void refuse_axes(const Site& site, const Reduction& r, const char* channels) {
  site.refuse(site.op(), " over ", r.axes.size(), " axes of ", to_text(site.shape()),
              ", supported is that over height and width of images", channels);
}

void reduce_mean(Site& site) {
  const Shape& x = site.shape();
  const Reduction r = reduction_of(site);
  if (r.nothing) return site.output(Flowing{site.flowing(), x});
  if (r.keep && over_channels(x, r.axes)) return site.output(channel_mean(site, x));
  if (!over_space(x, r.axes)) refuse_axes(site, r, ", and over channels where they are kept");
  reduce_space<AvgPool, GlobalAvgPool>(site, r);
}

/// Channels are turned to where windows are.
void reduce_max(Site& site) {
  const Shape x = site.shape();
  const Reduction r = reduction_of(site);
  if (r.nothing) return site.output(Flowing{site.flowing(), x});
  if (over_space(x, r.axes)) return reduce_space<MaxPool, GlobalMaxPool>(site, r);
  if (x.size() != 4 || !r.keep || !over_channels(x, r.axes))
    refuse_axes(site, r, ", and over channels of images where they are kept");
  const Flowing turned = site.add(Transpose{{{0, 2, 3, 1}}}, {site.flowing()});
  const Pair kernel{1, small_int(site, x[1], "channels")};
  const Flowing largest = site.add(MaxPool{.kernel = kernel, .stride = kernel}, {turned.id});
  site.output(site.add(Transpose{{{0, 3, 1, 2}}}, {largest.id}));
}

/// The mean, times how many there are.
void reduce_sum(Site& site) {
  const Shape x = site.shape();
  const Reduction r = reduction_of(site);
  if (r.nothing) return site.output(Flowing{site.flowing(), x});
  if (!over_space(x, r.axes)) refuse_axes(site, r, "");
  double count = 1;
  for (int64_t axis : r.axes) count *= static_cast<double>(x[static_cast<size_t>(axis)]);
  reduce_space<AvgPool, GlobalAvgPool>(site, r);
  const Flowing mean = std::get<Flowing>(*site.outputs()[0]);
  site.output(
      site.add(Mul{}, {mean.id, site.weight("count", float_constant({}, {static_cast<float>(count)}))}));
}

constexpr Converter kPoolConverters[] = {
    {"AveragePool", average_pool, Rows::as_images},
    {"GlobalAveragePool", global_pool<GlobalAvgPool>, Rows::as_images},
    {"GlobalMaxPool", global_pool<GlobalMaxPool>, Rows::as_images},
    {"MaxPool", max_pool, Rows::as_images},
    {"ReduceMax", reduce_max},
    {"ReduceMean", reduce_mean},
    {"ReduceSum", reduce_sum},
};

}  // namespace

std::span<const Converter> pool_converters() { return kPoolConverters; }

}  // namespace netsuke::onnx
