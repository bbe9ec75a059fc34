#include "runtime/run.h"

#include <algorithm>
#include <optional>
#include <type_traits>

#include "graph/evaluate.h"
#include "kernels/binary/signs.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/image_arithmetic.h"
#include "kernels/elementwise/image_group_norm.h"
#include "kernels/elementwise/image_layer_norm.h"
#include "kernels/elementwise/image_lrn.h"
#include "kernels/layout/layout.h"
#include "model/weight_record.h"

namespace netsuke::runtime {
namespace {

// What all kinds of steps share.
struct StepCall {
  const Step& step;
  const Batch& batch;
  Workers& workers;

  const Place& in(size_t i = 0) const { return step.inputs[i]; }
  const Place& out() const { return step.output; }
  const float* input(size_t image, size_t i = 0) const { return batch.read(step.inputs[i], image); }
  float* output(size_t image) const { return batch.write(step.output, image); }
  /// What `source` has for this image.
  const float* values(const Source& source, size_t image) const {
    return source.constant ? source.constant->data() : input(image, source.input);
  }
  kernels::ImageArguments image_arguments(size_t image) const {
    kernels::ImageArguments arguments{input(image), in().stride, output(image), out().stride};
    if (step.adds) {
      arguments.add = input(image, step.inputs.size() - 1);
      arguments.add_stride = step.inputs.back().stride;
    }
    arguments.clamp = step.clamp;
    return arguments;
  }
  /// Calls body(image, first, last, scratch) for parts of [0, items) of every image; with `again` at the end
  /// where the body takes it.
  template <class Body>
  void each_image(size_t items, size_t work, Body&& body, size_t least = 1) const {
    for (size_t image = 0; image < batch.images; ++image) {
      const auto part = [&](size_t first, size_t last, float* scratch, [[maybe_unused]] bool again) {
        if constexpr (std::is_invocable_v<Body, size_t, size_t, size_t, float*, bool>)
          body(image, first, last, scratch, again);
        else
          body(image, first, last, scratch);
      };
      workers.split(items, work, part, least);
    }
  }
};

// Threads share an image by its pixels, or by output channels if they have too few pixels each to make good
// use of a weight once it is read: of weights that stay in a cache fewer will do.
constexpr size_t kLeastPixels = 64, kLeastPixelsOfFewWeights = 24;
constexpr size_t kFewWeights = 2'000'000;
// And take no fewer at a time: a multiple of what any kernel's tile has.
constexpr size_t kTakenPixels = 24;

size_t least_pixels(size_t weights) {
  return weights < kFewWeights ? kLeastPixelsOfFewWeights : kLeastPixels;
}

bool shared_by_pixels(size_t pixels, size_t least, size_t panels, const StepCall& call) {
  return pixels >= least * call.workers.count() || panels < call.workers.count();
}

void run(const ConvolutionStep& work, const StepCall& call) {
  const size_t pixels = work.shape.out_plane(), panels = work.weights.panels();
  const size_t macs = work.shape.depth() * work.shape.out_channels;
  const bool by_pixels = shared_by_pixels(pixels, least_pixels(macs), panels, call);
  call.each_image(
      by_pixels ? pixels : panels, by_pixels ? macs : macs * pixels / panels,
      [&](size_t image, size_t first, size_t last, float* scratch) {
        const kernels::ConvPart part =
            by_pixels ? kernels::ConvPart{first, last, 0, panels} : kernels::ConvPart{0, pixels, first, last};
        kernels::conv2d(work.shape, work.weights, call.image_arguments(image), part, scratch);
      },
      by_pixels ? kTakenPixels : 1);
}

// Who shares panels transforms all of the input, once for each block of tiles: few tiles each are better,
// where they are enough to make up for weights that are then read by all.
void run(const WinogradStep& work, const StepCall& call) {
  constexpr size_t kLeastTiles = 12;  // the rows that a kernel's tile has at most
  constexpr size_t kLeastTilesOfManyWeights = 48, kManyWeights = 1'000'000;
  const size_t tiles = kernels::winograd_tiles(work.shape, work.weights.m), panels = work.weights.panels();
  const size_t side = work.weights.m + 2;
  const size_t macs = side * side * work.shape.channels * work.shape.out_channels;
  const size_t least = macs < kManyWeights ? kLeastTiles : kLeastTilesOfManyWeights;
  const bool by_tiles = shared_by_pixels(tiles, least, panels, call);
  call.each_image(
      by_tiles ? tiles : panels, by_tiles ? macs : macs * tiles / panels,
      [&](size_t image, size_t first, size_t last, float* scratch, bool again) {
        const kernels::WinogradPart part = by_tiles ? kernels::WinogradPart{first, last, 0, panels}
                                                    : kernels::WinogradPart{0, tiles, first, last, again};
        kernels::winograd(work.shape, work.weights, call.image_arguments(image), part, scratch);
      },
      by_tiles ? least : panels / (2 * call.workers.count()));
}

void run(const SparseConvStep& work, const StepCall& call) {
  const kernels::ConvShape& s = work.shape;
  const size_t tiles = kernels::sparse_conv_tiles(s);
  const size_t kept = work.weights.values.size() / s.groups + s.depth() + s.out_channels;
  call.each_image(tiles, s.out_plane() / tiles * kept,
                  [&](size_t image, size_t first, size_t last, float* scratch) {
                    kernels::sparse_conv(s, work.weights, call.image_arguments(image), first, last, scratch);
                  });
}

// A sparse linear layer, which threads share by parts of its rows. `kept` weights and what else a part looks
// at are the work of all.
template <class Weights>
void run_parts(const Weights& w, size_t parts, size_t kept, const StepCall& call,
               void (*kernel)(const Weights&, const float*, size_t, size_t, float*, size_t, kernels::Clamp,
                              size_t, size_t)) {
  call.workers.split(parts, kept / std::max<size_t>(parts, 1) * call.batch.images,
                     [&](size_t first, size_t last, float*, bool) {
                       kernel(w, call.input(0), call.in().step, call.batch.images, call.output(0),
                              call.out().step, call.step.clamp, first, last);
                     });
}

void run(const SparseLinearStep& work, const StepCall& call) {
  const kernels::SparseLinear& w = work.weights;
  const size_t looks = w.columns * w.blocks();  // every block looks at all inputs
  run_parts(w, w.blocks(), w.narrow.size() + w.wide.size() + looks, call, kernels::sparse_linear);
}

void run(const SparseRowsStep& work, const StepCall& call) {
  run_parts(work.weights, work.weights.slices(), work.weights.entries.size(), call, kernels::sparse_rows);
}

void run(const SparseTilesStep& work, const StepCall& call) {
  run_parts(work.weights, work.weights.blocks(), work.weights.entries.size(), call, kernels::sparse_tiles);
}

void run(const DepthwiseStep& work, const StepCall& call) {
  const kernels::ConvShape& s = work.shape;
  call.each_image(s.out_height, s.out_width * s.channels * s.kernel_h * s.kernel_w,
                  [&](size_t image, size_t first, size_t last, float*) {
                    kernels::depthwise(s, work.weights, call.input(image), call.in().stride,
                                       call.output(image), call.out().stride, call.step.clamp, first, last);
                  });
}

void run(const TransposedStep& work, const StepCall& call) {
  const kernels::ConvShape& s = work.conv.shape;
  // Every input reaches a whole window.
  const size_t cost = s.height * s.width * s.out_channels * s.depth() / s.out_height;
  call.each_image(s.out_height, cost, [&](size_t image, size_t first, size_t last, float* scratch) {
    kernels::conv_transpose(work.conv, call.image_arguments(image), first, last, scratch);
  });
}

const float* data_or_null(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

template <class Step>
kernels::RealPixels real_pixels(const Step& work, const StepCall& call, size_t image, size_t first,
                                size_t last) {
  const Place& in = call.in();
  return {call.input(image) + first * in.stride,
          in.stride,
          last - first,
          in.channels,
          data_or_null(work.scale),
          data_or_null(work.shift)};
}

uint64_t* as_words(float* bits) { return reinterpret_cast<uint64_t*>(bits); }

void run(const SignsStep& work, const StepCall& call) {
  const size_t words = kernels::sign_words(call.in().channels);
  call.each_image(call.in().pixels, call.in().channels, [&](size_t image, size_t first, size_t last, float*) {
    kernels::pack_signs(real_pixels(work, call, image, first, last),
                        as_words(call.output(image)) + first * words);
  });
}

void run(const InputScaleStep& work, const StepCall& call) {
  call.each_image(1, call.in().size(), [&](size_t image, size_t, size_t, float* scratch) {
    kernels::mean_abs(real_pixels(work, call, image, 0, call.in().pixels), scratch);
    kernels::box_filter(work.shape, scratch, call.output(image));
  });
}

// Threads share an image of binary weights as they do one of dense ones.
template <class Body>
void each_binary_part(const kernels::ConvShape& s, size_t work, const StepCall& call, Body&& body) {
  const size_t pixels = s.out_plane(), panels = kernels::binary_panels(s.out_channels);
  const bool by_pixels = shared_by_pixels(pixels, kLeastPixels, panels, call);
  call.each_image(
      by_pixels ? pixels : panels, by_pixels ? work : work * pixels / panels,
      [&](size_t image, size_t first, size_t last, float* scratch) {
        body(
            image,
            by_pixels ? kernels::ConvPart{first, last, 0, panels} : kernels::ConvPart{0, pixels, first, last},
            scratch);
      },
      by_pixels ? kTakenPixels : 1);
}

void run(const BinaryConvStep& work, const StepCall& call) {
  constexpr size_t kSignsAtOnce = 32;  // against a multiplication
  const size_t macs = work.shape.depth() * work.shape.out_channels / kSignsAtOnce + work.shape.out_channels;
  each_binary_part(work.shape, macs, call, [&](size_t image, const kernels::ConvPart& part, float* scratch) {
    kernels::BinaryOutput output;
    output.scale = work.scale.data(), output.shift = data_or_null(work.shift);
    output.k = work.k == 0 ? nullptr : call.input(image, work.k);
    output.slope = data_or_null(work.slope);
    const kernels::ImageArguments arguments = call.image_arguments(image);
    output.add = arguments.add, output.add_stride = arguments.add_stride, output.clamp = arguments.clamp;
    if (work.writes_values) output.out = arguments.out, output.out_stride = arguments.out_stride;
    if (work.writes_signs) output.signs = as_words(call.batch.write(call.step.signs, image));
    output.sign_scale = data_or_null(work.sign_scale), output.sign_shift = data_or_null(work.sign_shift);
    kernels::binary_conv(work.shape, work.weights, reinterpret_cast<const uint64_t*>(call.input(image)),
                         output, part, scratch);
  });
}

void run(const BinaryWeightStep& work, const StepCall& call) {
  const size_t macs = work.shape.depth() * work.shape.out_channels;
  each_binary_part(work.shape, macs, call, [&](size_t image, const kernels::ConvPart& part, float* scratch) {
    kernels::binary_weight_conv(work.shape, work.weights, {work.scale.data(), data_or_null(work.shift)},
                                call.image_arguments(image), part, scratch);
  });
}

// One product for the whole batch.
void run(const LinearStep& work, const StepCall& call) {
  const kernels::Panels& panels = work.panels;
  const size_t macs = panels.width * panels.k * call.batch.images;
  call.workers.split(
      panels.count(), macs,
      [&](size_t first, size_t last, float*, bool) {
        kernels::linear(panels, call.input(0), call.in().step, call.batch.images, call.output(0),
                        call.out().step, call.step.clamp, first, last);
      },
      kernels::kRowPanels);
}

void run(const PoolStep& work, const StepCall& call) {
  const kernels::PoolShape& s = work.shape;
  const auto pool = work.average ? kernels::image_avg_pool : kernels::image_max_pool;
  call.each_image(s.out_height, s.out_width * call.out().channels * s.kernel_h * s.kernel_w,
                  [&](size_t image, size_t first, size_t last, float*) {
                    pool(s, call.out().channels, call.input(image), call.in().stride, call.output(image),
                         call.out().stride, first, last);
                  });
}

void run(const ScaleShiftStep& work, const StepCall& call) {
  call.each_image(call.out().pixels, call.out().channels,
                  [&](size_t image, size_t first, size_t last, float*) {
                    kernels::image_scale_shift(call.input(image), call.in().stride, call.out().channels,
                                               work.scale.data(), work.shift.data(), call.step.clamp,
                                               call.output(image), call.out().stride, first, last);
                  });
}

void run(const SlopeStep& work, const StepCall& call) {
  call.each_image(
      call.out().pixels, call.out().channels, [&](size_t image, size_t first, size_t last, float*) {
        kernels::image_prelu(call.input(image), call.in().stride, call.out().channels, work.slope.data(),
                             call.step.clamp, call.output(image), call.out().stride, first, last);
      });
}

void run(const ReduceStep& work, const StepCall& call) {
  const auto reduce = work.mean ? kernels::image_means : kernels::image_maxima;
  call.each_image(1, call.in().size(), [&](size_t image, size_t, size_t, float*) {
    reduce(call.input(image), call.in().stride, call.in().channels, call.in().pixels, call.output(image));
  });
}

void run(const SoftmaxStep&, const StepCall& call) {
  call.each_image(1, 1, [&](size_t image, size_t, size_t, float*) {
    kernels::softmax(call.input(image), call.in().channels, call.in().pixels, call.output(image));
  });
}

// The steps between rows: fixed, or for images in layout `pixels` as far apart as their pixels.
size_t row_step(const Side& side, const StepCall& call) {
  if (side.source.constant || !side.row_step) return side.row_step;
  const Place& place = call.in(side.source.input);
  return call.out().layout == Layout::pixels ? place.stride : side.row_step;
}

void run(const ArithmeticStep& work, const StepCall& call) {
  const bool pixels = call.out().layout == Layout::pixels;
  const size_t out_step = pixels ? call.out().stride : work.columns;
  const auto operand = [&](const Side& side, size_t image, size_t row) {
    const size_t step = row_step(side, call);
    return kernels::Operand{call.values(side.source, image) + row * step, step, side.column_step};
  };
  call.each_image(work.rows, work.columns, [&](size_t image, size_t first, size_t last, float*) {
    kernels::arithmetic(work.op, operand(work.x, image, first), operand(work.y, image, first), last - first,
                        work.columns, call.step.clamp, call.output(image) + first * out_step, out_step);
  });
}

// Calls body(x, count, out) for stretches of values of which neither side is broken up.
template <class Body>
void each_stretch(const StepCall& call, size_t work, Body&& body) {
  const Place &x = call.in(), &y = call.out();
  const bool whole = x.is_whole() && y.is_whole();
  const size_t length = whole ? 1 : y.channels, items = y.size() / length;
  call.each_image(items, length * work, [&](size_t image, size_t first, size_t last, float*) {
    const float* in = call.input(image);
    float* out = call.output(image);
    if (whole) return body(in + first, last - first, out + first);
    for (size_t pixel = first; pixel < last; ++pixel)
      body(in + pixel * x.stride, length, out + pixel * y.stride);
  });
}

void run(const ActivationStep& work, const StepCall& call) {
  // Some additions each, and the division or so that most of them have.
  constexpr size_t kWork = 10;
  each_stretch(call, kWork, work.apply);
}

void run(const ClampStep&, const StepCall& call) {
  each_stretch(call, 1, [&](const float* x, size_t count, float* out) {
    kernels::clamp(x, count, call.step.clamp, out);
  });
}

void run(const LrnStep& work, const StepCall& call) {
  const kernels::ImageLrn lrn{call.out().channels, work.before, work.after, work.alpha, work.beta, work.k};
  constexpr size_t kWork = 20;
  call.each_image(call.out().pixels, call.out().channels * kWork,
                  [&](size_t image, size_t first, size_t last, float*) {
                    kernels::image_lrn(lrn, call.input(image), call.in().stride, call.output(image),
                                       call.out().stride, first, last);
                  });
}

void run(const LayerNormStep& work, const StepCall& call) {
  constexpr size_t kWork = 4;  // passes over a pixel
  call.each_image(
      call.out().pixels, call.out().channels * kWork, [&](size_t image, size_t first, size_t last, float*) {
        kernels::image_layer_norm({work.scale, work.shift, work.epsilon}, call.input(image), call.in().stride,
                                  call.output(image), call.out().stride, first, last);
      });
}

// Threads share an image by its groups: statistics are of all pixels.
void run(const GroupNormStep& work, const StepCall& call) {
  constexpr size_t kWork = 4;  // passes over the image
  const kernels::ImageGroupNorm norm{work.scale, work.shift, work.groups, work.epsilon};
  call.each_image(work.groups, call.out().pixels * norm.group_channels() * kWork,
                  [&](size_t image, size_t first, size_t last, float* scratch) {
                    kernels::image_group_norm(norm, call.input(image), call.in().stride, call.output(image),
                                              call.out().stride, call.out().pixels, first, last, scratch);
                  });
}

void run(const PadStep& work, const StepCall& call) {
  const kernels::ImagePad& p = work.pad;
  call.each_image(p.rows.size(), p.columns.size() * p.channels,
                  [&](size_t image, size_t first, size_t last, float*) {
                    kernels::image_pad(p, call.input(image), call.in().stride, call.output(image),
                                       call.out().stride, first, last);
                  });
}

void run(const ResizeStep& work, const StepCall& call) {
  constexpr size_t kWork = 4;  // inputs of an output
  const kernels::ImageResize& r = work.resize;
  call.each_image(r.rows.size(), r.columns.size() * r.channels * kWork,
                  [&](size_t image, size_t first, size_t last, float*) {
                    kernels::image_resize(r, call.input(image), call.in().stride, call.output(image),
                                          call.out().stride, first, last);
                  });
}

void run(const CopyStep& work, const StepCall& call) {
  call.each_image(1, call.out().size(), [&](size_t image, size_t, size_t, float*) {
    kernels::strided_copy(work.view, call.input(image), call.output(image));
  });
}

void run(const MoveStep& work, const StepCall& call) {
  const Place& out = call.out();
  call.each_image(out.pixels, out.channels, [&](size_t image, size_t first, size_t last, float*) {
    const float* from = work.constant ? work.constant->data() : call.input(image);
    const bool from_pixels = work.constant || call.in().layout == Layout::pixels;
    const size_t in_stride = work.constant ? out.channels : call.in().stride;
    if (from_pixels && out.layout == Layout::pixels)
      kernels::copy_channels(from, in_stride, out.channels, call.output(image), out.stride, first, last);
    else if (from_pixels)
      kernels::to_nchw(from, in_stride, out.channels, out.pixels, call.output(image), first, last);
    else
      kernels::to_nhwc(from, out.channels, out.pixels, call.output(image), out.stride, first, last);
  });
}

void run(const ShuffleStep& work, const StepCall& call) {
  call.each_image(
      call.out().pixels, call.out().channels, [&](size_t image, size_t first, size_t last, float*) {
        kernels::shuffle_channels(call.input(image), call.in().stride, work.order.data(), call.out().channels,
                                  call.output(image), call.out().stride, first, last);
      });
}

void run(const ConcatStep& work, const StepCall& call) {
  for (size_t image = 0; image < call.batch.images; ++image) {
    float* out = call.output(image);
    for (size_t i = 0; i < work.parts.size(); ++i)
      out = std::copy_n(call.values(work.parts[i], image), work.sizes[i], out);
  }
}

// `count` values of a source, image after image.
std::vector<float> gather(const Source& source, int64_t count, const StepCall& call) {
  if (source.constant) return *source.constant;
  std::vector<float> values;
  values.reserve(static_cast<size_t>(count));
  for (size_t image = 0; image < call.batch.images; ++image) {
    const float* from = call.values(source, image);
    values.insert(values.end(), from, from + call.in(source.input).size());
  }
  return values;
}

void run(const ReferenceStep& work, const StepCall& call) {
  std::vector<Tensor> inputs;
  std::vector<const Tensor*> arguments;
  for (size_t i = 0; i < work.sources.size(); ++i) {
    Shape shape = work.shapes[i];
    if (!work.sources[i].constant) shape[0] = static_cast<int64_t>(call.batch.images);
    inputs.emplace_back(shape, gather(work.sources[i], element_count(shape), call));
  }
  for (const Tensor& input : inputs) arguments.push_back(&input);
  const Tensor result = evaluate(work.op, arguments, call.step.name);
  const size_t each = call.out().size();
  for (size_t image = 0; image < call.batch.images; ++image)
    std::copy_n(result.data.data() + image * each, each, call.output(image));
}

void run_any(const Work& work, const StepCall& call);

void run_decoded(const CodedStep& work, std::optional<size_t> part, size_t first, const StepCall& call) {
  run_any(work.decoded(model::reread(*work.record, part), first)->work, call);
}

// `count` channels of an image from `first` on.
Place some_channels(Place image, size_t first, size_t count) {
  image.shift += image.layout == Layout::planes ? first * image.pixels : first;
  image.channels = count;
  return image;
}

// Threads share a layer by its parts, whose decoding is most of the work.
void run(const CodedStep& work, const StepCall& call) {
  if (work.parts() == 1) return run_decoded(work, std::nullopt, 0, call);
  call.workers.split(work.parts(), kLeastSharedWork, [&](size_t begin, size_t end, float* scratch, bool) {
    Workers alone(nullptr, {scratch});
    for (size_t part = begin; part < end; ++part) {
      const size_t first = part * work.apart, count = std::min(work.apart, work.rows - first);
      Step rows;
      rows.clamp = call.step.clamp, rows.adds = call.step.adds;
      rows.inputs = call.step.inputs;
      if (rows.adds) rows.inputs.back() = some_channels(rows.inputs.back(), first, count);
      rows.output = some_channels(call.step.output, first, count);
      run_decoded(work, part, first, {rows, call.batch, alone});
    }
  });
}

void run_any(const Work& work, const StepCall& call) {
  std::visit([&](const auto& kind) { run(kind, call); }, work);
}

}  // namespace

void run(const Step& step, const Batch& batch, Workers& workers) {
  run_any(step.work, {step, batch, workers});
}

}  // namespace netsuke::runtime
