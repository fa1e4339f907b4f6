// The checker is checked: each broken promise is seen.

#include "tests/support/feed_validator.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::testing {
namespace {

constexpr char kOpened[] = R"(opened { head_sequence: 0 } coverage { after: 0 through: 0 head: 0 resume_token: "t0" })";
constexpr char kQueued[] = R"(
  events { sequence: 1 job_id: "a" job_revision: 1 type: EVENT_TYPE_QUEUED state: JOB_STATE_QUEUED
           queued { job_id: "a" reason: QUEUED_REASON_ENQUEUED } }
  coverage { after: 0 through: 1 head: 1 resume_token: "t1" })";
constexpr char kStarted[] = R"(
  events { sequence: 2 job_id: "a" job_revision: 2 type: EVENT_TYPE_STARTED state: JOB_STATE_RUNNING attempt: 1
           started { job_id: "a" } }
  coverage { after: 1 through: 2 head: 2 resume_token: "t2" })";

v1::WatchEventsResponse Response(const std::string& text) {
  v1::WatchEventsResponse response;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &response)) << text;
  return response;
}

v1::WatchEventsRequest FromTheFirst() {
  v1::WatchEventsRequest request;
  request.set_after_sequence(0);
  return request;
}

// The verdict on the last of these.
absl::Status Verdict(std::initializer_list<std::string> responses, v1::WatchEventsRequest request = FromTheFirst()) {
  FeedValidator validator(std::move(request));
  validator.BeginStream();
  absl::Status status;
  for (const std::string& text : responses) {
    EXPECT_OK(status) << "before " << text;
    status = validator.Accept(Response(text));
  }
  return status;
}

TEST(FeedValidator, AGoodFeedIsFolded) {
  FeedValidator validator(FromTheFirst());
  EXPECT_EQ(validator.BeginStream().after_sequence(), 0);
  for (const char* text : {kOpened, kQueued}) ASSERT_OK(validator.Accept(Response(text)));
  // The stream is lost; the next one goes on after what was covered.
  EXPECT_EQ(validator.BeginStream().resume_token(), "t1");
  ASSERT_OK(validator.Accept(Response(R"(opened {} coverage { after: 1 through: 1 head: 2 resume_token: "t1" })")));
  ASSERT_OK(validator.Accept(Response(kStarted)));
  EXPECT_EQ(validator.fold().jobs().at("a").state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(validator.events().size(), 2);
}

TEST(FeedValidator, ASnapshotThatWasCutShortIsBegunAnewAndLater) {
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_SNAPSHOT);
  FeedValidator validator(request);
  validator.BeginStream();
  ASSERT_OK(validator.Accept(Response(R"(opened {} coverage { after: 5 through: 5 head: 5 resume_token: "t5" })")));
  ASSERT_OK(validator.Accept(Response(R"(snapshot_jobs { id: "a" state: JOB_STATE_QUEUED revision: 1 sequence: 1 })")));
  EXPECT_EQ(validator.BeginStream().start_at(), v1::START_AT_SNAPSHOT);
  ASSERT_OK(validator.Accept(Response(R"(opened {} coverage { after: 7 through: 7 head: 7 resume_token: "t7" })")));
  ASSERT_OK(validator.Accept(Response(R"(snapshot_complete { through: 7 }
                                         coverage { after: 7 through: 7 head: 7 resume_token: "t7" })")));
  ASSERT_EQ(validator.snapshots().size(), 1);
  EXPECT_TRUE(validator.snapshots()[0].jobs.empty());
  EXPECT_EQ(validator.BeginStream().resume_token(), "t7");
  EXPECT_THAT(validator.Accept(Response(R"(opened {} coverage { after: 8 through: 8 head: 8 resume_token: "t8" })")),
              StatusIs(absl::StatusCode::kFailedPrecondition, "ended at 7"));
}

TEST(FeedValidator, SeesAGap) {
  EXPECT_THAT(Verdict({kOpened, kStarted}), StatusIs(absl::StatusCode::kFailedPrecondition, "ended at 0"));
}

TEST(FeedValidator, SeesARepeat) {
  EXPECT_THAT(Verdict({kOpened, kQueued, kQueued}), StatusIs(absl::StatusCode::kFailedPrecondition, "ended at 1"));
}

TEST(FeedValidator, SeesAMissingEvent) {
  EXPECT_THAT(Verdict({kOpened, R"(coverage { after: 0 through: 1 head: 1 resume_token: "t1" })"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "missing"));
}

TEST(FeedValidator, SeesAnEventOutsideOfItsCoverage) {
  std::string early = kQueued;
  early.replace(early.find("through: 1"), 10, "through: 0");
  EXPECT_THAT(Verdict({kOpened, early}), StatusIs(absl::StatusCode::kFailedPrecondition, "out of its coverage"));
}

TEST(FeedValidator, SeesAnEventThatWasNotAskedFor) {
  v1::WatchEventsRequest request = FromTheFirst();
  request.mutable_filter()->add_job_ids("b");
  EXPECT_THAT(Verdict({kOpened, kQueued}, request),
              StatusIs(absl::StatusCode::kFailedPrecondition, "was not asked for"));
}

TEST(FeedValidator, SeesAHoleInAJobsHistory) {
  std::string late = kStarted;
  late.replace(late.find("job_revision: 2"), 15, "job_revision: 3");
  EXPECT_THAT(Verdict({kOpened, kQueued, late}), StatusIs(absl::StatusCode::kFailedPrecondition, "revision"));
}

TEST(FeedValidator, SeesAnIllegalMove) {
  EXPECT_THAT(Verdict({kOpened, kQueued, R"(
                events { sequence: 2 job_id: "a" job_revision: 2 type: EVENT_TYPE_COMPLETED state: JOB_STATE_COMPLETED
                         completed { job_id: "a" } }
                coverage { after: 1 through: 2 head: 2 resume_token: "t2" })"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "cannot happen"));
}

TEST(FeedValidator, SeesAShortSnapshot) {
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_SNAPSHOT);
  EXPECT_THAT(Verdict({R"(opened {} coverage { after: 5 through: 5 head: 5 resume_token: "t5" })",
                       R"(snapshot_jobs { id: "a" state: JOB_STATE_QUEUED revision: 1 sequence: 1 })",
                       R"(snapshot_complete { through: 5 jobs: 2 }
                          coverage { after: 5 through: 5 head: 5 resume_token: "t5" })"},
                      request),
              StatusIs(absl::StatusCode::kFailedPrecondition, "number of jobs"));
}

TEST(FeedValidator, SeesAJobOfASnapshotThatIsTooNew) {
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_SNAPSHOT);
  EXPECT_THAT(Verdict({R"(opened {} coverage { after: 5 through: 5 head: 5 resume_token: "t5" })",
                       R"(snapshot_jobs { id: "a" state: JOB_STATE_QUEUED revision: 1 sequence: 6 })",
                       R"(snapshot_complete { through: 5 jobs: 1 }
                          coverage { after: 5 through: 5 head: 5 resume_token: "t5" })"},
                      request),
              StatusIs(absl::StatusCode::kFailedPrecondition, "after its commit"));
}

TEST(FeedValidator, SeesWhatFollowsTheEnd) {
  EXPECT_THAT(Verdict({kOpened, R"(draining {} coverage { after: 0 through: 0 head: 0 resume_token: "t0" })", kQueued}),
              StatusIs(absl::StatusCode::kFailedPrecondition, "Draining"));
}

}  // namespace
}  // namespace spool::testing
