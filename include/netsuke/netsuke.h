// netsuke: small, fast convolutional networks. Load a .nsk file and run it.
//
//   #include <netsuke/netsuke.h>
//
//   netsuke::Model model = netsuke::Model::load("lenet5.nsk");
//   netsuke::Session session(model);
//   std::vector<float> scores = session.run_pixels(pixels, 28, 28);   // 784 gray bytes -> 10 scores
//   size_t best = std::max_element(scores.begin(), scores.end()) - scores.begin();
//   std::string label = model.labels().empty() ? std::to_string(best) : model.labels()[best];
//
// Every function that can fail throws netsuke::Error (netsuke/error.h). Nothing here prints, exits or keeps
// global state, but for one variable of the environment: NETSUKE_CPU names the instruction set to use, as in
// "avx2".
#pragma once

#include <netsuke/error.h>
#include <netsuke/residency.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsuke {

/// The library's version, "0.1.0".
NETSUKE_API std::string_view version();

/// One node of a network.
struct LayerInfo {
  std::string name;                   ///< "conv1"
  std::string op;                     ///< "conv2d", "relu", ...
  std::vector<int64_t> output_shape;  ///< at batch 1: {1, channels, height, width} or {1, values}
  int64_t params = 0;                 ///< elements of its constants
  int64_t macs = 0;                   ///< multiply-adds for one image
  double density = 1;                 ///< share of its weight's elements that pruning kept
  int bits = 0;                       ///< of one weight before entropy coding; 0 if it has none
};

struct LoadOptions {
  Residency residency = Residency::fastest;
  /// A file of `netsuke tune`: how fast kernels are on this machine. Without one they are chosen by estimate.
  std::string timings = {};
};

/// A network as it was read from a file: immutable, cheap to copy, safe to share between threads.
class NETSUKE_API Model {
 public:
  /// Reads a .nsk file. Throws Error(input) if it is missing or damaged.
  static Model load(const std::string& path, const LoadOptions& options = {});
  /// Reads a .nsk file's bytes; they are not needed afterwards. `name` is what errors call it.
  static Model from_memory(std::span<const uint8_t> bytes, std::string_view name = "model in memory",
                           const LoadOptions& options = {});

  const std::string& name() const;
  /// At batch 1: {1, channels, height, width} for images.
  std::vector<int64_t> input_shape() const;
  std::vector<int64_t> output_shape() const;
  /// Values of one image at the input and of one result.
  size_t input_size() const;
  size_t output_size() const;
  /// Class names, one an output; empty if the file has none.
  std::vector<std::string> labels() const;
  /// One entry a node, in the order in which they are computed.
  std::vector<LayerInfo> layers() const;
  /// Bytes that its weights take in memory.
  size_t weight_bytes() const;
  /// The text stored under `key` ("recipe"), empty if there is none. How pixels become an input:
  /// (pixel * input.scale - input.mean) / input.std, in the order of channels of input.order, "rgb", "bgr" or
  /// "gray"; a list has one number or one a channel, and what is absent is 1/255, 0, 1 and rgb. input.resize
  /// is the shorter side that pictures are resized to before the input's size is cut out of their centre.
  std::string metadata(const std::string& key) const;

  struct Data;
  /// What the library keeps in a model; not part of the interface.
  const Data& data() const { return *data_; }

 private:
  explicit Model(std::shared_ptr<const Data> data);
  std::shared_ptr<const Data> data_;
};

struct SessionOptions {
  int threads = 1;     ///< the caller's among them; 0 takes one for each core
  int max_batch = 0;   ///< images a thread computes at a time, which bounds memory; 0 chooses
  bool timed = false;  ///< measures every step, for Session::steps
};

/// What a session does for one or more nodes of the network.
struct StepInfo {
  std::string name;        ///< the node's
  std::string op;          ///< "conv2d"
  std::string kernel;      ///< "conv_gemm"; "reference" where there is no fast kernel
  std::string activation;  ///< the ReLU or clip node that this step does too, or empty
  int64_t macs = 0;        ///< for one image
  double ms = 0;           ///< thread time for one image, the mean of all that were run; 0 if not timed
};

/// Runs a model. One thread may use a session at a time; make one session a thread, all from the same model.
/// A session that was moved from may only be assigned to or destroyed.
class NETSUKE_API Session {
 public:
  explicit Session(const Model& model, SessionOptions options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// `batch` inputs, one after the other, to as many outputs; any batch size. `input` holds batch *
  /// input_size() floats in NCHW order that are preprocessed already (see Model::metadata), `output` takes
  /// batch * output_size(): what the network's last node computes, which of many classifiers are scores
  /// before a softmax, not probabilities.
  void run(std::span<const float> input, int64_t batch, std::span<float> output);
  std::vector<float> run(std::span<const float> input, int64_t batch = 1);

  /// One image of 8-bit pixels: rows from the top, channels (red, green, blue, or one of gray) side by side.
  /// Applies the preprocessing stored in the model. The image must have the size of the model's input.
  std::vector<float> run_pixels(std::span<const uint8_t> pixels, int height, int width);

  /// What is done, in order, and how long it takes if SessionOptions::timed.
  std::vector<StepInfo> steps() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace netsuke
