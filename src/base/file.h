// Whole files in and out. What is written is never half written.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace netsuke {

/// The bytes of a regular file; throws Error(input) naming the path if it is missing, unreadable, not a
/// regular file or larger than `limit` bytes.
Bytes read_file(const std::string& path, uint64_t limit = uint64_t{1} << 34);

/// The first `count` bytes of a file, or all if it has fewer: enough to tell what it is.
Bytes file_start(const std::string& path, size_t count);

/// Writes beside the target under a temporary name, flushes, then renames, so that `path` is either as it was
/// or complete. A link's file is written, not the link; devices and pipes are written to. Throws
/// Error(output) and leaves nothing behind when it cannot.
void write_file(const std::string& path, ByteView bytes);
void write_file(const std::string& path, std::string_view text);

/// Throws Error(usage) if `path` exists and `force` is not given, Error(output) if it is a folder or cannot
/// be written: called before long work whose result goes there. Devices and pipes may always be written to.
void check_writable(const std::string& path, bool force);

/// The file's name without its folders and its last extension: "out/lenet5.nsk" gives "lenet5".
std::string stem(const std::string& path);

/// Where the running program lies: recipes and the training module are looked for beside it.
std::string executable_folder();

}  // namespace netsuke
