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
