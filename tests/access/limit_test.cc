// What a token that is limited to some jobs can see and do, over all the ways to jobs and files.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "tests/access/access_test_base.h"
#include "tests/support/media.h"
#include "tests/support/watch.h"

namespace spool::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto kDenied = absl::StatusCode::kPermissionDenied;

class LimitTest : public AccessTest {
 protected:
  void SetUp() override {
    AddUsualTokens();
    AddToken("video", "\"scope\":\"write\",\"videoIds\":[\"mine\",\"ours\"]");
    AddToken("folder", "\"scope\":\"write\",\"labels\":{\"team\":\"red\"},\"folders\":[\"red\"]");
    WriteTokens();
    ASSERT_OK(Start());
    ASSERT_OK(As("admin").PauseQueue());
  }

  v1::EnqueueRequest RedJob(const std::string& input) {
    v1::EnqueueRequest request;
    request.set_input(input);
    request.mutable_resize()->set_width(16);
    (*request.mutable_labels())["team"] = "red";
    return request;
  }
  std::string Upload(const std::string& as) {
    const std::string file = server().folder() + "/still.png";
    EXPECT_OK(MakeStill(file, 32, 32));
    const auto uploaded = As(as).Upload(file);
    EXPECT_OK(uploaded);
    return uploaded.ok() ? uploaded->media_id() : "";
  }
  std::vector<std::string> Listed(const std::string& as, const v1::JobFilter& filter = {}, int page = 0) {
    std::vector<std::string> ids;
    v1::ListJobsRequest request;
    *request.mutable_filter() = filter;
    request.set_page_size(page);
    do {
      const auto response = As(as).ListJobs(request);
      EXPECT_OK(response);
      if (!response.ok()) return ids;
      for (const v1::Job& job : response->jobs()) ids.push_back(job.id());
      request.set_page_token(response->next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
};

TEST_F(LimitTest, ListsHoldOwnJobsOnlyWhateverTheFilter) {
  const std::string red = EnqueueFor("red", "mine"), blue = EnqueueFor("blue", "mine"), none = EnqueueFor("", "theirs");
  EXPECT_THAT(Listed("read"), UnorderedElementsAre(red, blue, none));
  EXPECT_THAT(Listed("red"), ElementsAre(red));
  EXPECT_THAT(Listed("red", {}, 1), ElementsAre(red));
  EXPECT_THAT(Listed("video"), UnorderedElementsAre(red, blue));
  v1::JobFilter filter;
  (*filter.mutable_labels())["team"] = "blue";
  EXPECT_THAT(Listed("red", filter), IsEmpty());
  EXPECT_THAT(Listed("video", filter), ElementsAre(blue));
  filter.Clear();
  filter.add_video_ids("theirs");
  EXPECT_THAT(Listed("video", filter), IsEmpty());
  filter.add_video_ids("mine");
  EXPECT_THAT(Listed("video", filter), UnorderedElementsAre(red, blue));
  filter.Clear();
  filter.add_job_ids(none);
  EXPECT_THAT(Listed("video", filter), IsEmpty());
}

TEST_F(LimitTest, StreamsHoldOwnJobsOnlyAndEndForThemOnly) {
  const std::string red = EnqueueFor("red"), blue = EnqueueFor("blue");
  ASSERT_OK(As("write").CancelJob(blue));
  const auto stub = v1::JobService::NewStub(ChannelAs("red"));
  for (const v1::StartAt start : {v1::START_AT_EARLIEST, v1::START_AT_SNAPSHOT}) {
    v1::WatchEventsRequest request;
    request.set_start_at(start);
    // All jobs have it; but a watch without a filter would have to bring the whole log, for the validator.
    request.mutable_filter()->add_video_ids("v");
    request.mutable_heartbeat_interval()->set_seconds(1);
    Watch watch(stub.get(), request);
    ASSERT_OK(watch.UntilCovered(3));
    for (const v1::Event& event : watch.feed().events()) EXPECT_EQ(event.job_id(), red);
    for (const auto& snapshot : watch.feed().snapshots()) {
      EXPECT_EQ(snapshot.jobs.size(), 1);
      EXPECT_EQ(snapshot.jobs.count(red), 1);
    }
    // Nor is it told, by the stream's end, that a foreign job is over.
    *request.mutable_filter()->add_job_ids() = blue;
    request.set_until_terminal(true);
    Watch until(stub.get(), request);
    EXPECT_OK(until.UntilCovered(3));
    EXPECT_OK(until.Next());
    *request.mutable_filter()->mutable_job_ids(0) = red;
    Watch own(stub.get(), request);
    ASSERT_OK(own.UntilOpened());
    const auto cancelled = As("red").CancelJob(red);
    if (start == v1::START_AT_EARLIEST) {
      ASSERT_OK(cancelled);
    }
    EXPECT_OK(own.UntilEnd());
  }
  v1::ListEventsRequest page;
  const auto events = As("red").ListEvents(page);
  ASSERT_OK(events);
  for (const v1::Event& event : events->events()) EXPECT_EQ(event.job_id(), red);
  EXPECT_EQ(events->events_size(), 2);
}

TEST_F(LimitTest, ItsOwnJobsItMayDoEverythingWith) {
  const std::string upload = Upload("red");
  const auto enqueued = As("red").Enqueue(RedJob(upload));
  ASSERT_OK(enqueued);
  const std::string id = enqueued->job().id();
  EXPECT_OK(As("red").GetJob(id));
  EXPECT_OK(As("red").CancelJob(id));
  EXPECT_OK(As("red").RetryJob(id));
  ASSERT_OK(As("admin").ResumeQueue());
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_EARLIEST);
  (*request.mutable_filter()->mutable_labels())["team"] = "red";
  const auto stub = v1::JobService::NewStub(ChannelAs("red"));
  Watch watch(stub.get(), request);
  ASSERT_OK(watch.Until([](const v1::Event& event) { return event.type() == v1::EVENT_TYPE_COMPLETED; }));
  const std::string file = server().folder() + "/downloaded.png";
  EXPECT_OK(As("red").Download(id, file, client::Existing::kReplace));
  EXPECT_THAT(As("video").Download(id, file, client::Existing::kReplace),
              Refused(absl::StatusCode::kNotFound, "JOB_NOT_FOUND"));
  EXPECT_OK(As("red").ProbeMedia(upload));
  EXPECT_OK(As("red").PlanJob(RedJob(upload)));
  EXPECT_OK(As("red").DeleteJob(id));
}

TEST_F(LimitTest, NoOtherJobIsMade) {
  v1::EnqueueRequest request = RedJob("a.mp4");
  const std::string upload = Upload("red");
  request.set_input(upload);
  (*request.mutable_labels())["team"] = "blue";
  EXPECT_THAT(As("red").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
  request.clear_labels();
  EXPECT_THAT(As("red").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
  EXPECT_THAT(As("video").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
  request.set_video_id("theirs");
  EXPECT_THAT(As("video").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
  request.set_video_id("ours");
  EXPECT_OK(As("video").Enqueue(request));

  v1::EnqueueBatchRequest batch;
  *batch.add_requests() = RedJob(upload);
  *batch.add_requests() = request;
  const auto answers = As("red").EnqueueBatch(batch);
  ASSERT_OK(answers);
  EXPECT_TRUE(answers->results(0).has_response()) << answers->ShortDebugString();
  EXPECT_EQ(answers->results(1).failure().reason(), "OUTSIDE_LIMIT");
}

TEST_F(LimitTest, NoFileIsNamedThatIsNotItsOwn) {
  ASSERT_OK(MakeStill(server().media_root() + "/secret.png", 32, 32));
  const std::string upload = Upload("red");
  // Inputs.
  EXPECT_THAT(As("red").Enqueue(RedJob("secret.png")), Refused(kDenied, "OUTSIDE_LIMIT"));
  EXPECT_THAT(As("red").PlanJob(RedJob("secret.png")), Refused(kDenied, "OUTSIDE_LIMIT"));
  EXPECT_THAT(As("red").ProbeMedia("secret.png"), Refused(kDenied, "OUTSIDE_LIMIT"));
  // Not told apart from one that is not there.
  EXPECT_THAT(As("red").ProbeMedia("nothing.png"), Refused(kDenied, "OUTSIDE_LIMIT"));
  // Outputs, by their names and by a job's.
  v1::EnqueueRequest request = RedJob(upload);
  request.set_output("theirs.png");
  EXPECT_THAT(As("red").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
  request.clear_output();
  request.set_job_id("theirs");
  EXPECT_THAT(As("red").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
  request = RedJob(upload);
  request.clear_resize();
  v1::OutputSpec* const output = request.mutable_outputs()->add_outputs();
  output->set_name("a");
  output->set_output("theirs.png");
  output->mutable_resize()->set_width(16);
  EXPECT_THAT(As("red").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
  output->clear_output();
  EXPECT_OK(As("red").Enqueue(request));

  // With a folder.
  EXPECT_THAT(As("folder").Enqueue(RedJob("secret.png")), Refused(kDenied, "OUTSIDE_LIMIT"));
  EXPECT_THAT(As("folder").Enqueue(RedJob("redder/a.png")), Refused(kDenied, "OUTSIDE_LIMIT"));
  EXPECT_THAT(As("folder").Enqueue(RedJob("red/../secret.png")), StatusIs(absl::StatusCode::kInvalidArgument));
  request = RedJob("red/a.png");
  request.set_output("red/b.png");
  EXPECT_OK(As("folder").Enqueue(request));
  request.set_output("b.png");
  EXPECT_THAT(As("folder").Enqueue(request), Refused(kDenied, "OUTSIDE_LIMIT"));
}

TEST_F(LimitTest, ARequestIdOfOthersDoesNotNameTheirJob) {
  v1::EnqueueRequest request;
  request.set_request_id("taken");
  request.set_input("secret.mp4");
  request.mutable_resize()->set_width(16);
  const auto theirs = As("write").Enqueue(request);
  ASSERT_OK(theirs);
  v1::EnqueueRequest own = RedJob(Upload("red"));
  own.set_request_id("taken");
  const auto refused = As("red").Enqueue(own);
  EXPECT_THAT(refused, Refused(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
  EXPECT_EQ(refused.status().ToString().find(theirs->job().id()), std::string::npos) << refused.status();
  const auto info = client::ErrorInfoOf(refused.status());
  EXPECT_TRUE(info->metadata().empty());
}

}  // namespace
}  // namespace spool::testing
