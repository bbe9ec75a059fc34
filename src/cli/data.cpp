#include <fmt/format.h>

#include "cli/common.h"
#include "data/catalog.h"
#include "data/checksums.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

/// What was found out about the files of a data set, in words and as JSON.
struct Verified {
  std::string text;
  report::Json files = report::Json::array();
  std::vector<std::string> wrong;
};

Verified verify(const DataStatus& d) {
  Verified result;
  if (!d.installed || d.path.empty()) return result;
  size_t right = 0, known = 0;
  for (const CheckedFile& file : check_files(d.name, d.path)) {
    known += file.known(), right += file.right();
    result.files.push_back({{"path", file.path},
                            {"checksum", file.found},
                            {"expected", file.expected},
                            {"state", !file.known()  ? "unknown"
                                      : file.right() ? "right"
                                                     : "wrong"}});
    if (file.known() && !file.right())
      result.wrong.push_back(fmt::format("{} is {}, expected {}", file.path, file.found, file.expected));
  }
  result.text = fmt::format("{} of {} right", right, result.files.size());
  if (known < result.files.size()) result.text += fmt::format(", {} not known", result.files.size() - known);
  return result;
}

void run(const Common& common) {
  const Output output(common);
  report::Table table(
      {"<data set", "<installed", "image", "train", "test", "<checksums", "<where", "<about"});
  report::Json sets = report::Json::array();
  std::vector<std::string> wrong;
  for (const DataStatus& d : list_datasets()) {
    std::string about = d.summary;
    if (!d.installed) about += "; " + d.how;
    if (!d.problem.empty()) about += "; cannot be read: " + d.problem;
    const Verified verified = verify(d);
    wrong.insert(wrong.end(), verified.wrong.begin(), verified.wrong.end());
    table.row({d.name, d.installed ? "yes" : "no", to_text(d.shape), report::grouped(d.images[0]),
               report::grouped(d.images[1]), verified.text, d.path, about});
    sets.push_back({{"name", d.name},
                    {"installed", d.installed},
                    {"shape", d.shape},
                    {"train_images", d.images[0]},
                    {"test_images", d.images[1]},
                    {"path", d.path},
                    {"how_to_get", d.how},
                    {"files", verified.files},
                    {"problem", d.problem}});
  }
  output.text(table.render());
  output.text(
      "\n--data also takes a folder: an IDX quadruple (train-images-idx3-ubyte[.gz] ...), CIFAR-10 binary "
      "batches, or\n"
      "train/CLASS/*.jpg|png and test/CLASS/*.jpg|png.\n");
  output.finish({{"data", sets}});
  if (!wrong.empty()) fail(ErrorCode::input, "checksums: ", join(wrong, "; "));
}

}  // namespace

void add_data(Flags& verb) {
  const auto common = std::make_shared<Common>();
  common->add_to(verb);
  verb.run([common] { run(*common); });
}

}  // namespace netsuke::cli
