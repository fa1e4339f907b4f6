#include "server/av/log_tail.h"

#include <array>
#include <cstdarg>
#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/synchronization/mutex.h"
#include "server/av/libav.h"

namespace spool::av {
namespace {

// libav's callback is a bare function, so what it fills has to be reachable from one.
struct Capture {
  absl::Mutex mutex;
  std::deque<std::string> lines ABSL_GUARDED_BY(mutex);
  absl::AnyInvocable<void(const std::string&)> sink ABSL_GUARDED_BY(mutex);
};

Capture& TheCapture() {
  static Capture* const capture = new Capture;
  return *capture;
}

void OnLog(void* context, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  std::array<char, 512> text;
  int print_prefix = 1;
  av_log_format_line2(context, level, format, arguments, text.data(), text.size(), &print_prefix);
  std::string line(absl::StripAsciiWhitespace(text.data()));
  // "[h264 @ 0x55d0c0ffee00] text": the address says nothing to a reader and makes every line new.
  if (const size_t at = line.find(" @ 0x"); at != std::string::npos) {
    if (const size_t end = line.find(']', at); end != std::string::npos) line.erase(at, end - at);
  }
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  }
  if (line.empty()) return;

  Capture& capture = TheCapture();
  absl::MutexLock lock(&capture.mutex);
  if (!capture.lines.empty() && capture.lines.back() == line) return;
  capture.lines.push_back(line);
  if (capture.lines.size() > kLogTailLines) capture.lines.pop_front();
  if (capture.sink) capture.sink(line);
}

}  // namespace

void CaptureLog(absl::AnyInvocable<void(const std::string&)> sink) {
  Capture& capture = TheCapture();
  absl::MutexLock lock(&capture.mutex);
  capture.sink = std::move(sink);
  av_log_set_callback(&OnLog);
}

std::vector<std::string> LogTail() {
  Capture& capture = TheCapture();
  absl::MutexLock lock(&capture.mutex);
  return {capture.lines.begin(), capture.lines.end()};
}

}  // namespace spool::av
