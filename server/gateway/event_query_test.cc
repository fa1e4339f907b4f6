
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/status_matchers.h"
#include "server/gateway/event_source.h"

namespace spool::gateway {
namespace {

using ::testing::ElementsAre;

absl::StatusOr<EventQuery> Parse(const std::string& query, Headers headers = {}) {
  Request request;
  request.method = "GET";
  request.target = *ParseTarget("/v1/events?" + query);
  request.headers = std::move(headers);
  return ParseEventQuery(request);
}

TEST(EventQuery, AFilter) {
  const auto query =
      Parse("job_id=a&job_id=b&video_id=v&type=queued,EVENT_TYPE_FAILED&state=Running&label=env=prod&label=k=a%3Db");
  ASSERT_OK(query);
  const v1::EventFilter& filter = query->request.filter();
  EXPECT_THAT(filter.job_ids(), ElementsAre("a", "b"));
  EXPECT_THAT(filter.video_ids(), ElementsAre("v"));
  EXPECT_THAT(filter.types(), ElementsAre(v1::EVENT_TYPE_QUEUED, v1::EVENT_TYPE_FAILED));
  EXPECT_THAT(filter.states(), ElementsAre(v1::JOB_STATE_RUNNING));
  EXPECT_EQ(filter.labels().at("env"), "prod");
  EXPECT_EQ(filter.labels().at("k"), "a=b");
}

TEST(EventQuery, TheHeaderWinsOverAllOtherStarts) {
  EXPECT_EQ(Parse("resume_token=a&last_event_id=b&start=earliest", {{"last-event-id", "c"}})->request.resume_token(),
            "c");
  EXPECT_EQ(Parse("last_event_id=b&resume_token=a&after_sequence=3")->request.resume_token(), "b");
  EXPECT_EQ(Parse("resume_token=a&start=snapshot")->request.resume_token(), "a");
  EXPECT_EQ(Parse("resume_token=&start=snapshot")->request.start_at(), v1::START_AT_SNAPSHOT);
  EXPECT_EQ(Parse("after_sequence=7")->request.after_sequence(), 7);
}

TEST(EventQuery, Switches) {
  const auto query = Parse("progress=1&until_terminal=true&named=1&heartbeat=5&max_batch=10&on_compacted=fail");
  ASSERT_OK(query);
  EXPECT_TRUE(query->named);
  EXPECT_TRUE(query->request.include_progress());
  EXPECT_TRUE(query->request.until_terminal());
  EXPECT_EQ(query->request.heartbeat_interval().seconds(), 5);
  EXPECT_EQ(query->request.max_batch_events(), 10);
  EXPECT_EQ(query->request.on_compacted(), v1::ON_COMPACTED_FAIL);
  EXPECT_EQ(Parse("")->request.on_compacted(), v1::ON_COMPACTED_SNAPSHOT);
}

TEST(EventQuery, TheParameterThatIsWrongIsNamed) {
  for (const char* query : {"type=nonsense", "type=unspecified", "state=", "label=novalue", "label==v", "start=now",
                            "heartbeat=61", "heartbeat=-1", "max_batch=0", "max_batch=5000", "progress=maybe",
                            "after_sequence=x", "on_compacted=never", "bogus=1"}) {
    const auto refused = Parse(query);
    ASSERT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument)) << query;
    EXPECT_EQ(ErrorInfoOf(refused.status()).reason(), "QUERY_INVALID") << query;
    const std::string name = std::string(query).substr(0, std::string(query).find('='));
    EXPECT_EQ(BadRequestOf(refused.status()).field_violations(0).field(), name);
  }
}

}  // namespace
}  // namespace spool::gateway
