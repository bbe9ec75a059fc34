// Convolutions, matrix products and normalisation.
#include <algorithm>
#include <cmath>

#include "onnx/site.h"
#include "onnx/window.h"

namespace netsuke::onnx {
namespace {

/// The weight's kernel; refuses weights that are not those of images.
Pair kernel_of(const Site& site, const Constant& weight) {
  if (weight.shape.size() != 4)
    site.refuse(
        "its weight is ", to_text(weight.shape),
        ", supported are convolutions of images, out x in x height x width, and of rows, out x in x length");
  return {small_int(site, weight.shape[2], "kernel"), small_int(site, weight.shape[3], "kernel")};
}

/// x, weight and, where there is one, bias.
std::vector<ValueId> operands(Site& site) {
  std::vector<ValueId> inputs{site.flowing(0), site.weight("weight", site.constant(1, "weight"))};
  if (site.has_input(2)) inputs.push_back(site.weight("bias", site.constant(2, "bias")));
  return inputs;
}

void convolution(Site& site) {
  const Window window = read_window(site, kernel_of(site, site.constant(1, "weight")));
  Conv2d op{window.stride, window.pad, window.dilation, small_int(site, site.integer("group", 1), "group")};
  site.output(site.add(op, operands(site)));
}

/// output_shape asks for pads that give it, or for output_padding where it is larger than the input makes it.
/// An odd pad goes to the end for auto_pad SAME_UPPER, else to the front (ONNX 1.12).
void pad_to_output(Site& site, ConvTranspose2d& op, Pair kernel, Pair wanted, bool upper) {
  const Shape& x = site.shape();
  const auto fit = [&](int64_t in, int out, int stride, int64_t extent, int& extra, int& before, int& after) {
    const int64_t total = (in - 1) * stride + extra + extent - out;
    if (total < 0) extra = small_int(site, extra - total, "output_padding");
    const int pads = small_int(site, std::max<int64_t>(0, total), "pads");
    before = upper ? pads / 2 : pads - pads / 2;
    after = pads - before;
  };
  fit(x[2], wanted.h, op.stride.h, int64_t{op.dilation.h} * (kernel.h - 1) + 1, op.output_pad.h, op.pad.top,
      op.pad.bottom);
  fit(x[3], wanted.w, op.stride.w, int64_t{op.dilation.w} * (kernel.w - 1) + 1, op.output_pad.w, op.pad.left,
      op.pad.right);
}

void transposed_convolution(Site& site) {
  const Constant& weight = site.constant(1, "weight");
  const Window window = read_window(site, kernel_of(site, weight));
  ConvTranspose2d op;
  op.stride = window.stride, op.dilation = window.dilation, op.pad = window.pad;
  op.groups = small_int(site, site.integer("group", 1), "group");
  op.output_pad = pair_of(site, site.integers("output_padding"), "output_padding", 0);
  const std::string automatic = site.text("auto_pad", "NOTSET");
  std::vector<int64_t> output = site.integers("output_shape");
  const size_t space = site.of_rows() ? 1 : 2;  // behind batch and channels, which may be there too
  if (output.size() == space + 2) output.erase(output.begin(), output.begin() + 2);
  const Shape& x = site.shape();
  std::optional<Pair> wanted;
  if (!output.empty()) wanted = pair_of(site, output, "output_shape", 1);
  if (!wanted && automatic.starts_with("SAME"))
    wanted =
        Pair{small_int(site, x[2] * op.stride.h, "height"), small_int(site, x[3] * op.stride.w, "width")};
  if (wanted) pad_to_output(site, op, window.kernel, *wanted, automatic == "SAME_UPPER");
  site.output(site.add(op, operands(site)));
}

/// [rows, columns] turned over, each value times `factor`.
Constant transposed(const Constant& matrix, bool turn, float factor) {
  if (!turn && factor == 1) return matrix;
  const auto rows = static_cast<size_t>(matrix.shape[0]), columns = static_cast<size_t>(matrix.shape[1]);
  std::vector<float> values(rows * columns);
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c)
      values[turn ? c * rows + r : r * columns + c] = matrix.values()[r * columns + c] * factor;
  const Shape shape = turn ? Shape{matrix.shape[1], matrix.shape[0]} : matrix.shape;
  return float_constant(shape, std::move(values));
}

const Constant& matrix(const Site& site, size_t i) {
  const Constant& m = site.constant(i, "weight");
  if (m.shape.size() != 2 || m.is_integer())
    site.refuse("its weight is ", to_text(m.shape), ", expected a matrix of floats");
  return m;
}

/// y = alpha A B + beta C. A holds the batch, so it stays as it is, and C becomes a bias for every output.
void gemm(Site& site) {
  const float alpha = site.number("alpha", 1), beta = site.number("beta", 1);
  const bool turn_a = site.integer("transA", 0) != 0, turn_b = site.integer("transB", 0) != 0;
  site.ignore("broadcast");
  if (turn_a) site.refuse("transA is 1: the batch must be the first dimension of its input");
  const Constant weight = transposed(matrix(site, 1), !turn_b, alpha);
  const int64_t outputs = weight.shape[0];
  std::vector<ValueId> inputs{site.flowing(0), site.weight("weight", weight)};
  if (site.has_input(2) && beta != 0) {
    const Constant& c = site.constant(2, "bias");
    const bool one = c.size() == 1,
               fits = !c.shape.empty() && c.shape.back() == outputs && element_count(c.shape) == outputs;
    if (!one && !fits)
      site.refuse("its bias is ", to_text(c.shape), ", supported are one number and one for each of ",
                  outputs, " outputs");
    std::vector<float> bias(static_cast<size_t>(outputs));
    for (size_t i = 0; i < bias.size(); ++i) bias[i] = beta * static_cast<float>(c.at(one ? 0 : i));
    const bool as_it_is = beta == 1 && !one && c.shape.size() == 1 && !c.is_integer();
    inputs.push_back(site.weight("bias", as_it_is ? c : float_constant({outputs}, std::move(bias))));
  }
  site.output(site.add(Linear{}, std::move(inputs)));
}

/// Of the channels of an image that has them last: a convolution of one pixel.
void pixel_product(Site& site) {
  const Constant rows = transposed(matrix(site, 1), true, 1);
  const std::span<const float> values = rows.values();
  const Constant weight =
      float_constant({rows.shape[0], rows.shape[1], 1, 1}, {values.begin(), values.end()});
  const Flowing image = site.channels_first(site.flowing(0));
  const Flowing made = site.add(Conv2d{}, {image.id, site.weight("weight", weight)});
  site.output(site.channels_last(made.id));
}

void matrix_product(Site& site) {
  if (site.shape().size() == 4) return pixel_product(site);
  if (site.shape().size() != 2)
    site.refuse(
        "its input is ", to_text(site.shape()),
        ", supported are batch x values, batch x length x channels and batch x height x width x channels");
  const Constant weight = transposed(matrix(site, 1), true, 1);
  site.output(site.add(Linear{}, {site.flowing(0), site.weight("weight", weight)}));
}

void batch_norm(Site& site) {
  for (size_t j = 1; site.opset() < 14 && j < site.output_count(); ++j)
    if (site.has_output(j)) site.refuse("gives statistics, as in training: export the network for inference");
  site.ignore("momentum");
  // Opset 6 said is_test, and exporters have kept it.
  if (site.integer("training_mode", 0) != 0 || site.integer("is_test", 1) == 0)
    site.refuse("it is of training: export the network for inference");
  if (site.integer("spatial", 1) != 1) site.refuse("spatial is 0, supported is one scale for each channel");
  std::vector<ValueId> inputs{site.flowing(0)};
  const char* roles[] = {"scale", "bias", "mean", "variance"};
  for (size_t i = 0; i < 4; ++i) inputs.push_back(site.weight(roles[i], site.constant(i + 1, roles[i])));
  site.output(site.add(BatchNorm{site.number("epsilon", 1e-5f)}, std::move(inputs)));
}

/// Over the last dimension: the channels of images that have them last, or all values of a row.
void layer_norm(Site& site) {
  const Shape& x = site.shape();
  const size_t rank = x.size(), given = site.of_rows() ? 3 : rank;  // which the axis is one of
  if ((rank != 2 && rank != 4) || site.axis(site.integer("axis", -1), given) + 1 != given)
    site.refuse(
        "its input has ", given, " dimensions, from axis ", site.integer("axis", -1),
        ", supported is the last axis of batch x values, batch x length x channels and batch x height x "
        "width x channels");
  site.ignore("stash_type");  // how precise the statistics are at least
  const auto all = [&](float value) {
    return float_constant({x.back()}, std::vector<float>(static_cast<size_t>(x.back()), value));
  };
  const Constant scale = site.has_input(1) ? site.constant(1, "scale") : all(1);  // see layer_norms.h
  const Constant bias = site.has_input(2) ? site.constant(2, "bias") : all(0);
  const ValueId image = rank == 4 ? site.channels_first(site.flowing()).id : site.flowing();
  const Flowing made = site.add(LayerNorm{site.number("epsilon", 1e-5f)},
                                {image, site.weight("scale", scale), site.weight("bias", bias)});
  site.output(rank == 4 ? site.channels_last(made.id) : made);
}

/// A constant of one number a group, or of one a channel already, as one a channel.
Constant per_channel(Site& site, size_t i, const std::string& role, int64_t channels, int64_t groups) {
  const Constant& given = site.constant(i, role);
  if (!given.floats) site.refuse(role, " is of integers");
  const std::vector<float> numbers = to_dense(*given.floats).data;
  const auto count = static_cast<int64_t>(numbers.size());
  if (count != channels && count != groups)
    site.refuse(role, " has ", count, " numbers, expected one for each of ", channels, " channels or ",
                groups, " groups");
  std::vector<float> values;
  for (int64_t c = 0; c < channels; ++c)
    values.push_back(numbers[static_cast<size_t>(c / (channels / count))]);
  return float_constant({channels}, std::move(values));
}

void norm_of_groups(Site& site, int64_t groups) {
  site.ignore("stash_type");  // how precise the statistics are at least
  const Shape& x = site.shape();
  if (x.size() < 3) site.refuse("its input is ", to_text(x), ", expected batch x channels x positions");
  if (groups < 1 || x[1] % groups != 0) site.refuse(groups, " groups do not divide ", x[1], " channels");
  const GroupNorm op{static_cast<int>(groups), site.number("epsilon", 1e-5f)};
  const ValueId scale = site.weight("scale", per_channel(site, 1, "scale", x[1], op.groups));
  const ValueId bias = site.weight("bias", per_channel(site, 2, "bias", x[1], op.groups));
  site.output(site.add(op, {site.flowing(), scale, bias}));
}
void instance_norm(Site& site) {
  const Shape& x = site.shape();
  norm_of_groups(site, x.size() > 1 ? x[1] : 1);
}
void group_norm(Site& site) {
  norm_of_groups(site, small_int(site, site.integer("num_groups", 1), "num_groups"));
}

void local_response_norm(Site& site) {
  Lrn op;
  op.size = small_int(site, site.integer("size", 0), "size");
  op.alpha = site.number("alpha", 1e-4f), op.beta = site.number("beta", 0.75f), op.k = site.number("bias", 1);
  site.output(site.add(op, {site.flowing()}));
}

constexpr Converter kLayerConverters[] = {
    {"BatchNormalization", batch_norm, Rows::follow_channels},
    {"Conv", convolution, Rows::as_images},
    {"ConvTranspose", transposed_convolution, Rows::as_images},
    {"Gemm", gemm},
    {"GroupNormalization", group_norm, Rows::follow_channels},
    {"InstanceNormalization", instance_norm, Rows::follow_channels},
    {"LayerNormalization", layer_norm, Rows::as_images_last},
    {"LRN", local_response_norm, Rows::as_images},
    {"MatMul", matrix_product, Rows::as_images_last},
};

}  // namespace

std::span<const Converter> layer_converters() { return kLayerConverters; }

}  // namespace netsuke::onnx
