#include "runtime/timings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/text.h"
#include "kernels/cpu.h"
#include "runtime/conv_cost.h"
#include "runtime/layer_time.h"
#include "runtime/plan.h"
#include "runtime/tune.h"

namespace netsuke::runtime {
namespace {

using testing::HasSubstr;

kernels::ConvShape shape_3x3() {
  kernels::ConvShape s;
  s.channels = s.out_channels = 64;
  s.height = s.width = s.out_height = s.out_width = 14;
  s.kernel_h = s.kernel_w = 3;
  s.pad_top = s.pad_left = 1;
  return s;
}

ConvTimes times(double direct, double winograd_4, SparseTime sparse) {
  ConvTimes times;
  times.dense[0] = direct;
  times.dense[2] = winograd_4;
  times.sparse = sparse;
  return times;
}

TEST(Timings, AreReadAsTheyWereWritten) {
  Timings timings;
  timings.set(shape_3x3(), times(1234567, 400.5, {1000, 0.0123}));
  timings.set_linear(10, 500, {321, {5, 0.25}, CodesTimes{{30, 35, 40}}});
  timings.set_linear(10, 600, {321, {5, 0.25}, {}});
  const Timings read = Timings::parse(timings.to_text(), "test");
  EXPECT_EQ(read.to_text(), timings.to_text());
  EXPECT_EQ(read.size(), 3u);
  ASSERT_TRUE(read.find(shape_3x3()));
  EXPECT_EQ(*read.find(shape_3x3())->dense[2], 400.5);
  EXPECT_FALSE(read.find(shape_3x3())->dense[1]);
  ASSERT_TRUE(read.find_linear(10, 500));
  EXPECT_EQ(read.find_linear(10, 500)->sparse(4), 6);
  EXPECT_FALSE(read.find_linear(500, 10));
  EXPECT_EQ((*read.find_linear(10, 500)->codes)(32), 30);
  EXPECT_EQ((*read.find_linear(10, 500)->codes)(33), 35);
  EXPECT_EQ((*read.find_linear(10, 500)->codes)(65), 40);
  EXPECT_FALSE(read.find_linear(10, 600)->codes);
}

TEST(Timings, RefuseWhatTuneDidNotWrite) {
  const std::string header = Timings().to_text();
  const auto problem = [&](const std::string& text) -> std::string {
    try {
      Timings::parse(text, "cache.txt");
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(problem("x\n"), HasSubstr("cache.txt, line 1: found 'x', expected 'netsuke timings 1"));
  EXPECT_THAT(problem(header + "a: conv"), HasSubstr("line 2: found '', expected nanoseconds"));
  EXPECT_THAT(problem(header + "a: conv -3"), HasSubstr("found '-3'"));
  EXPECT_THAT(problem(header + "a: conv nan"), HasSubstr("found 'nan'"));
  EXPECT_THAT(problem(header + "a: warp 3"), HasSubstr("no kernel is named 'warp'"));
  EXPECT_THAT(problem(header + "a: sparse 3 4"), HasSubstr("expected times of kernels 'conv' and 'sparse'"));
  EXPECT_THAT(problem(header + "a: conv 3"), HasSubstr("expected times of kernels 'conv' and 'sparse'"));
  EXPECT_THAT(problem(header + "a b c"), HasSubstr("line 2: expected SHAPE: TIMES"));
}

TEST(Timings, DecideWhichKernelIsTaken) {
  const kernels::ConvShape s = shape_3x3();
  const size_t weights = s.depth() * s.out_channels;
  Timings timings;
  timings.set(s, times(1000, 3000, {100, 1800.0 / static_cast<double>(weights)}));
  EXPECT_EQ(conv_candidates(s, weights, {&timings})[0].kernel, ConvKernel::direct);
  EXPECT_EQ(conv_candidates(s, weights / 4, {&timings})[0].kernel, ConvKernel::sparse);
  EXPECT_DOUBLE_EQ(sparse_break_even(s, {&timings}), 0.5);
  if (kernels::winograd_fits(s, 4)) {  // not on a machine without vectors
    EXPECT_THAT(refusals(s, weights, ConvKernel::direct, {&timings}),
                HasSubstr("winograd_4 refused: 200 % slower"));
  }
  EXPECT_THAT(refusals(s, weights, ConvKernel::direct, {&timings}),
              HasSubstr("sparse_conv refused: 0 % zeros, break-even 50 %"));
}

Graph one_convolution() {
  return graph_from_text(R"(graph one
input data 1x16x14x14
weight w 16x16x3x3
conv = conv2d(data, w) pad=1,1,1,1
output conv
)");
}

TEST(Timings, OfAnotherLevelOfferNoKernelThatThisOneLacks) {
  Timings timings;
  timings.set(shape_3x3(), times(1000, 100, {1e9, 1}));
  const std::string before = kernels::cpu_level();
  kernels::set_cpu_level("scalar");
  EXPECT_EQ(conv_candidates(shape_3x3(), 1, {&timings})[0].kernel, ConvKernel::direct);
  kernels::set_cpu_level(before);
}

TEST(Tune, MeasuresEveryShapeOnce) {
  Timings timings;
  tune(one_convolution(), timings, [](size_t, size_t) { return true; });
  EXPECT_EQ(timings.size(), 1u);
  const std::string once = timings.to_text();
  tune(one_convolution(), timings, [](size_t, size_t) { return true; });
  EXPECT_EQ(timings.to_text(), once);
}

TEST(Tune, PlansGoByWhatWasMeasured) {
  kernels::ConvShape s = shape_3x3();
  s.channels = s.out_channels = 16;
  for (const bool sparse : {false, true}) {
    auto timings = std::make_shared<Timings>();
    timings->set(s, times(100, 1000, {sparse ? 1.0 : 5000.0, 0}));
    const auto plan = make_plan(one_convolution(), {Residency::fastest, timings});
    std::vector<std::string> kernels;
    for (const Step& step : plan->steps) kernels.emplace_back(step.kernel);
    EXPECT_THAT(kernels, testing::Contains(sparse ? "sparse_conv" : "conv"));
  }
}

// Products compute whole vectors of output channels, the sparse kernel those that there are.
TEST(Timings, ByEstimateChannelsThatFillNoVectorLetFewerZerosPay) {
  if (kernels::panel_columns() == 1) GTEST_SKIP() << "no vectors here";
  const auto break_even = [](size_t out_channels) {
    kernels::ConvShape s;
    s.channels = 20, s.height = s.width = 12, s.kernel_h = s.kernel_w = 5;
    s.out_channels = out_channels, s.out_height = s.out_width = 8;
    return sparse_break_even(s, {});
  };
  const size_t full = kernels::panel_columns();
  EXPECT_GT(break_even(full + 1), 1.2 * break_even(full));
}

TEST(Timings, OfWeightsFromMemoryCountTheirBytes) {
  if (kernels::panel_columns() == 1) GTEST_SKIP() << "no vectors here";
  kernels::ConvShape s = shape_3x3();
  s.channels = s.out_channels = 256;
  Timings timings;  // of one layer over and over, whose weights stay in a cache
  timings.set(s, times(1.00e6, 0.95e6, {1e9, 1}));
  for (const Timings* measured :
       {static_cast<const Timings*>(nullptr), static_cast<const Timings*>(&timings)}) {
    const ConvTimes cached = times_of(s, {measured, false}), remote = times_of(s, {measured, true});
    EXPECT_GT(*remote.dense[0], *cached.dense[0]);
    EXPECT_GT(*remote.dense[2] - *cached.dense[2], 2 * (*remote.dense[0] - *cached.dense[0]))
        << "Winograd's are four times as many";
  }
  EXPECT_EQ(conv_candidates(s, 1, {&timings, false})[0].kernel, ConvKernel::winograd_4);
  EXPECT_EQ(conv_candidates(s, 1, {&timings, true})[0].kernel, ConvKernel::direct);
}

TEST(Timings, TellWhetherANetworkIsTooLargeForCaches) {
  const auto one = [](std::string_view weight) {
    return graph_from_text(cat("graph one\ninput data 1x512x4x4\nweight w ", weight,
                               "\nconv = conv2d(data, w) pad=1,1,1,1\noutput conv\n"));
  };
  EXPECT_FALSE(cost_basis(one("512x512x3x3"), nullptr).from_memory);
  EXPECT_TRUE(cost_basis(one("1024x512x3x3"), nullptr).from_memory);
}

TEST(LayerTimes, AreTheDenseKernelsUntilTheSparseOneIsFaster) {
  if (kernels::panel_columns() == 1) GTEST_SKIP() << "no vectors here, and no Winograd";
  kernels::ConvShape s = shape_3x3();
  s.channels = s.out_channels = 16;
  Timings timings;
  timings.set(s, times(5000, 4000, {1000, 10}));
  const auto ns = layer_times(one_convolution(), &timings);
  EXPECT_EQ(ns("conv", 2304), 4000);
  EXPECT_EQ(ns("conv", 301), 4000);
  EXPECT_EQ(ns("conv", 200), 3000);
  EXPECT_EQ(ns("another", 200), 0);
  EXPECT_GT(layer_times(one_convolution(), nullptr)("conv", 2304), 0) << "an estimate where nothing is known";
}

}  // namespace
}  // namespace netsuke::runtime
