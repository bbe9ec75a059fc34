#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace netsuke {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Removes the temporary file unless the rename has taken it away.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

void write_all(int fd, ByteView bytes, const std::string& path) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ErrorCode::output, path, ": cannot be written: ", std::strerror(errno));
    done += static_cast<size_t>(count);
  }
}

}  // namespace

Bytes file_start(const std::string& path, size_t count) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  require(file.get() >= 0, path, ": cannot be opened (", std::strerror(errno), ")");
  Bytes bytes(count);
  const ssize_t got = ::read(file.get(), bytes.data(), count);
  require(got >= 0, path, ": cannot be read (", std::strerror(errno), ")");
  bytes.resize(static_cast<size_t>(got));
  return bytes;
}

Bytes read_file(const std::string& path, uint64_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  require(file.get() >= 0, path, ": cannot be read: ", std::strerror(errno));
  struct stat info {};
  require(::fstat(file.get(), &info) == 0, path, ": cannot be read: ", std::strerror(errno));
  require(S_ISREG(info.st_mode), path, ": is not a regular file");
  const auto size = static_cast<uint64_t>(info.st_size);
  require(size <= limit, path, ": has ", size, " bytes, at most ", limit, " are accepted");
  Bytes bytes(size);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    require(count >= 0, path, ": cannot be read: ", std::strerror(errno));
    require(count > 0, path, ": ended after ", done, " of ", size, " bytes while being read");
    done += static_cast<size_t>(count);
  }
  return bytes;
}

namespace {

/// The file that a link stands for.
std::string behind_links(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_symlink(path, ignored)) return path;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? path : target.string();
}

/// A device or a pipe, as /dev/stdout: there is nothing to replace, and it must not become a file.
bool takes_streams(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

}  // namespace

void write_file(const std::string& given, ByteView bytes) {
  const std::string path = behind_links(given);
  if (takes_streams(path)) {
    const Descriptor stream(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (stream.get() < 0) fail(ErrorCode::output, path, ": cannot be written: ", std::strerror(errno));
    return write_all(stream.get(), bytes, path);
  }
  std::string name = path + ".XXXXXX";
  const Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0) fail(ErrorCode::output, path, ": cannot be written: ", std::strerror(errno));
  Temporary temporary(name);
  write_all(file.get(), bytes, path);
  // mkstemp creates files only their owner can read; a result gets the mode any other program would give it.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(file.get(), 0666 & ~mask) != 0 || ::fsync(file.get()) != 0 ||
      ::rename(name.c_str(), path.c_str()) != 0)
    fail(ErrorCode::output, path, ": cannot be written: ", std::strerror(errno));
  temporary.keep();
}

void write_file(const std::string& path, std::string_view text) {
  write_file(path, ByteView(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

void check_writable(const std::string& given, bool force) {
  const std::string path = behind_links(given);
  if (takes_streams(path)) return;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    fail(ErrorCode::output, path, ": is a folder, expected a file to write");
  if (std::filesystem::exists(path, ignored) && !force)
    fail(ErrorCode::usage, path, ": exists already; give --force to overwrite it");
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  if (::access(folder.c_str(), W_OK) != 0)
    fail(ErrorCode::output, path, ": its folder ", folder, " cannot be written: ", std::strerror(errno));
}

std::string executable_folder() {
  std::error_code unreadable;  // then the result is empty, and nothing is found there
  return std::filesystem::read_symlink("/proc/self/exe", unreadable).parent_path().string();
}

std::string stem(const std::string& path) { return std::filesystem::path(path).stem().string(); }

}  // namespace netsuke
