// What a training run leaves for people and programs to look at: a folder with its settings and its curve.
#pragma once

#include <string>
#include <vector>

#include "report/json.h"
#include "train/train.h"

namespace netsuke::report {

/// Every option that bears on the result, by the names of the recipes' keys.
Json training_json(const train::Options& options);
Json epoch_json(const train::Epoch& epoch);

/// Writes FOLDER/run.json, what the run is: `about`, the versions and the machine's threads.
void write_run_settings(const std::string& folder, const Json& about);
/// Writes FOLDER/metrics.jsonl: one object a line, one line an epoch, whole each time, so that a run that
/// was killed and resumed leaves what an uninterrupted one would.
void write_metrics(const std::string& folder, const std::vector<train::Epoch>& epochs);

/// A curve in one line: a bar of eight heights for each of at most `width` values, the last ones of equally
/// long stretches; the least value is the lowest bar.
std::string curve(const std::vector<double>& values, size_t width = 40);
/// The run so far as two curves, loss and validation error, for a terminal.
std::string curves_text(const std::vector<train::Epoch>& epochs);

}  // namespace netsuke::report
