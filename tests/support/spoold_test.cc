#include "tests/support/spoold_test.h"

#include <signal.h>

#include "client/cpp/channel.h"

namespace spool::testing {

void SpooldTest::StartServer(const std::vector<std::string>& flags) {
  ASSERT_OK(server_.Start(flags));
  client_ = std::make_unique<client::Client>(server_.address());
  channel_ = client::MakeChannel(server_.address());
  jobs_ = v1::JobService::NewStub(channel_);
  media_ = v1::MediaService::NewStub(channel_);
}

std::unique_ptr<Watch> SpooldTest::OpenWatch(const v1::WatchEventsRequest& request) {
  auto watch = std::make_unique<Watch>(jobs_.get(), request);
  feeds_.push_back(watch->shared_feed());
  return watch;
}

void SpooldTest::TearDown() {
  if (!server_.running() || jobs_ == nullptr) return;
  EventLog log;
  const absl::Status read = log.ReadOn(jobs_.get());
  // A server that was told to stop may be gone by now.
  if (absl::IsUnavailable(read)) return;
  ASSERT_OK(read);
  for (const auto& feed : feeds_) EXPECT_OK(log.Judge(*feed));
  for (const auto& [id, told] : log.fold().jobs()) {
    const auto got = client_->GetJob(id);
    // Retention takes jobs without an event.
    if (!got.ok()) continue;
    EXPECT_OK(log.Judge(got->job()));
  }
}

void SpooldTest::AddVideo(const std::string& name, const VideoFacts& facts) {
  ASSERT_OK(MakeVideo(server_.media_root() + "/" + name, facts));
}

void SpooldTest::AddStill(const std::string& name, int width, int height) {
  ASSERT_OK(MakeStill(server_.media_root() + "/" + name, width, height));
}

v1::EnqueueRequest SpooldTest::Resize(const std::string& input, int width, int height) {
  v1::EnqueueRequest request;
  request.set_video_id("video-1");
  request.set_input(input);
  request.mutable_resize()->set_width(width);
  request.mutable_resize()->set_height(height);
  return request;
}

v1::EnqueueRequest SpooldTest::Convert(const std::string& input, v1::Container container) {
  v1::EnqueueRequest request;
  request.set_video_id("video-1");
  request.set_input(input);
  request.mutable_convert()->set_container(container);
  return request;
}

v1::EnqueueRequest SpooldTest::SlowJob() {
  v1::EnqueueRequest request = Resize("slow.mp4", 3840, 2160);
  request.mutable_resize()->mutable_video()->set_codec(v1::VIDEO_CODEC_H264);
  request.mutable_resize()->mutable_video()->set_preset("veryslow");
  return request;
}

v1::EnqueueRequest SpooldTest::ShortJob() {
  v1::EnqueueRequest request = Resize("slow.mp4", 640, 360);
  request.mutable_resize()->mutable_video()->set_preset("ultrafast");
  return request;
}

void SpooldTest::AddSlowVideo() { AddVideo("slow.mp4", {.width = 160, .height = 90, .frames = 1000, .audio = false}); }

pid_t SpooldTest::FreezeWorker(Watch& watch, const std::string& id) {
  EXPECT_OK(watch.UntilProgress(id));
  const std::vector<pid_t> workers = server_.Workers();
  EXPECT_EQ(workers.size(), 1) << "which worker runs " << id << "?";
  if (workers.size() != 1) return 0;  // a signal to 0 would reach this test itself
  EXPECT_EQ(kill(workers.front(), SIGSTOP), 0);
  return workers.front();
}

std::string SpooldTest::Enqueue(const v1::EnqueueRequest& request) {
  const auto response = client_->Enqueue(request);
  EXPECT_OK(response);
  return response.ok() ? response->job().id() : "";
}

v1::Job SpooldTest::GetJob(const std::string& id) {
  const auto response = client_->GetJob(id);
  EXPECT_OK(response) << id;
  return response.ok() ? response->job() : v1::Job();
}

}  // namespace spool::testing
