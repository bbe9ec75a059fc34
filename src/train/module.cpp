// Finding and opening the training module.
#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "train/train.h"

namespace netsuke::train {
namespace {

constexpr const char* kFile = "netsuke_train.so";
constexpr const char* kSymbol = "netsuke_train_module";

/// $NETSUKE_TRAIN_MODULE alone if it is set; otherwise beside the program, then in the library folder next to
/// its own.
std::vector<std::string> candidates() {
  if (const char* path = std::getenv("NETSUKE_TRAIN_MODULE")) return {path};
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  return {(folder / kFile).string(), (folder.parent_path() / "lib" / "netsuke" / kFile).string()};
}

/// OpenBLAS, which multiplies torch's matrices, knows processors by their model numbers, and gives one that
/// is newer than itself the kernels of 2004. What instructions there are says more. Read when it is loaded.
void choose_blas_kernels() {
#if defined(__x86_64__)
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (avx512)
    setenv("OPENBLAS_CORETYPE", "SKYLAKEX", 0);
  else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    setenv("OPENBLAS_CORETYPE", "HASWELL", 0);
#endif
}

const Module* open(const std::string& path) {
  choose_blas_kernels();
  // Two pools of spinning threads, torch's and ours, starve each other; this is read when libgomp is loaded.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) fail(ErrorCode::unsupported, path, ": the training module does not load: ", dlerror());
  void* symbol = dlsym(library, kSymbol);
  if (!symbol) fail(ErrorCode::unsupported, path, ": is not a training module, it has no ", kSymbol);
  return reinterpret_cast<const Module* (*)()>(symbol)();
}

const Module* find() {
  const std::vector<std::string> paths = candidates();
  for (const std::string& path : paths)
    if (std::filesystem::exists(path)) return open(path);
  fail(ErrorCode::unsupported, "this netsuke cannot train, the training module is not at ",
       join(paths, " or "), ": install libtorch-dev and build with NETSUKE_TRAIN=ON");
}

}  // namespace

const Module& module() {
  static const Module* const opened = find();
  return *opened;
}

}  // namespace netsuke::train
