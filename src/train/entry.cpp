// The mouth of the training module: the one symbol that it exports, and the one place where torch's
// exceptions turn into ours.
#include <c10/util/Exception.h>

#include <exception>

#include "base/error.h"
#include "graph/shapes.h"
#include "train/check.h"
#include "train/curvature.h"
#include "train/trainer.h"

namespace netsuke::train {
namespace {

template <class Work>
auto without_torch_errors(const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    fail(ErrorCode::internal, "libtorch: ", error.what_without_backtrace());
  } catch (const std::exception& error) {  // of the libraries below it
    fail(ErrorCode::internal, "training: ", error.what());
  }
}

}  // namespace

Result train(const Graph& graph, const Dataset& data, const Dataset* validation,
             const std::vector<Graph>& teachers, const Options& options, const Log& log) {
  check_options(options);
  check_graph(graph);
  const bool distils = options.distill_alpha > 0;
  check_data(graph, data, distils);
  if (validation) check_data(graph, *validation);
  if (distils && teachers.empty()) fail(ErrorCode::usage, "distillation: is asked for without a teacher");
  for (const Graph& teacher : teachers) {
    check_graph(teacher);
    check_data(teacher, data, distils);
    check_same_scores(graph, teacher);
  }
  return without_torch_errors([&] {
    set_up_torch(options.threads);
    return Trainer(graph, data, validation, distils ? teachers : std::vector<Graph>(), options, log).run();
  });
}

Tensor infer(const Graph& graph, const Tensor& input) {
  check_graph(graph);
  check_input(graph, input);
  return without_torch_errors([&] {
    set_up_torch(1);  // a second opinion needs no speed
    return Network(graph).output(input);
  });
}

std::vector<std::vector<float>> curvature(const Graph& graph, const Dataset& data,
                                          const CurvatureOptions& options, const Log& log) {
  check_graph(graph);
  check_data(graph, data, true);
  if (options.images < 1) fail(ErrorCode::usage, "images: found ", options.images, ", expected 1 or more");
  return without_torch_errors([&] {
    set_up_torch(options.threads);
    return fisher_diagonal(graph, data, options, log);
  });
}

}  // namespace netsuke::train

extern "C" __attribute__((visibility("default"))) const netsuke::train::Module* netsuke_train_module() {
  static constexpr netsuke::train::Module module{&netsuke::train::train, &netsuke::train::infer,
                                                 &netsuke::train::curvature};
  return &module;
}
