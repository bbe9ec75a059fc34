#include "train/checkpoint.h"

#include <bit>

#include "base/file.h"
#include "base/hash.h"
#include "data/fingerprint.h"
#include "graph/text.h"

namespace netsuke::train {
namespace {

using Tensors = std::vector<std::vector<float>>;

constexpr uint64_t kMagic = 0x544E494F504B534Eu;  // "NSKPOINT"
constexpr uint32_t kVersion = 5;

uint64_t hash(ByteView bytes) {
  Hash all;
  all.add(bytes);
  return all.value();
}

void put(ByteWriter& out, double value) { out.u64(std::bit_cast<uint64_t>(value)); }
double get_double(ByteReader& in) { return std::bit_cast<double>(in.u64()); }

template <class Number>
void put_all(ByteWriter& out, const std::vector<Number>& values) {
  out.u64(values.size());
  out.raw({reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(Number)});
}

void put(ByteWriter& out, const Encoding& encoding) {
  out.u8(static_cast<uint8_t>(encoding.index()));
  if (const auto* dense = std::get_if<Dense>(&encoding)) put_all(out, dense->values);
  if (const auto* sparse = std::get_if<Sparse>(&encoding))
    put_all(out, sparse->positions), put_all(out, sparse->values);
  if (const auto* book = std::get_if<Codebook>(&encoding))
    put_all(out, book->centroids), put_all(out, book->codes);
  if (const auto* both = std::get_if<SparseCodebook>(&encoding))
    put_all(out, both->centroids), put_all(out, both->positions), put_all(out, both->codes);
  if (const auto* signs = std::get_if<Signs>(&encoding))
    put_all(out, signs->scales), put_all(out, signs->words), put_all(out, signs->latent);
}

void put(ByteWriter& out, const Graph& graph) {
  out.text(to_text(graph, 0));
  for (const Value& value : graph.values)
    if (value.weight) put(out, value.weight->encoding);
}

/// Not among them: threads, minutes, and where the checkpoint is.
void put(ByteWriter& out, const Options& o) {
  for (double number : {static_cast<double>(o.epochs),
                        static_cast<double>(o.batch),
                        o.learning_rate,
                        o.momentum,
                        o.beta2,
                        o.epsilon,
                        o.weight_decay,
                        o.clip_norm,
                        o.average,
                        o.power,
                        o.warmup_epochs,
                        o.label_smoothing,
                        static_cast<double>(o.shift),
                        o.rotate,
                        o.zoom,
                        o.crop,
                        o.jitter,
                        static_cast<double>(o.cutout),
                        o.mixup,
                        o.distill_alpha,
                        o.distill_temperature})
    put(out, number);
  out.u64(o.seed);
  out.text(o.schedule);
  out.text(o.optimizer);
  out.text(o.freeze);
  out.text(o.binary_gradient);
  out.text(o.sign_gradient);
  if (o.precision != "fp32") out.text(o.precision);
  if (o.surgery) out.text("surgery");
  if (o.versions > 0) out.u64(static_cast<uint64_t>(o.versions));
  for (bool flag : {o.nesterov, o.decay_depthwise, o.flip, o.keep_best, o.match_logits}) out.u8(flag);
}

void put(ByteWriter& out, const Tensors& tensors) {
  out.u64(tensors.size());
  for (const auto& tensor : tensors) put_all(out, tensor);
}

/// As many tensors, and as long ones, as `like` has.
Tensors get_tensors(ByteReader& in, const Tensors& like) {
  const auto fits = [&](uint64_t found, size_t expected) {
    require(found == expected, in.what(), ": is the checkpoint of another network");
  };
  fits(in.u64(), like.size());
  Tensors tensors;
  for (const auto& expected : like) {
    fits(in.u64(), expected.size());
    const ByteView bytes = in.take(expected.size() * sizeof(float));
    std::vector<float>& tensor = tensors.emplace_back(expected.size());
    if (!bytes.empty()) std::memcpy(tensor.data(), bytes.data(), bytes.size());
  }
  return tensors;
}

void put(ByteWriter& out, const Epoch& e) {
  for (double number : {e.loss, e.train_error, e.validation_error, e.validation_loss, e.seconds})
    put(out, number);
}

Epoch get_epoch(ByteReader& in) {
  Epoch e;
  for (double* number : {&e.loss, &e.train_error, &e.validation_error, &e.validation_loss, &e.seconds})
    *number = get_double(in);
  return e;
}

void put_if_any(ByteWriter& out, const Snapshot& snapshot) {
  const bool any = !snapshot.learned.empty() || !snapshot.measured.empty();
  out.u8(any);
  if (any) put(out, snapshot.learned), put(out, snapshot.measured);
}

void put_state(ByteWriter& out, const Checkpoint& c) {
  out.u64(static_cast<uint64_t>(c.step));
  out.u64(static_cast<uint64_t>(c.steps));
  put(out, c.loss_sum);
  out.u64(static_cast<uint64_t>(c.wrong));
  out.u64(static_cast<uint64_t>(c.labelled));
  put(out, c.seconds);
  out.u64(c.epochs.size());
  for (const Epoch& epoch : c.epochs) put(out, epoch);
  out.u32(static_cast<uint32_t>(c.best_epoch));
  put(out, c.now.learned);
  put(out, c.now.measured);
  put(out, c.first);
  put(out, c.second);
  put_if_any(out, c.best);
  put_if_any(out, c.average);
}

void get_state(ByteReader& in, const Checkpoint& like, Checkpoint& c) {
  c.step = static_cast<int64_t>(in.u64());
  c.steps = static_cast<int64_t>(in.u64());
  c.loss_sum = get_double(in);
  c.wrong = static_cast<int64_t>(in.u64());
  c.labelled = static_cast<int64_t>(in.u64());
  c.seconds = get_double(in);
  for (uint64_t count = in.u64(); count > 0; --count) c.epochs.push_back(get_epoch(in));
  c.best_epoch = static_cast<int>(in.u32());
  c.now.learned = get_tensors(in, like.now.learned);
  c.now.measured = get_tensors(in, like.now.measured);
  c.first = get_tensors(in, like.first);
  c.second = get_tensors(in, like.second);
  for (Snapshot* snapshot : {&c.best, &c.average})
    if (in.u8()) *snapshot = {get_tensors(in, like.now.learned), get_tensors(in, like.now.measured)};
}

}  // namespace

uint64_t fingerprint(const Graph& graph, const Dataset& data, const Dataset* validation,
                     const std::vector<Graph>& teachers, const Options& options) {
  ByteWriter all;
  put(all, graph);
  all.u64(netsuke::fingerprint(data));
  all.u8(validation != nullptr);
  if (validation) all.u64(netsuke::fingerprint(*validation));
  all.u64(teachers.size());
  for (const Graph& teacher : teachers) put(all, teacher);
  put(all, options);
  return hash(all.bytes());
}

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  ByteWriter out;
  out.u64(kMagic);
  out.u32(kVersion);
  out.u64(checkpoint.fingerprint);
  put_state(out, checkpoint);
  out.u64(hash(out.bytes()));
  write_file(path, out.bytes());
}

Checkpoint read_checkpoint(const std::string& path, const Checkpoint& like) {
  constexpr size_t kHashBytes = 8;
  const Bytes bytes = read_file(path);
  require(bytes.size() > kHashBytes, path, ": is not a checkpoint of netsuke");
  const ByteView body = ByteView(bytes).first(bytes.size() - kHashBytes);
  ByteReader in(body, path), tail(ByteView(bytes).last(kHashBytes), path);
  require(in.u64() == kMagic, path, ": is not a checkpoint of netsuke");
  require(tail.u64() == hash(body), path,
          ": the checkpoint is damaged, its checksum differs; delete it to start anew");
  const uint32_t version = in.u32();
  require(version == kVersion, path, ": is a checkpoint of version ", version,
          ", this program reads version ", kVersion);
  Checkpoint checkpoint;
  checkpoint.fingerprint = in.u64();
  require(checkpoint.fingerprint == like.fingerprint, path,
          ": was left by training another network, on other data or with other options; "
          "repeat the command that left it, or delete it to start anew");
  get_state(in, like, checkpoint);
  return checkpoint;
}

}  // namespace netsuke::train
