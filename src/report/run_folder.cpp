#include "report/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace netsuke::report {

Json training_json(const train::Options& o) {
  return {{"epochs", o.epochs},
          {"batch", o.batch},
          {"optimizer", o.optimizer},
          {"learning_rate", o.learning_rate},
          {"momentum", o.momentum},
          {"beta2", o.beta2},
          {"epsilon", o.epsilon},
          {"nesterov", o.nesterov},
          {"weight_decay", o.weight_decay},
          {"decay_depthwise", o.decay_depthwise},
          {"clip_norm", o.clip_norm},
          {"average", o.average},
          {"schedule", o.schedule},
          {"power", o.power},
          {"warmup_epochs", o.warmup_epochs},
          {"label_smoothing", o.label_smoothing},
          {"shift", o.shift},
          {"flip", o.flip},
          {"rotate", o.rotate},
          {"zoom", o.zoom},
          {"crop", o.crop},
          {"jitter", o.jitter},
          {"cutout", o.cutout},
          {"versions", o.versions},
          {"mixup", o.mixup},
          {"freeze", o.freeze},
          {"alpha", o.distill_alpha},
          {"temperature", o.distill_temperature},
          {"match_logits", o.match_logits},
          {"binary_gradient", o.binary_gradient},
          {"sign_gradient", o.sign_gradient},
          {"surgery", o.surgery},
          {"precision", o.precision},
          {"minutes", o.minutes},
          {"seed", o.seed},
          {"threads", o.threads}};
}

Json epoch_json(const train::Epoch& e) {
  Json json = {{"loss", e.loss}, {"seconds", e.seconds}};
  if (e.train_error >= 0) json["train_error"] = e.train_error;
  if (e.validation_error >= 0) {
    json["validation_error"] = e.validation_error;
    json["validation_loss"] = e.validation_loss;
  }
  return json;
}

void write_run_settings(const std::string& folder, const Json& about) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, folder, ": cannot be made: ", error.message());
  write_file((std::filesystem::path(folder) / "run.json").string(), text_of(about, 2) + "\n");
}

void write_metrics(const std::string& folder, const std::vector<train::Epoch>& epochs) {
  std::string lines;
  for (size_t i = 0; i < epochs.size(); ++i) {
    Json line = {{"epoch", i + 1}};
    line.update(epoch_json(epochs[i]));
    lines += text_of(line) + "\n";
  }
  write_file((std::filesystem::path(folder) / "metrics.jsonl").string(), lines);
}

std::string curve(const std::vector<double>& values, size_t width) {
  constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return {};
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const size_t count = std::min(width, values.size());
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const double value = values[(i + 1) * values.size() / count - 1];
    const double height = *most > *least ? (value - *least) / (*most - *least) : 0;
    text += kBars[std::min<size_t>(static_cast<size_t>(height * 8), 7)];
  }
  return text;
}

std::string curves_text(const std::vector<train::Epoch>& epochs) {
  if (epochs.size() < 2) return {};
  const auto line = [&](const char* name, double train::Epoch::*member, const char* unit) {
    std::vector<double> values;
    for (const train::Epoch& e : epochs) values.push_back(e.*member);
    return fmt::format("  {:<16} {}  {:.4g}{} -> {:.4g}{}", name, curve(values), values.front(), unit,
                       values.back(), unit);
  };
  std::string text = line("loss", &train::Epoch::loss, "");
  if (epochs.back().validation_error >= 0)
    text += "\n" + line("validation error", &train::Epoch::validation_error, " %");
  return text;
}

}  // namespace netsuke::report
