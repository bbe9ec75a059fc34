// netsuke: makes convolutional networks small, and runs them as they are.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <span>

#include "base/catalog.h"
#include "base/error.h"
#include "cli/common.h"

namespace netsuke::cli {
namespace {

struct Verb {
  const char* name;
  const char* summary;
  const char* example;
  void (*add)(Flags&);
};

constexpr Verb kVerbs[] = {
    {"zoo", "list the architectures, or write one as a model", "netsuke zoo lenet_5 -o lenet5.nsk", add_zoo},
    {"inspect", "show where a model's parameters, work and bytes are", "netsuke inspect lenet5.nsk",
     add_inspect},
    {"train", "train an architecture, or go on training a model",
     "netsuke train lenet_5 --data fashion-mnist --epochs 7 --lr 0.02 -o lenet5.nsk", add_train},
    {"distill", "train a small network to answer as one or several large ones do",
     "netsuke distill --teacher large.nsk --student lenet_5 --data fashion-mnist --temperature 4 --lr 0.005 "
     "-o "
     "small.nsk",
     add_distill},
    {"compress", "make a trained model small, by a recipe",
     "netsuke compress lenet5.nsk --data fashion-mnist --recipe deep-compression -o small.nsk", add_compress},
    {"sensitivity", "measure what pruning and sharing cost, layer by layer",
     "netsuke sensitivity lenet5.nsk --data fashion-mnist -o readings.json --draw curves.svg",
     add_sensitivity},
    {"eval", "measure a model's accuracy on a data set", "netsuke eval small.nsk --data fashion-mnist",
     add_eval},
    {"run", "name what is in a picture", "netsuke run small.nsk --data fashion-mnist --index 7", add_run},
    {"bench", "measure how fast a model runs, layer by layer",
     "netsuke bench small.nsk --threads 1 --explain", add_bench},
    {"tune", "measure which kernels are the fastest here, for this and later runs", "netsuke tune small.nsk",
     add_tune},
    {"convert", "rewrite a model in another form", "netsuke convert small.nsk small.txt", add_convert},
    {"data", "list the known data sets and how to get them", "netsuke data", add_data},
};

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::input:
    case ErrorCode::unsupported:
      return 2;
    case ErrorCode::budget:
      return 3;
    case ErrorCode::output:
    case ErrorCode::interrupted:
    case ErrorCode::internal:
      return 1;
  }
  return 1;
}

/// The parser would only say that a verb is missing.
void check_verb(int argc, char** argv) {
  if (argc > 1 && argv[1][0] != '-') find_row(std::span<const Verb>(kVerbs), argv[1], "verb");
}

int run(int argc, char** argv) {
  CLI::App app("netsuke makes convolutional networks small, and runs them as they are.", "netsuke");
  app.set_version_flag("--version", std::string("netsuke ") + NETSUKE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "`netsuke VERB --help` tells more. Exit status: 0 done, 1 failed, 2 bad usage or input, 3 budget not "
      "met.");
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.summary);
    sub->footer(std::string("Example:\n  ") + verb.example);
    Flags flags(*sub);
    verb.add(flags);
  }
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    const std::vector<CLI::App*> verbs = failed->get_subcommands();
    const std::string verb = verbs.empty() ? "" : " " + verbs[0]->get_name();
    return cat("netsuke", verb, ": ", error.what(), "\n`netsuke", verb, " --help` tells more\n");
  });
  try {
    check_verb(argc, argv);
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const Error& e) {
    fmt::print(stderr, "netsuke: {}\n", e.what());
    return exit_code(e.code());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "netsuke: out of memory\n");
  } catch (const std::exception& e) {
    fmt::print(stderr, "netsuke: internal error: {}\n", e.what());
  }
  return 1;
}

}  // namespace
}  // namespace netsuke::cli

int main(int argc, char** argv) { return netsuke::cli::run(argc, argv); }
