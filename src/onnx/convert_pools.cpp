// Windows over space, and means and maxima over all of it.
#include <algorithm>

#include "onnx/site.h"
#include "onnx/window.h"

namespace netsuke::onnx {
namespace {

void max_pool(Site& site) {
  const Window window = read_window(site, std::nullopt);
  if (window.dilation != Pair{1, 1})
    site.refuse("dilations of ", window.dilation.h, "x", window.dilation.w, ", supported is 1x1");
  site.ignore("storage_order");
  if (site.output_count() > 1) site.refuse("its second output, the indices, is not supported");
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
  if (site.shape().size() != 4) site.refuse("its input is ", to_text(site.shape()), ", supported are images");
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

void reduce_mean(Site& site) {
  const Shape& x = site.shape();
  const bool keep = site.integer("keepdims", 1) != 0;
  const bool none_means_none = site.integer("noop_with_empty_axes", 0) != 0;
  std::vector<int64_t> axes = site.integers_of(1, "axes");
  if (axes.empty() && none_means_none) return site.output(Flowing{site.flowing(), x});
  for (int64_t& a : axes) a = static_cast<int64_t>(site.axis(a, x.size()));
  std::sort(axes.begin(), axes.end());
  if (keep && (x.size() == 4 || x.size() == 2) && axes == std::vector<int64_t>{1})
    return site.output(channel_mean(site, x));
  if (x.size() != 4 || axes != std::vector<int64_t>{2, 3})
    site.refuse(
        "a mean over ", axes.size(), " axes of ", to_text(x),
        ", supported are that over height and width of images, and over channels where they are kept");
  const Flowing mean = site.add(GlobalAvgPool{}, {site.flowing()});
  site.output(keep ? mean : site.add(Flatten{}, {mean.id}));
}

constexpr Converter kConverters[] = {
    {"AveragePool", average_pool},
    {"GlobalAveragePool", global_pool<GlobalAvgPool>},
    {"GlobalMaxPool", global_pool<GlobalMaxPool>},
    {"MaxPool", max_pool},
    {"ReduceMean", reduce_mean},
};

}  // namespace

std::span<const Converter> pool_converters() { return kConverters; }

}  // namespace netsuke::onnx
