// A MODEL argument and what may be said about it: where it comes from decides what there is to say.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "cli/flags.h"
#include "data/catalog.h"
#include "graph/graph.h"
#include "model/ledger.h"

namespace netsuke::cli {

/// Flags that describe a model which doesn't describe itself, as an ONNX file. What they say is kept in the
/// metadata of a .nsk file, so they are given once.
struct ModelFlags {
  std::string input;             ///< "3x224x224"
  int outputs = 0;               ///< classes that an architecture is to tell apart
  std::vector<std::string> set;  ///< options of an architecture, NAME=VALUE
  bool keep_batch_norm = false;
  std::string
      description;  ///< a TOML file with the keys below; net.onnx.toml is read for net.onnx where it exists
  std::string labels;  ///< a file, one name a line
  std::string mean, std, order;
  double scale = 0;
  int resize = 0;
  std::string take;           ///< the output of an ONNX file with several
  std::string class_folders;  ///< a file of folder names in the order of the outputs
  bool only_records = false;  ///< of a .nsk file: see read_model()

  void add_to(Flags& verb);
};

/// A MODEL argument: a .nsk or ONNX file, recognised by content, or an architecture's name with fresh
/// weights.
struct LoadedModel {
  Graph graph;
  std::string name;  ///< the path or the architecture, for reports
  bool is_file = false;
  Ledger ledger;                          ///< of a .nsk file; of an ONNX file only its size
  std::vector<std::string> output_names;  ///< of an ONNX file
  std::vector<std::string> classes;       ///< of ModelFlags
};
LoadedModel load_model_argument(const std::string& argument, uint64_t seed, const ModelFlags& flags);

/// Images as `model` takes them, labelled by its outputs.
/// Damaged ones are reported to `log`.
Wanted wanted_by(const LoadedModel& model, const Log& log);

}  // namespace netsuke::cli
