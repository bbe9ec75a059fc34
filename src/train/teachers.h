// What a student learns from: the scores of one or several trained networks.
#pragma once

#include <memory>
#include <vector>

#include "train/batches.h"
#include "train/network.h"

namespace netsuke::train {

/// Scores of every image of a data set, as whole numbers of 16 bits with one factor an image: a 2 in a
/// hundred thousandth of the largest is lost.
struct Answers {
  std::vector<float> factors;  ///< one an image
  std::vector<int16_t> codes;  ///< [images, classes]

  void add(std::span<const float> scores);
  /// Of image `index`.
  void get(int64_t index, std::span<float> scores) const;
};

/// Several teachers' scores [images, classes] as those of one teacher. With soft targets that is what gives
/// the mean of their probabilities at this temperature: T log(mean_k softmax(z_k / T)); when logits are
/// matched, the mean of the scores less their own mean. One teacher's are left alone.
std::vector<float> combine(const std::vector<std::vector<float>>& scores, int64_t classes,
                           const Objective& objective);

class Teachers {
 public:
  /// `graphs` may be empty.
  Teachers(const std::vector<Graph>& graphs, const Options& options, const Log& log);

  bool any() const { return !networks_.empty(); }
  /// How each teacher wants its images while it must see them; none once all answers are known.
  std::vector<Preprocess> wanted() const;
  /// Lets every teacher answer every image once, if images stay as they are or have a number of versions, of
  /// which it then answers each; else, or where the answers would
  /// take over a gigabyte, teachers are asked batch by batch. With Options::teacher_answers they are read
  /// from there if they are these teachers' on this data, and kept there, one teacher's after the other's:
  /// who was interrupted goes on with the next.
  void answer(const Dataset& data, const Options& options);
  /// As one teacher, for the images of `batch`.
  std::vector<float> scores(const Batch& batch) const;

 private:
  void read_and_ask(const Dataset& data, const Options& options);
  Answers ask(size_t teacher, const Dataset& data, const Options& options) const;
  void read(const std::string& path, uint64_t fingerprint, size_t images);
  void write(const std::string& path, uint64_t fingerprint) const;

  Objective objective_;
  const Log& log_;
  std::vector<Graph> graphs_;
  std::vector<std::unique_ptr<Network>> networks_;
  std::vector<Answers> answers_;  ///< one a teacher, one version behind the other; none if asked by batches
  int64_t images_ = 0;            ///< of a version
};

}  // namespace netsuke::train
