#include "server/service/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "server/base/errors.h"
#include "server/base/log.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"

namespace spool::service {
namespace {

constexpr size_t kIdsOfALine = 100;

absl::StatusOr<UniqueFd> OpenForAppending(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return PosixError(errno, absl::StrCat("open the audit log ", path));
  return fd;
}

// gRPC's spelling: "OK", "PERMISSION_DENIED".
std::string CodeName(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

}  // namespace

std::string FormatAuditLine(absl::string_view time, const auth::Caller& caller, absl::string_view method,
                            absl::Span<const std::string> ids, const absl::Status& status) {
  const auto quote = [](std::string* out, const std::string& id) { absl::StrAppend(out, QuotedForLog(id)); };
  return absl::StrCat("{\"time\":", QuotedForLog(time), ",\"who\":", QuotedForLog(caller.name()),
                      ",\"from\":", QuotedForLog(caller.peer()), ",\"method\":", QuotedForLog(method), ",\"ids\":[",
                      absl::StrJoin(ids, ",", quote), "],\"code\":", QuotedForLog(CodeName(status)),
                      ",\"reason\":", QuotedForLog(ErrorInfoOf(status).reason()), "}\n");
}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::ToFile(const std::string& path) {
  std::unique_ptr<AuditLog> log(new AuditLog(Where::kFile, path));
  if (const absl::Status opened = log->Reopen(); !opened.ok()) {
    return absl::FailedPreconditionError(opened.message());
  }
  return log;
}

std::unique_ptr<AuditLog> AuditLog::ToLog() { return std::unique_ptr<AuditLog>(new AuditLog(Where::kLog, "")); }

std::unique_ptr<AuditLog> AuditLog::Off() { return std::unique_ptr<AuditLog>(new AuditLog(Where::kNowhere, "")); }

absl::Status AuditLog::Reopen() {
  if (where_ != Where::kFile) return absl::OkStatus();
  SPOOL_ASSIGN_OR_RETURN(UniqueFd file, OpenForAppending(path_));
  MutexLock lock(&mu_);
  file_ = std::move(file);
  return absl::OkStatus();
}

Done AuditLog::Follow(const auth::Caller& caller, const google::protobuf::MethodDescriptor& method, AuditedIds ids,
                      Done done) {
  if (where_ == Where::kNowhere) return done;
  return [this, caller, &method, ids = std::move(ids), done = std::move(done)](absl::Status status) mutable {
    Record(caller, method, ids(), status);
    done(std::move(status));
  };
}

void AuditLog::Record(const auth::Caller& caller, const google::protobuf::MethodDescriptor& method,
                      const std::vector<std::string>& ids, const absl::Status& status) {
  if (where_ == Where::kNowhere) return;
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  size_t begin = 0;
  do {
    const absl::Span<const std::string> some = absl::MakeConstSpan(ids).subspan(begin, kIdsOfALine);
    if (where_ == Where::kLog) {
      LogInfo("audit", {{"who", caller.name()},
                        {"from", caller.peer()},
                        {"method", method.name()},
                        {"ids", absl::StrJoin(some, ",")},
                        {"code", CodeName(status)},
                        {"reason", ErrorInfoOf(status).reason()}});
    } else {
      Append(FormatAuditLine(time, caller, method.name(), some, status));
    }
    begin += kIdsOfALine;
  } while (begin < ids.size());
}

void AuditLog::Append(const std::string& line) {
  MutexLock lock(&mu_);
  ssize_t written;
  do {
    written = write(file_.get(), line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  const bool failed = written != static_cast<ssize_t>(line.size());
  if (failed && !failing_) {
    LogError("lines of the audit log are lost", {{"file", path_}, {"error", PosixError(errno, "write").message()}});
  }
  failing_ = failed;
}

}  // namespace spool::service
