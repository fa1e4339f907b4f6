// A real video goes all the way: enqueued, watched, done, looked at.

#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;

class JobTest : public SpooldTest {};

TEST_F(JobTest, AResizeIsFollowedToItsEnd) {
  StartServer();
  AddVideo("a.mp4", {.width = 320, .height = 180, .frames = 250});
  v1::EnqueueRequest request = Resize("a.mp4", 800, 600);
  // Encoding that takes a moment, so that there is progress to be told of.
  request.mutable_resize()->mutable_video()->set_preset("slow");
  const std::string id = Enqueue(request);
  EXPECT_THAT(id, ::testing::StartsWith("resize-video-1-"));

  v1::WatchEventsRequest watching = FromEarliest();
  watching.mutable_filter()->add_job_ids(id);
  watching.set_until_terminal(true);
  watching.set_include_progress(true);
  auto watch = OpenWatch(watching);
  ASSERT_OK(watch->UntilEnd());
  std::vector<v1::EventType> types;
  for (const v1::Event& event : watch->feed().events()) types.push_back(event.type());
  EXPECT_THAT(types, ElementsAre(v1::EVENT_TYPE_QUEUED, v1::EVENT_TYPE_STARTED, v1::EVENT_TYPE_COMPLETED));
  EXPECT_THAT(watch->feed().progress(), ElementsAre(::testing::Pair(id, Gt(0))));

  const v1::Job job = GetJob(id);
  EXPECT_OK(watch->feed().fold().Check(job));
  EXPECT_EQ(job.state(), v1::JOB_STATE_COMPLETED);
  EXPECT_EQ(job.result().width(), 800);
  EXPECT_EQ(job.result().height(), 600);
  EXPECT_EQ(job.result().sha256().size(), 64);
  const std::string output = server().output_root() + "/" + job.output();
  EXPECT_EQ(*Probe(output, "stream=codec_name,width,height"), "h264\n800\n600\n");
  EXPECT_THAT(server().OutputFiles(), ElementsAre(job.output()));
}

TEST_F(JobTest, AConversionMakesTheOtherContainer) {
  StartServer();
  AddVideo("a.mp4", {.width = 160, .height = 90, .frames = 10});
  v1::EnqueueRequest request = Convert("a.mp4", v1::CONTAINER_WEBM);
  request.set_output("films/a.webm");
  const std::string id = Enqueue(request);
  v1::WatchEventsRequest watching = FromEarliest();
  watching.mutable_filter()->add_job_ids(id);
  watching.set_until_terminal(true);
  ASSERT_OK(OpenWatch(watching)->UntilEnd());
  const v1::Job job = GetJob(id);
  ASSERT_EQ(job.state(), v1::JOB_STATE_COMPLETED) << job.error().message();
  EXPECT_EQ(job.output(), "films/a.webm");
  EXPECT_EQ(*Probe(server().output_root() + "/films/a.webm", "stream=codec_name,width,height"), "vp9\n160\n90\n");
}

TEST_F(JobTest, AFileThatIsNoMediaFailsAndSaysSo) {
  StartServer();
  ASSERT_OK(RunProgram({"cp", "/etc/passwd", server().media_root() + "/a.mp4"}));
  const std::string id = Enqueue(Resize("a.mp4", 100, 100));
  const std::string missing = Enqueue(Resize("missing.mp4", 100, 100));
  // They run side by side, so each has a subscriber: one would pass over the event that came first.
  for (const std::string& failing : {id, missing}) {
    ASSERT_OK(OpenWatch(FromEarliest())->Until(v1::EVENT_TYPE_FAILED, failing));
  }
  const v1::Job job = GetJob(id);
  EXPECT_EQ(job.error().reason(), "INVALID_MEDIA");
  EXPECT_FALSE(job.error().message().empty());
  EXPECT_EQ(GetJob(missing).error().reason(), "INPUT_NOT_FOUND");
  EXPECT_TRUE(server().OutputFiles().empty());
}

// The watcher that programs use, from the client library.
TEST_F(JobTest, TheClientLibraryFollowsAJobAcrossARestart) {
  AddSlowVideo();
  StartServer();
  const std::string id = Enqueue(SlowJob());
  v1::WatchEventsRequest watching = FromEarliest();
  watching.mutable_filter()->add_job_ids(id);
  watching.set_until_terminal(true);
  const auto watcher = client().Watch(watching, {});
  int restarts = 0;
  for (;;) {
    const auto response = watcher->Next();
    ASSERT_OK(response);
    if (!response->has_value()) break;
    for (const v1::Event& event : (*response)->events()) {
      if (!event.has_started()) continue;
      if (restarts++ == 0) {
        server().Kill();
        StartServer();
      } else {
        ASSERT_OK(client().CancelJob(id));
      }
    }
  }
  EXPECT_EQ(restarts, 2);
  EXPECT_EQ(GetJob(id).state(), v1::JOB_STATE_CANCELLED);
}

}  // namespace
}  // namespace spool::testing
