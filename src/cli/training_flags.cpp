#include "cli/training_flags.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "data/catalog.h"

namespace netsuke::cli {

void add_training_flags(Flags& verb, train::Options& o) {
  verb.option("--epochs", o.epochs, "passes over the training images").show_default();
  verb.option("--minutes", o.minutes,
              "stop after so many minutes, the schedule shortened to fit; 0: no limit")
      .show_default();
  verb.option("--batch", o.batch, "images a step").show_default();
  verb.option("--lr,--learning-rate", o.learning_rate, "highest learning rate").show_default();
  verb.option("--optimizer", o.optimizer, "sgd, adam, adamw or rmsprop").show_default();
  verb.option("--momentum", o.momentum, "or Adam's beta1").show_default();
  verb.option("--beta2", o.beta2, "Adam's (default 0.999), or RMSprop's alpha (0.99)");
  verb.option("--epsilon", o.epsilon, "of Adam and RMSprop").show_default();
  verb.option("--weight-decay", o.weight_decay, "on weights; not on biases and batch norms").show_default();
  verb.flag(
      "--no-depthwise-decay", [&o] { o.decay_depthwise = false; },
      "no weight decay on depthwise convolutions");
  verb.option("--clip", o.clip_norm, "the longest gradient, over all weights; 0 for any").show_default();
  verb.option(
      "--average", o.average,
      "keep a moving average of the weights with this decay a step (0.999), and judge and write that");
  verb.option("--schedule", o.schedule, "constant, step, cosine, linear or polynomial").show_default();
  verb.option("--power", o.power, "of the polynomial schedule").show_default();
  verb.option("--warmup", o.warmup_epochs, "epochs in which the rate rises from 0").show_default();
  verb.option("--freeze", o.freeze, "keep the weights of the layers up to and with the one of this name");
  verb.option("--checkpoint-minutes", o.checkpoint_minutes, "how often a checkpoint is kept within an epoch")
      .show_default();
  verb.option("--binary-gradient", o.binary_gradient,
              "of binary weights: paper (XNOR-Net), clipped or released (the authors' code)")
      .show_default();
  verb.flag(
      "--surgery", o.surgery,
      "of a pruned model: weights come back where they grow larger than kept ones, which then go (Guo 2016)");
  verb.option("--sign-gradient", o.sign_gradient, "of binary inputs: clipped or smooth (Bi-Real Net)")
      .show_default();
  verb.option("--precision", o.precision,
              "of convolutions: fp32, or bf16, which is faster where the CPU has AVX512_BF16")
      .show_default();
  verb.option("--label-smoothing", o.label_smoothing,
              "share of each label that is spread over all classes evenly (0.1)")
      .show_default();
  verb.option("--shift", o.shift, "augment: move by up to this many pixels").show_default();
  verb.flag("--flip", o.flip, "augment: mirror left to right half of the time");
  verb.option("--rotate", o.rotate, "augment: turn by up to this many degrees").show_default();
  verb.option("--zoom", o.zoom, "augment: scale by up to this share").show_default();
  verb.option("--crop", o.crop, "augment: a part of the image, of at least this share of its area; 0 is off")
      .show_default();
  verb.option("--jitter", o.jitter, "augment: brightness, contrast and saturation by up to this share")
      .show_default();
  verb.option("--cutout", o.cutout, "augment: grey out a square of this many pixels a side").show_default();
  verb.option(
          "--versions", o.versions,
          "augment in that many ways, drawn once, so that teachers answer each once; 0 draws for every epoch")
      .show_default();
  verb.option("--mixup", o.mixup, "mix pairs of images by shares from Beta(MIXUP, MIXUP); 0 is off")
      .show_default();
}

void RunFolder::add_to(Flags& verb) {
  verb.option("--run", path, "a folder to keep settings (run.json) and curve (metrics.jsonl) in");
}

void RunFolder::follow(train::Options& options, const report::Json& about, const Log& log) const {
  options.before_training = [folder = path, about](const std::vector<train::Epoch>& epochs) {
    if (folder.empty()) return;
    report::write_run_settings(folder, about);
    report::write_metrics(folder, epochs);
  };
  const bool terminal = ::isatty(::fileno(stderr)) == 1;
  options.after_epoch = [folder = path, terminal, log](const std::vector<train::Epoch>& epochs) {
    if (!folder.empty()) report::write_metrics(folder, epochs);
    if (const std::string curves = report::curves_text(epochs); terminal && !curves.empty()) log.line(curves);
  };
}

void DataFlags::add_to(Flags& verb) {
  verb.option("--data", data, "a known data set (see `netsuke data`) or a folder");
  verb.option("--validation", validation,
              "images held out of the training split, on which the best epoch is chosen; default a tenth, at "
              "most 5,000")
      .not_negative();
}

Split DataFlags::open(const Wanted& wanted) const {
  if (data.empty())
    fail(ErrorCode::usage, "--data: is missing; give a known data set (see `netsuke data`) or a folder");
  constexpr uint64_t kSplitSeed = 1;
  const DatasetPtr whole = open_dataset(data, Part::train, wanted);
  const int64_t held_out = validation >= 0 ? validation : std::min<int64_t>(5000, whole->size() / 10);
  if (held_out >= whole->size())
    fail(ErrorCode::usage, "--validation: ", held_out, " images, but ", whole->name(), " has ",
         whole->size());
  return split(whole, held_out, kSplitSeed);
}

}  // namespace netsuke::cli
