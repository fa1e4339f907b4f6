#include "server/feed/filter.h"

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::feed {
namespace {

v1::EventFilter Parse(const std::string& text) {
  v1::EventFilter filter;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &filter));
  return filter;
}

// Two events: job a of video v, started, labelled; job b, completed.
std::shared_ptr<const Chunk> TwoEvents() {
  std::vector<store::CommittedEvent> events(2);
  events[0].event.set_sequence(5);
  events[0].event.set_job_id("a");
  events[0].event.set_video_id("v");
  events[0].event.set_type(v1::EVENT_TYPE_STARTED);
  events[0].event.set_state(v1::JOB_STATE_RUNNING);
  (*events[0].event.mutable_labels())["team"] = "x";
  events[1].event.set_sequence(6);
  events[1].event.set_job_id("b");
  events[1].event.set_type(v1::EVENT_TYPE_COMPLETED);
  events[1].event.set_state(v1::JOB_STATE_COMPLETED);
  for (auto& event : events) event.bytes = event.event.SerializeAsString();
  return Chunk::Of(events);
}

struct Case {
  const char* filter;
  bool first, second;
};
class FilterMatches : public ::testing::TestWithParam<Case> {};

TEST_P(FilterMatches, AsSaid) {
  const v1::EventFilter text = Parse(GetParam().filter);
  ASSERT_OK(CheckFilter(text));
  const Filter filter(text);
  const auto chunk = TwoEvents();
  EXPECT_EQ(filter.Matches(*chunk, 0), GetParam().first);
  EXPECT_EQ(filter.Matches(*chunk, 1), GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(All, FilterMatches,
                         ::testing::Values(Case{"", true, true}, Case{R"(job_ids: "a")", true, false},
                                           Case{R"(job_ids: ["b", "c"])", false, true},
                                           Case{R"(video_ids: "v")", true, false},
                                           Case{R"(types: [EVENT_TYPE_COMPLETED, EVENT_TYPE_FAILED])", false, true},
                                           Case{R"(states: JOB_STATE_RUNNING)", true, false},
                                           Case{R"(labels { key: "team" value: "x" })", true, false},
                                           Case{R"(labels { key: "team" value: "y" })", false, false},
                                           Case{R"(job_ids: "a" types: EVENT_TYPE_COMPLETED)", false, false},
                                           Case{R"(job_ids: ["a", "b"] states: JOB_STATE_COMPLETED)", false, true}));

TEST(Filter, ChunkEntriesAreAResponse) {
  const auto chunk = TwoEvents();
  EXPECT_EQ(chunk->first(), 5);
  EXPECT_EQ(chunk->last(), 6);
  v1::WatchEventsResponse response;
  ASSERT_TRUE(response.ParseFromString(chunk->bytes()));
  ASSERT_EQ(response.events_size(), 2);
  EXPECT_EQ(response.events(1).job_id(), "b");
  ASSERT_TRUE(response.ParseFromString(chunk->bytes().substr(chunk->begin(1), chunk->end(1) - chunk->begin(1))));
  ASSERT_EQ(response.events_size(), 1);
  EXPECT_EQ(chunk->Parse(1).sequence(), 6);
}

TEST(Filter, StoredGarbageIsDataLossWhereItIsLookedAt) {
  const std::vector<store::StoredEvent> events = {{7, "\xff\xff"}};
  EXPECT_THAT(Chunk::Of(events, Chunk::Digest::kYes), StatusIs(absl::StatusCode::kDataLoss, "7"));
}

TEST(Filter, BadOnesAreRefused) {
  EXPECT_THAT(CheckFilter(Parse(R"(job_ids: "")")), StatusIs(absl::StatusCode::kInvalidArgument, "job_ids"));
  EXPECT_THAT(CheckFilter(Parse("types: 77")), StatusIs(absl::StatusCode::kInvalidArgument, "types"));
  EXPECT_THAT(CheckFilter(Parse("states: 0")), StatusIs(absl::StatusCode::kInvalidArgument, "states"));
  v1::EventFilter many;
  for (int i = 0; i < 1001; ++i) many.add_video_ids("v");
  EXPECT_THAT(CheckFilter(many), StatusIs(absl::StatusCode::kInvalidArgument, "video_ids"));
}

}  // namespace
}  // namespace spool::feed
