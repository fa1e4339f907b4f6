#include "server/job/retry_policy.h"

#include "gtest/gtest.h"
#include "server/base/proto_time.h"
#include "server/job/failure.h"

namespace spool::job {
namespace {

v1::Job JobAtAttempt(int attempt) {
  v1::Job job;
  job.set_attempt(attempt);
  *job.mutable_retry_policy() = WithDefaults({});
  return job;
}

TEST(RetryPolicy, DefaultsAreThreeRetriesFromOneSecondToFiveMinutes) {
  const v1::RetryPolicy policy = WithDefaults({});
  EXPECT_EQ(policy.max_retries(), 3);
  EXPECT_EQ(FromProto(policy.initial_backoff()), absl::Seconds(1));
  EXPECT_EQ(FromProto(policy.max_backoff()), absl::Minutes(5));
}

TEST(RetryPolicy, ZeroRetriesIsKept) {
  v1::RetryPolicy policy;
  policy.set_max_retries(0);
  EXPECT_EQ(WithDefaults(policy).max_retries(), 0);
}

TEST(RetryPolicy, CeilingDoublesAndStopsAtTheCap) {
  const v1::RetryPolicy policy = WithDefaults({});
  EXPECT_EQ(BackoffCeiling(policy, 1), absl::Seconds(1));
  EXPECT_EQ(BackoffCeiling(policy, 2), absl::Seconds(2));
  EXPECT_EQ(BackoffCeiling(policy, 3), absl::Seconds(4));
  EXPECT_EQ(BackoffCeiling(policy, 9), absl::Seconds(256));
  EXPECT_EQ(BackoffCeiling(policy, 10), absl::Minutes(5));
  EXPECT_EQ(BackoffCeiling(policy, 2000000000), absl::Minutes(5));
}

TEST(RetryPolicy, ZeroBackoffStaysZero) {
  v1::RetryPolicy policy;
  *policy.mutable_initial_backoff() = ToProto(absl::ZeroDuration());
  EXPECT_EQ(BackoffCeiling(WithDefaults(policy), 2000000000), absl::ZeroDuration());
}

TEST(RetryPolicy, JitterPicksWithinTheCeiling) {
  const v1::JobError error = MakeError(kWorkerCrashed, "");
  EXPECT_EQ(RetryDelay(JobAtAttempt(2), error, 0.0), absl::ZeroDuration());
  EXPECT_EQ(RetryDelay(JobAtAttempt(2), error, 0.5), absl::Seconds(1));
}

TEST(RetryPolicy, ThreeRetriesMakeFourAttempts) {
  const v1::JobError error = MakeError(kStalled, "");
  for (int attempt = 1; attempt <= 3; ++attempt) EXPECT_TRUE(RetryDelay(JobAtAttempt(attempt), error, 0).has_value());
  EXPECT_FALSE(RetryDelay(JobAtAttempt(4), error, 0).has_value());
}

TEST(RetryPolicy, BadInputIsNeverTriedAgainEvenIfAWorkerClaimsSo) {
  for (const absl::string_view reason : {kInvalidSpec, kInvalidMedia, kUnsupportedMedia, kInputNotFound, kLimitExceeded,
                                         kQueueTimeout, kCrashLoop, kInputQuarantined}) {
    v1::JobError error = MakeError(reason, "");
    EXPECT_FALSE(error.retryable()) << reason;
    error.set_retryable(true);
    EXPECT_FALSE(RetryDelay(JobAtAttempt(1), error, 0).has_value()) << reason;
  }
}

TEST(RetryPolicy, WhatMayPassIsTriedAgain) {
  for (const absl::string_view reason : {kOutOfSpace, kOutOfMemory, kWorkerCrashed, kDeadlineExceeded, kStalled,
                                         kWorkerUnavailable, kIoError, kInternal}) {
    EXPECT_TRUE(RetryDelay(JobAtAttempt(1), MakeError(reason, ""), 0).has_value()) << reason;
  }
  EXPECT_FALSE(IsKnownReason("SOMETHING_ELSE"));
  EXPECT_FALSE(IsRetryable("SOMETHING_ELSE"));
}

}  // namespace
}  // namespace spool::job
