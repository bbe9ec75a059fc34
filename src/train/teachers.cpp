#include "train/teachers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "graph/shapes.h"
#include "train/augment.h"
#include "train/checkpoint.h"

namespace netsuke::train {
namespace {

constexpr uint64_t kMagic = 0x484341455454534Eu;  // "NSTTEACH"
constexpr int64_t kAskedAtOnce = 256;
constexpr int64_t kMostBytes = 1'000'000'000;

/// How many times teachers see each image until they have answered all that a student will be shown; 0 where
/// that has no end.
int64_t versions_shown(const Options& options) {
  if (options.mixup > 0) return 0;
  return augments(options) ? options.versions : 1;
}

/// A number that differs when a teacher, its precision or the images differ.
uint64_t fingerprint_of(const std::vector<Graph>& teachers, const Dataset& data, const Options& options) {
  Options relevant = augmentation_of(options);
  relevant.precision = options.precision;
  uint64_t all = 0;
  for (const Graph& teacher : teachers)
    all = all * 0x9E3779B97F4A7C15u + fingerprint(teacher, data, nullptr, {}, relevant);
  return all;
}

void centre(std::span<float> row) {
  double sum = 0;
  for (const float value : row) sum += value;
  const auto mean = static_cast<float>(sum / static_cast<double>(row.size()));
  for (float& value : row) value -= mean;
}

/// Adds softmax(row / temperature) to `sum`.
void add_softmax(std::span<const float> row, double temperature, std::span<double> sum) {
  const double most = *std::max_element(row.begin(), row.end());
  double total = 0;
  for (const float value : row) total += std::exp((value - most) / temperature);
  for (size_t i = 0; i < row.size(); ++i) sum[i] += std::exp((row[i] - most) / temperature) / total;
}

}  // namespace

void Answers::add(std::span<const float> scores) {
  float most = 0;
  for (const float score : scores) most = std::max(most, std::fabs(score));
  const float factor = most > 0 ? most / 32767 : 1;
  factors.push_back(factor);
  for (const float score : scores) codes.push_back(static_cast<int16_t>(std::lround(score / factor)));
}

void Answers::get(int64_t index, std::span<float> scores) const {
  const auto at = static_cast<size_t>(index);
  for (size_t i = 0; i < scores.size(); ++i)
    scores[i] = factors[at] * static_cast<float>(codes[at * scores.size() + i]);
}

std::vector<float> combine(const std::vector<std::vector<float>>& scores, int64_t classes,
                           const Objective& objective) {
  if (scores.size() == 1) return scores[0];
  const auto width = static_cast<size_t>(classes);
  const auto count = static_cast<double>(scores.size());
  std::vector<float> combined(scores[0].size());
  std::vector<double> sum(width);
  for (size_t first = 0; first < combined.size(); first += width) {
    std::fill(sum.begin(), sum.end(), 0.0);
    for (const std::vector<float>& teacher : scores) {
      std::vector<float> row(teacher.begin() + static_cast<std::ptrdiff_t>(first),
                             teacher.begin() + static_cast<std::ptrdiff_t>(first + width));
      if (!objective.match_logits) {
        add_softmax(row, objective.distill_temperature, sum);
        continue;
      }
      centre(row);
      for (size_t i = 0; i < width; ++i) sum[i] += row[i];
    }
    for (size_t i = 0; i < width; ++i) {
      const double mean = sum[i] / count;
      combined[first + i] = static_cast<float>(
          objective.match_logits ? mean : objective.distill_temperature * std::log(std::max(mean, 1e-30)));
    }
  }
  return combined;
}

Teachers::Teachers(const std::vector<Graph>& graphs, const Options& options, const Log& log)
    : objective_(objective_of(options)), log_(log), graphs_(graphs) {
  for (const Graph& graph : graphs_)
    networks_.push_back(std::make_unique<Network>(graph, 0, numerics_of(options)));
}

std::vector<Preprocess> Teachers::wanted() const {
  std::vector<Preprocess> wanted;
  if (answers_.empty())
    for (const Graph& graph : graphs_) wanted.push_back(preprocess_of(graph));
  return wanted;
}

void Teachers::answer(const Dataset& data, const Options& options) {
  const int64_t versions = versions_shown(options);
  if (!any() || versions == 0) return;
  images_ = data.size();
  const int64_t scores = output_count(graphs_[0]) * static_cast<int64_t>(graphs_.size());
  if (2 * scores * images_ * versions <= kMostBytes) read_and_ask(data, options);
}

void Teachers::read_and_ask(const Dataset& data, const Options& options) {
  const std::string& path = options.teacher_answers;
  const uint64_t fingerprint = path.empty() ? 0 : fingerprint_of(graphs_, data, options);
  if (!path.empty()) read(path, fingerprint, static_cast<size_t>(images_ * versions_shown(options)));
  while (answers_.size() < graphs_.size()) {
    answers_.push_back(ask(answers_.size(), data, options));
    if (!path.empty()) write(path, fingerprint);
  }
}

Answers Teachers::ask(size_t teacher, const Dataset& data, const Options& options) const {
  const auto classes = static_cast<size_t>(output_count(graphs_[0]));
  const int64_t versions = versions_shown(options), each = images_ * versions;
  const Preprocess preprocess = preprocess_of(graphs_[teacher]);
  Answers answers;
  for (int64_t at = 0; at < each;) {
    if (log_.stopping()) fail(ErrorCode::interrupted, "stopped while teachers answered");
    const int64_t first = at % images_, count = std::min(kAskedAtOnce, images_ - first);
    const Batch batch = version_batch(data, preprocess, options, at / images_, first, count);
    const std::vector<float> scores = networks_[teacher]->logits(batch.images);
    for (size_t i = 0; i < scores.size(); i += classes) answers.add(std::span(scores).subspan(i, classes));
    at += count;
    const auto done = static_cast<uint64_t>(static_cast<int64_t>(teacher) * each + at);
    log_.progress({"teach", done, static_cast<uint64_t>(each) * graphs_.size(), "images", ""});
  }
  return answers;
}

std::vector<float> Teachers::scores(const Batch& batch) const {
  const int64_t classes = output_count(graphs_[0]);
  std::vector<std::vector<float>> scores;
  for (size_t t = 0; t < networks_.size(); ++t) {
    if (answers_.empty()) {
      scores.push_back(networks_[t]->logits(batch.teacher_images[t]));
      continue;
    }
    const auto width = static_cast<size_t>(classes);
    std::vector<float>& all = scores.emplace_back(batch.indices.size() * width);
    for (size_t i = 0; i < batch.indices.size(); ++i)
      answers_[t].get(batch.version * images_ + batch.indices[i], std::span(all).subspan(i * width, width));
  }
  return combine(scores, classes, objective_);
}

void Teachers::read(const std::string& path, uint64_t fingerprint, size_t images) {
  if (!std::filesystem::exists(path)) return;
  const Bytes bytes = read_file(path);
  ByteReader in(bytes, path);
  require(in.remaining() >= 16 && in.u64() == kMagic, path, ": does not hold answers of teachers");
  if (in.u64() != fingerprint) {
    log_.line(cat(path, ": holds answers of other teachers or to other images, which are asked again"));
    return;
  }
  const size_t codes_each = images * static_cast<size_t>(output_count(graphs_[0]));
  while (in.remaining() > 0 && answers_.size() < graphs_.size()) {
    Answers& a = answers_.emplace_back(Answers{std::vector<float>(images), std::vector<int16_t>(codes_each)});
    const ByteView factors = in.take(a.factors.size() * sizeof(float));
    std::memcpy(a.factors.data(), factors.data(), factors.size());
    const ByteView codes = in.take(a.codes.size() * sizeof(int16_t));
    std::memcpy(a.codes.data(), codes.data(), codes.size());
  }
  require(in.remaining() == 0, path, ": has bytes too many");
}

void Teachers::write(const std::string& path, uint64_t fingerprint) const {
  ByteWriter out;
  out.u64(kMagic);
  out.u64(fingerprint);
  const auto raw = [&](const auto& items) {
    out.raw({reinterpret_cast<const uint8_t*>(items.data()), items.size() * sizeof(items[0])});
  };
  for (const Answers& a : answers_) raw(a.factors), raw(a.codes);
  write_file(path, out.bytes());
}

}  // namespace netsuke::train
