#include <fmt/format.h>

#include "cli/common.h"
#include "data/catalog.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

void run(const Common& common) {
  const Output output(common);
  report::Table table({"<data set", "<installed", "image", "train", "test", "<where", "<about"});
  report::Json sets = report::Json::array();
  for (const DataStatus& d : list_datasets()) {
    std::string about = d.summary;
    if (!d.installed) about += "; " + d.how;
    if (!d.problem.empty()) about += "; cannot be read: " + d.problem;
    table.row({d.name, d.installed ? "yes" : "no", to_text(d.shape), report::grouped(d.images[0]),
               report::grouped(d.images[1]), d.path, about});
    sets.push_back({{"name", d.name},
                    {"installed", d.installed},
                    {"shape", d.shape},
                    {"train_images", d.images[0]},
                    {"test_images", d.images[1]},
                    {"path", d.path},
                    {"how_to_get", d.how},
                    {"problem", d.problem}});
  }
  output.text(table.render());
  output.text(
      "\n--data also takes a folder: an IDX quadruple (train-images-idx3-ubyte[.gz] ...), CIFAR-10 binary "
      "batches, or\n"
      "train/CLASS/*.jpg|png and test/CLASS/*.jpg|png.\n");
  output.finish({{"data", sets}});
}

}  // namespace

void add_data(CLI::App& verb) {
  const auto common = std::make_shared<Common>();
  common->add_to(verb);
  verb.callback([common] { run(*common); });
}

}  // namespace netsuke::cli
