// Logs for operators: one line an entry, key=value or JSON, to stderr.
//
// ERROR: someone must act. WARNING: something is lost or degraded, the server goes on. INFO: starts, stops, settings,
// and what an operator asked for. Nothing is logged for each job or event: that is what the feed is for.

#ifndef SPOOL_SERVER_BASE_LOG_H_
#define SPOOL_SERVER_BASE_LOG_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace spool {

enum class LogLevel { kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

// One more fact of an entry.
struct LogField {
  LogField(absl::string_view key, absl::string_view value) : key(key), value(value) {}
  LogField(absl::string_view key, const char* value) : key(key), value(value) {}
  LogField(absl::string_view key, int64_t value) : key(key), value(absl::StrCat(value)) {}
  LogField(absl::string_view key, int value) : key(key), value(absl::StrCat(value)) {}
  std::string key;
  std::string value;
};

// Format of all later entries; text until set. Call before threads start.
void SetLogFormat(LogFormat format);

// Writes one entry with one write(2). Thread-safe.
void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields = {});

inline void LogInfo(absl::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, message, fields);
}
inline void LogWarning(absl::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, message, fields);
}
inline void LogError(absl::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, message, fields);
}

// The text as a JSON string, its quotes included. What could end a line or move a terminal's cursor is escaped.
std::string QuotedForLog(absl::string_view text);

// The line that Log would write, with its newline.
std::string FormatLogEntry(LogFormat format, absl::string_view time, LogLevel level, absl::string_view message,
                           std::initializer_list<LogField> fields);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_LOG_H_
