#include "report/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "report/table.h"

namespace netsuke::report {
namespace {

constexpr int kBarWidth = 24;
constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kLogLine{10};

std::string bar(double share) {
  const auto full = static_cast<size_t>(share * kBarWidth);
  return std::string(full, '#') + std::string(kBarWidth - full, '.');
}

}  // namespace

ProgressLine::ProgressLine(std::FILE* stream) : stream_(stream), terminal_(::isatty(::fileno(stream)) == 1) {}

void ProgressLine::show(const Progress& progress) {
  const auto now = Clock::now();
  const bool fresh = progress.job != job_ || progress.done < first_done_;
  if (fresh) job_ = progress.job, start_ = last_ = now, first_done_ = progress.done;
  const bool finished = progress.done >= progress.total;
  if (!fresh && !finished && now - last_ < (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kLogLine)))
    return;
  if (fresh && !terminal_) {  // a log gains nothing from a line at 0 %
    if (finished) job_.clear();
    return;
  }
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double share =
      progress.total == 0 ? 1 : static_cast<double>(progress.done) / static_cast<double>(progress.total);
  const double rate = seconds > 0 ? static_cast<double>(progress.done - first_done_) / seconds : 0;
  const double left = rate > 0 ? static_cast<double>(progress.total - progress.done) / rate : 0;
  const std::string text = fmt::format("{} [{}] {:3.0f} %  {}  {} left  {}", job_, bar(share), share * 100,
                                       rate_text(rate, progress.unit), duration_text(left), progress.note);
  if (terminal_)
    fmt::print(stream_, "\r\033[K{}", text);
  else
    fmt::print(stream_, "{}\n", text);
  std::fflush(stream_);
  drawn_ = true;
  if (finished) clear(), job_.clear();
}

void ProgressLine::line(std::string_view text) {
  clear();
  fmt::print(stream_, "{}\n", text);
  std::fflush(stream_);
}

void ProgressLine::clear() {
  if (terminal_ && drawn_) fmt::print(stream_, "\r\033[K");
  drawn_ = false;
}

}  // namespace netsuke::report
