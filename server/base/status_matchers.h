// GoogleTest matchers for absl::Status and absl::StatusOr; Abseil 20220623 has none of its own.

#ifndef SPOOL_SERVER_BASE_STATUS_MATCHERS_H_
#define SPOOL_SERVER_BASE_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spool {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Matches a Status or StatusOr of this code.
MATCHER_P(StatusIs, code, std::string("has code ") + absl::StatusCodeToString(code)) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

// Matches a Status or StatusOr of this code whose message holds `text`.
MATCHER_P2(StatusIs, code, text, std::string("has code ") + absl::StatusCodeToString(code) + " and mentions " + text) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code && StatusOf(arg).message().find(text) != absl::string_view::npos;
}

// Matches OK.
MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

}  // namespace spool

#define ASSERT_OK(expr) ASSERT_THAT((expr), ::spool::IsOk())
#define EXPECT_OK(expr) EXPECT_THAT((expr), ::spool::IsOk())

#endif  // SPOOL_SERVER_BASE_STATUS_MATCHERS_H_
