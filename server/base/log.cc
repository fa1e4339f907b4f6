#include "server/base/log.h"

#include <unistd.h>

#include <atomic>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace spool {
namespace {

std::atomic<LogFormat> g_format{LogFormat::kText};

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

// As it is, if a reader can tell it from the next field.
std::string TextValue(absl::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7f)
      return QuotedForLog(text);
  }
  return text.empty() ? "\"\"" : std::string(text);
}

}  // namespace

std::string QuotedForLog(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

void SetLogFormat(LogFormat format) { g_format = format; }

std::string FormatLogEntry(LogFormat format, absl::string_view time, LogLevel level, absl::string_view message,
                           std::initializer_list<LogField> fields) {
  std::string line;
  if (format == LogFormat::kJson) {
    line = absl::StrCat("{\"time\":", QuotedForLog(time), ",\"level\":\"", LevelName(level),
                        "\",\"message\":", QuotedForLog(message));
    for (const LogField& field : fields)
      absl::StrAppend(&line, ",", QuotedForLog(field.key), ":", QuotedForLog(field.value));
    line += "}\n";
  } else {
    line = absl::StrCat("time=", time, " level=", LevelName(level), " msg=", TextValue(message));
    for (const LogField& field : fields) absl::StrAppend(&line, " ", field.key, "=", TextValue(field.value));
    line += '\n';
  }
  return line;
}

void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string line = FormatLogEntry(g_format, time, level, message, fields);
  // A log that cannot be written must not stop the server.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace spool
