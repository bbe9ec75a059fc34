#include "cli/timings.h"

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "kernels/cpu.h"
#include "runtime/tune.h"

namespace netsuke::cli {
namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name") && line.find(':') != line.npos) return line.substr(line.find(':') + 1);
  return "processor";
}

// "Intel(R) Xeon(R)" to "intel-r-xeon-r".
std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::string cache_folder() {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  if (cache && *cache) return std::string(cache) + "/netsuke";
  return home && *home ? std::string(home) + "/.cache/netsuke" : "";
}

}  // namespace

std::string timings_path() {
  if (const char* path = std::getenv("NETSUKE_TIMINGS")) return path;
  const std::string folder = cache_folder();
  if (folder.empty()) return "";
  return folder + "/timings-" + kernels::cpu_level() + "-" + file_name(processor()) + ".txt";
}

std::shared_ptr<const runtime::Timings> known_timings() {
  const std::string path = timings_path();
  if (path.empty() || !std::filesystem::exists(path)) return nullptr;
  const Bytes bytes = read_file(path);
  return std::make_shared<const runtime::Timings>(
      runtime::Timings::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path));
}

void save_timings(const runtime::Timings& timings, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  std::error_code problem;
  if (!folder.empty()) std::filesystem::create_directories(folder, problem);
  if (problem) fail(ErrorCode::output, folder, ": cannot make this folder: ", problem.message());
  write_file(path, timings.to_text());
}

void tune(const Graph& graph, const std::string& name, runtime::Timings& timings, const Log& log) {
  runtime::tune(graph, timings, [&](size_t done, size_t all) {
    log.progress({.job = "tune " + name, .done = done, .total = all, .unit = "layers", .note = {}});
    return !log.stopping();
  });
}

runtime::Timings timings_for(const Graph& graph, const std::string& name, const Log& log) {
  const std::shared_ptr<const runtime::Timings> known = known_timings();
  runtime::Timings timings = known ? *known : runtime::Timings();
  const size_t before = timings.size();
  tune(graph, name, timings, log);
  const std::string path = timings_path();
  if (!path.empty() && timings.size() > before) save_timings(timings, path);
  return timings;
}

runtime::PlanOptions plan_options(Residency residency) {
  static const std::shared_ptr<const runtime::Timings> known = known_timings();
  return {residency, known};
}

}  // namespace netsuke::cli
