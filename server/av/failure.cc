#include "server/av/failure.h"

#include <array>

#include "absl/strings/cord.h"

namespace spool::av {
namespace {

// The class rides along as a payload: several classes share a code.
constexpr char kPayloadUrl[] = "spool/reason";

struct Row {
  Reason reason;
  absl::string_view name;
  absl::StatusCode code;
  bool retryable;
};

constexpr std::array kRows = {
    Row{Reason::kInvalidSpec, "INVALID_SPEC", absl::StatusCode::kInvalidArgument, false},
    Row{Reason::kInvalidMedia, "INVALID_MEDIA", absl::StatusCode::kInvalidArgument, false},
    Row{Reason::kUnsupportedMedia, "UNSUPPORTED_MEDIA", absl::StatusCode::kUnimplemented, false},
    Row{Reason::kLimitExceeded, "LIMIT_EXCEEDED", absl::StatusCode::kResourceExhausted, false},
    Row{Reason::kOutOfSpace, "OUT_OF_SPACE", absl::StatusCode::kResourceExhausted, true},
    Row{Reason::kOutOfMemory, "OUT_OF_MEMORY", absl::StatusCode::kResourceExhausted, true},
    Row{Reason::kIoError, "IO_ERROR", absl::StatusCode::kUnavailable, true},
    Row{Reason::kInternal, "INTERNAL", absl::StatusCode::kInternal, true},
};

const Row& RowOf(Reason reason) {
  for (const Row& row : kRows) {
    if (row.reason == reason) return row;
  }
  return kRows.back();
}

}  // namespace

absl::Status Failure(Reason reason, absl::string_view message) {
  const Row& row = RowOf(reason);
  absl::Status status(row.code, message);
  status.SetPayload(kPayloadUrl, absl::Cord(row.name));
  return status;
}

Reason ReasonOf(const absl::Status& status) {
  const auto name = status.GetPayload(kPayloadUrl);
  if (name.has_value()) {
    for (const Row& row : kRows) {
      if (*name == row.name) return row.reason;
    }
  }
  return Reason::kInternal;
}

absl::string_view ReasonName(Reason reason) { return RowOf(reason).name; }

bool IsRetryable(Reason reason) { return RowOf(reason).retryable; }

}  // namespace spool::av
