// What Enqueue refuses, and what it makes of a request that it has seen.

#include <filesystem>

#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

class RequestTest : public SpooldTest {
 protected:
  void SetUp() override {
    AddStill("a.png");
    StartServer();
    ASSERT_OK(client().PauseQueue());
  }
};

// The field that the status's BadRequest names.
std::string FieldOf(const absl::Status& status) {
  google::rpc::BadRequest bad;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  if (!payload.has_value() || !bad.ParseFromString(std::string(*payload)) || bad.field_violations_size() == 0)
    return "";
  return bad.field_violations(0).field();
}

MATCHER_P(IsRefusedForField, field, std::string("is INVALID_ARGUMENT about ") + field) {
  *result_listener << arg.status().ToString();
  return absl::IsInvalidArgument(arg.status()) && FieldOf(arg.status()) == field;
}

TEST_F(RequestTest, TheSameRequestTwiceIsOneJob) {
  v1::EnqueueRequest request = Resize("a.png", 2, 2);
  request.set_request_id("6b7c");
  const auto first = client().Enqueue(request);
  ASSERT_OK(first);
  EXPECT_EQ(first->outcome(), v1::ENQUEUE_OUTCOME_CREATED);
  const auto again = client().Enqueue(request);
  ASSERT_OK(again);
  EXPECT_EQ(again->outcome(), v1::ENQUEUE_OUTCOME_EXISTING);
  EXPECT_EQ(again->job().id(), first->job().id());
  EXPECT_EQ(client().GetQueueStats()->totals().enqueued(), 1);

  server().Kill();
  StartServer();
  EXPECT_EQ(client().Enqueue(request)->job().id(), first->job().id());
}

TEST_F(RequestTest, AnotherRequestUnderTheSameIdNamesTheJob) {
  v1::EnqueueRequest request = Resize("a.png", 2, 2);
  request.set_request_id("6b7c");
  request.set_job_id("mine");
  ASSERT_OK(client().Enqueue(request));
  request.mutable_resize()->set_width(4);
  const auto reused = client().Enqueue(request);
  EXPECT_THAT(reused, Refused(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"));
  EXPECT_EQ(client::ErrorInfoOf(reused.status())->metadata().at("jobId"), "mine");
  request.clear_request_id();
  EXPECT_THAT(client().Enqueue(request), Refused(absl::StatusCode::kAlreadyExists, "JOB_ID_TAKEN"));
}

TEST_F(RequestTest, NoPathLeavesItsRoot) {
  std::filesystem::create_directory(server().folder() + "/secret");
  std::filesystem::create_symlink("/etc", server().media_root() + "/etc");
  std::filesystem::create_symlink("../secret", server().media_root() + "/secret");
  std::filesystem::create_symlink("../secret", server().output_root() + "/secret");
  for (const std::string& path :
       {std::string(".."), std::string("../data/spool.db"), std::string("a/../../data/spool.db"),
        std::string("/etc/passwd"), std::string("//etc/passwd"), std::string("./../media/a.png"),
        std::string("a.png\0.mp4", 10), std::string("\0", 1), std::string(10000, 'x'), std::string(300, 'x') + "/a",
        std::string("etc/passwd"), std::string("secret/a.png"), std::string("")}) {
    EXPECT_THAT(client().Enqueue(Resize(path, 2, 2)), IsRefusedForField("input")) << path.substr(0, 40);
  }
  for (const std::string& path : {std::string(".."), std::string("../a.png"), std::string("a/../../a.png"),
                                  std::string("/tmp/a.png"), std::string("a\0.png", 6), std::string(10000, 'x'),
                                  std::string(300, 'x') + "/a.png", std::string("secret/a.png")}) {
    v1::EnqueueRequest request = Resize("a.png", 2, 2);
    request.set_output(path);
    EXPECT_THAT(client().Enqueue(request), IsRefusedForField("output")) << path.substr(0, 40);
  }
  EXPECT_EQ(client().GetQueueStats()->totals().enqueued(), 0);
  EXPECT_EQ(client().ProbeMedia("../data/spool.db").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(client().ProbeMedia("etc/passwd").status().code(), absl::StatusCode::kInvalidArgument);
}

// The link is laid after the request was accepted: what counts is where it leads when the worker needs the file.
TEST_F(RequestTest, ALinkThatAppearsLaterLeadsNowhereEither) {
  ASSERT_OK(MakeStill(server().folder() + "/data/outside.png", 4, 4));
  const std::string input = Enqueue(Resize("later.png", 2, 2));
  v1::EnqueueRequest request = Resize("a.png", 2, 2);
  request.set_output("later/a.png");
  const std::string output = Enqueue(request);
  std::filesystem::create_symlink("../data/outside.png", server().media_root() + "/later.png");
  std::filesystem::create_symlink("../data", server().output_root() + "/later");
  ASSERT_OK(client().ResumeQueue());
  auto watch = OpenWatch(FromEarliest());
  ASSERT_OK(watch->Until([&](const v1::Event& event) { return event.has_failed() && event.job_id() == input; }));
  ASSERT_OK(watch->Until([&](const v1::Event& event) { return event.has_failed() && event.job_id() == output; }));
  EXPECT_FALSE(std::filesystem::exists(server().data_dir() + "/a.png"));
}

TEST_F(RequestTest, ASpecThatMakesNoSenseIsRefusedByField) {
  EXPECT_THAT(client().Enqueue(Resize("a.png", -5, 2)), IsRefusedForField("resize.width"));
  EXPECT_THAT(client().Enqueue(Convert("a.png", v1::CONTAINER_UNSPECIFIED)), IsRefusedForField("convert.container"));
  v1::EnqueueRequest request = Resize("a.png", 2, 2);
  request.set_priority(1001);
  EXPECT_THAT(client().Enqueue(request), IsRefusedForField("priority"));
  request = Resize("a.png", 2, 2);
  request.clear_spec();
  EXPECT_THAT(client().Enqueue(request), IsRefusedForField("spec"));
}

TEST_F(RequestTest, ListingsAreRefusedByField) {
  v1::ListJobsRequest request;
  request.set_page_size(-1);
  EXPECT_THAT(client().ListJobs(request), IsRefusedForField("page_size"));
  request.Clear();
  request.set_page_token("nonsense");
  EXPECT_THAT(client().ListJobs(request), IsRefusedForField("page_token"));
  Enqueue(Resize("a.png", 2, 2));
  Enqueue(Resize("a.png", 2, 2));
  request.Clear();
  request.set_page_size(1);
  const auto page = client().ListJobs(request);
  ASSERT_OK(page);
  request.set_page_token(page->next_page_token());
  ASSERT_OK(client().ListJobs(request));
  // A token belongs to its filter.
  request.mutable_filter()->add_states(v1::JOB_STATE_QUEUED);
  EXPECT_THAT(client().ListJobs(request), IsRefusedForField("page_token"));
}

}  // namespace
}  // namespace spool::testing
