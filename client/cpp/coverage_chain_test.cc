#include "client/cpp/coverage_chain.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::client {
namespace {

template <typename Message>
Message Parse(const char* text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::WatchEventsResponse Response(const char* text) { return Parse<v1::WatchEventsResponse>(text); }
v1::WatchEventsRequest Request(const char* text) { return Parse<v1::WatchEventsRequest>(text); }

TEST(CoverageChain, AsksForTheRequestedStartUntilSomethingIsCovered) {
  CoverageChain chain(Request("start_at: START_AT_EARLIEST"));
  EXPECT_EQ(chain.BeginStream().start_at(), v1::START_AT_EARLIEST);
  EXPECT_EQ(chain.BeginStream().start_at(), v1::START_AT_EARLIEST);
  ASSERT_OK(chain.Accept(Response("coverage { after: 4 through: 9 resume_token: 'nine' }")));
  const v1::WatchEventsRequest resumed = chain.BeginStream();
  EXPECT_EQ(resumed.resume_token(), "nine");
  EXPECT_FALSE(resumed.has_start_at());
}

TEST(CoverageChain, KeepsTheRestOfTheRequest) {
  CoverageChain chain(Request("filter { job_ids: 'a' } include_progress: true"));
  chain.BeginStream();
  ASSERT_OK(chain.Accept(Response("coverage { after: 0 through: 1 resume_token: 'one' }")));
  const v1::WatchEventsRequest resumed = chain.BeginStream();
  EXPECT_EQ(resumed.filter().job_ids(0), "a");
  EXPECT_TRUE(resumed.include_progress());
}

TEST(CoverageChain, RefusesAGap) {
  CoverageChain chain(Request(""));
  chain.BeginStream();
  ASSERT_OK(chain.Accept(Response("coverage { after: 4 through: 9 resume_token: 'nine' }")));
  EXPECT_THAT(chain.Accept(Response("coverage { after: 10 through: 12 resume_token: 'x' }")),
              StatusIs(absl::StatusCode::kDataLoss, "gap in the event feed: events are known up to 9"));
  EXPECT_EQ(chain.resume_token(), "nine");
}

TEST(CoverageChain, RefusesAnOverlap) {
  CoverageChain chain(Request(""));
  chain.BeginStream();
  ASSERT_OK(chain.Accept(Response("coverage { after: 4 through: 9 resume_token: 'nine' }")));
  EXPECT_THAT(chain.Accept(Response("coverage { after: 8 through: 12 resume_token: 'x' }")),
              StatusIs(absl::StatusCode::kDataLoss, "overlap in the event feed"));
}

TEST(CoverageChain, RefusesAGapBetweenTwoStreams) {
  CoverageChain chain(Request(""));
  chain.BeginStream();
  ASSERT_OK(chain.Accept(Response("coverage { after: 4 through: 9 resume_token: 'nine' }")));
  chain.BeginStream();
  EXPECT_THAT(chain.Accept(Response("coverage { after: 11 through: 12 resume_token: 'x' }")),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(CoverageChain, RefusesAFirstResponseThatDoesNotFollowTheAskedSequence) {
  CoverageChain chain(Request("after_sequence: 7"));
  chain.BeginStream();
  EXPECT_THAT(chain.Accept(Response("coverage { after: 8 through: 8 resume_token: 'x' }")),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(CoverageChain, RefusesEventsOutsideOfTheirCoverage) {
  for (const char* bad : {
           "events { sequence: 4 } coverage { after: 4 through: 9 resume_token: 'x' }",
           "events { sequence: 10 } coverage { after: 4 through: 9 resume_token: 'x' }",
           "events { sequence: 6 } events { sequence: 6 } coverage { after: 4 through: 9 resume_token: 'x' }",
           "events { sequence: 7 } events { sequence: 6 } coverage { after: 4 through: 9 resume_token: 'x' }",
           "events { sequence: 5 }",
           "coverage { after: 4 through: 3 resume_token: 'x' }",
       }) {
    CoverageChain chain(Request(""));
    chain.BeginStream();
    EXPECT_THAT(chain.Accept(Response(bad)), StatusIs(absl::StatusCode::kDataLoss)) << bad;
    EXPECT_EQ(chain.resume_token(), "");
  }
}

TEST(CoverageChain, TakesHolesThatTheFilterMakes) {
  CoverageChain chain(Request(""));
  chain.BeginStream();
  EXPECT_OK(chain.Accept(
      Response("events { sequence: 5 } events { sequence: 8 } coverage { after: 4 through: 9 resume_token: 'x' }")));
}

TEST(CoverageChain, AsksForACutSnapshotAgain) {
  CoverageChain chain(Request("start_at: START_AT_SNAPSHOT"));
  chain.BeginStream();
  ASSERT_OK(chain.Accept(Response("opened {} coverage { after: 9 through: 9 resume_token: 'nine' }")));
  ASSERT_OK(chain.Accept(Response("snapshot_jobs { id: 'a' }")));
  EXPECT_EQ(chain.resume_token(), "");
  EXPECT_EQ(chain.BeginStream().start_at(), v1::START_AT_SNAPSHOT);
  // The second snapshot is of a later commit.
  ASSERT_OK(chain.Accept(Response("opened {} coverage { after: 12 through: 12 resume_token: 'twelve' }")));
  ASSERT_OK(chain.Accept(Response("snapshot_complete { through: 12 jobs: 0 }")));
  EXPECT_EQ(chain.BeginStream().resume_token(), "twelve");
}

TEST(CoverageChain, GoesBackBeforeAResetWhoseSnapshotWasCut) {
  CoverageChain chain(Request("on_compacted: ON_COMPACTED_SNAPSHOT"));
  chain.BeginStream();
  ASSERT_OK(chain.Accept(Response("coverage { after: 4 through: 9 resume_token: 'nine' }")));
  ASSERT_OK(
      chain.Accept(Response("reset { first_lost: 10 last_lost: 20 } "
                            "coverage { after: 9 through: 20 resume_token: 'twenty' }")));
  EXPECT_EQ(chain.BeginStream().resume_token(), "nine");
}

}  // namespace
}  // namespace spool::client
