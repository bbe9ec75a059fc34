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

void write_file(const std::string& path, ByteView bytes) {
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

void check_writable(const std::string& path, bool force) {
  std::error_code ignored;
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
