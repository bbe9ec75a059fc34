#include "runtime/run.h"

#include <algorithm>

#include "graph/evaluate.h"
#include "kernels/elementwise/elementwise.h"

namespace netsuke::runtime {

// Handing work to other threads takes some microseconds; what is done in less stays where it is.
constexpr size_t kLeastSharedWork = 500'000;

void Workers::split(size_t items, size_t work, const std::function<void(size_t, size_t, float*)>& body) {
  if (!threads_ || items * work < kLeastSharedWork) return body(0, items, scratch_[0]);
  const size_t parts = std::min(items, scratch_.size());
  threads_->each(
      parts, [&](size_t part) { body(items * part / parts, items * (part + 1) / parts, scratch_[part]); });
}

namespace {

// What all kinds of steps share.
struct Site {
  const Step& step;
  const Batch& batch;
  Workers& workers;

  const float* input(size_t i = 0) const { return batch.read(step.inputs[i]); }
  float* output() const { return batch.write(step.output); }
  /// What `source` has for this image.
  const float* values(const Source& source, size_t image) const {
    if (source.constant) return source.constant->data();
    return input(source.input) + image * input_size(source.input);
  }
  size_t input_size(size_t i = 0) const { return step.inputs[i].size; }
  size_t output_size() const { return step.output.size; }
};

// Pixels [first, last) of one image; a 1x1 convolution multiplies with the image as it is.
void convolve(const ConvolutionStep& work, kernels::Clamp clamp, const float* image, float* out, size_t first,
              size_t last, float* scratch) {
  const kernels::ConvShape& shape = work.shape;
  const float* bias = work.bias ? work.bias->data() : nullptr;
  if (!shape.is_pointwise() || shape.groups != 1)
    return kernels::conv2d({shape, work.weights->data(), bias, clamp}, image, out, first, last, scratch);
  const size_t plane = shape.out_plane();
  kernels::gemm({shape.out_channels, last - first, shape.channels, work.weights->data(), shape.channels,
                 image + first, plane, out + first, plane, bias, clamp});
}

void run(const ConvolutionStep& work, const Site& site) {
  const size_t macs = work.shape.depth() * work.shape.out_channels;
  for (size_t image = 0; image < site.batch.images; ++image) {
    const float* in = site.input() + image * site.input_size();
    float* out = site.output() + image * site.output_size();
    site.workers.split(work.shape.out_plane(), macs, [&](size_t first, size_t last, float* scratch) {
      convolve(work, site.step.clamp, in, out, first, last, scratch);
    });
  }
}

void run(const LinearStep& work, const Site& site) {
  const kernels::Panels& panels = work.panels;
  const size_t macs = panels.width * panels.k * site.batch.images;
  site.workers.split(panels.count(), macs, [&](size_t first, size_t last, float*) {
    kernels::linear(panels, site.input(), site.batch.images, site.output(), site.step.clamp, first, last);
  });
}

void run(const PoolStep& work, const Site& site) {
  const kernels::PoolShape& s = work.shape;
  const size_t in_plane = s.height * s.width, out_plane = s.out_height * s.out_width;
  const auto pool = work.average ? kernels::avg_pool : kernels::max_pool;
  site.workers.split(
      site.batch.images * work.planes, in_plane, [&](size_t first, size_t last, float* scratch) {
        pool(s, last - first, site.input() + first * in_plane, site.output() + first * out_plane, scratch);
      });
}

// Calls body(input, output) for every image.
template <class Body>
void each_image(const Site& site, Body&& body) {
  site.workers.split(site.batch.images, site.output_size(), [&](size_t first, size_t last, float*) {
    for (size_t image = first; image < last; ++image)
      body(site.input() + image * site.input_size(), site.output() + image * site.output_size());
  });
}

void run(const ScaleShiftStep& work, const Site& site) {
  each_image(site, [&](const float* in, float* out) {
    kernels::scale_shift(in, work.channels, work.plane, work.scale.data(), work.shift.data(), site.step.clamp,
                         out);
  });
}

void run(const SoftmaxStep& work, const Site& site) {
  each_image(site, [&](const float* in, float* out) { kernels::softmax(in, work.classes, work.plane, out); });
}

void run(const MeanStep& work, const Site& site) {
  site.workers.split(site.batch.images * work.planes, work.plane, [&](size_t first, size_t last, float*) {
    kernels::plane_means(site.input() + first * work.plane, last - first, work.plane, site.output() + first);
  });
}

void run(const ArithmeticStep& work, const Site& site) {
  const auto operand = [&](const Side& side, size_t image, size_t row) {
    return kernels::Operand{site.values(side.source, image) + row * side.row_step, side.row_step,
                            side.column_step};
  };
  const auto body = [&](size_t first, size_t last, float*) {
    for (size_t at = first; at < last;) {  // the part of each image that lies in [first, last)
      const size_t image = at / work.rows, row = at % work.rows, count = std::min(work.rows - row, last - at);
      kernels::arithmetic(work.op, operand(work.x, image, row), operand(work.y, image, row), count,
                          work.columns, site.step.clamp, site.output() + at * work.columns);
      at += count;
    }
  };
  site.workers.split(site.batch.images * work.rows, work.columns, body);
}

void run(const ActivationStep& work, const Site& site) {
  // Some additions each, and the division or so that most of them have.
  constexpr size_t kWork = 10;
  site.workers.split(site.batch.images * site.output_size(), kWork, [&](size_t first, size_t last, float*) {
    work.apply(site.input() + first, last - first, site.output() + first);
  });
}

void run(const LrnStep& work, const Site& site) {
  each_image(site, [&](const float* in, float* out) {
    kernels::lrn(work.shape, work.alpha, work.beta, work.k, in, out);
  });
}

void run(const CopyStep& work, const Site& site) {
  each_image(site, [&](const float* in, float* out) { kernels::strided_copy(work.view, in, out); });
}

void run(const ClampStep&, const Site& site) {
  site.workers.split(site.batch.images * site.output_size(), 1, [&](size_t first, size_t last, float*) {
    kernels::clamp(site.input() + first, last - first, site.step.clamp, site.output() + first);
  });
}

void run(const ConcatStep& work, const Site& site) {
  float* out = site.output();
  for (size_t image = 0; image < site.batch.images; ++image)
    for (size_t i = 0; i < work.parts.size(); ++i)
      out = std::copy_n(site.values(work.parts[i], image), work.sizes[i], out);
}

void run(const ReferenceStep& work, const Site& site) {
  std::vector<Tensor> inputs;
  std::vector<const Tensor*> arguments;
  for (size_t i = 0; i < work.sources.size(); ++i) {
    Shape shape = work.shapes[i];
    if (!work.sources[i].constant) shape[0] = static_cast<int64_t>(site.batch.images);
    const float* values = site.values(work.sources[i], 0);
    inputs.emplace_back(shape, std::vector<float>(values, values + element_count(shape)));
  }
  for (const Tensor& input : inputs) arguments.push_back(&input);
  const Tensor result = evaluate(work.op, arguments, site.step.name);
  std::copy(result.data.begin(), result.data.end(), site.output());
}

}  // namespace

void run(const Step& step, const Batch& batch, Workers& workers) {
  const Site site{step, batch, workers};
  std::visit([&](const auto& work) { run(work, site); }, step.work);
}

}  // namespace netsuke::runtime
