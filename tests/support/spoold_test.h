// The ground of tests against a real server: the process, its stubs, and requests to begin from.

#ifndef SPOOL_TESTS_SUPPORT_SPOOLD_TEST_H_
#define SPOOL_TESTS_SUPPORT_SPOOLD_TEST_H_

#include <memory>
#include <string>
#include <vector>

#include "client/cpp/client.h"
#include "client/cpp/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "spool/v1/job_service.grpc.pb.h"
#include "spool/v1/media_service.grpc.pb.h"
#include "spool/v1/queue_service.grpc.pb.h"
#include "tests/support/event_log.h"
#include "tests/support/media.h"
#include "tests/support/spoold_process.h"
#include "tests/support/watch.h"

namespace spool::testing {

class SpooldTest : public ::testing::Test {
 protected:
  SpooldTest() = default;
  // While the server still runs: reads its whole log, and judges by it all that watches brought, and all jobs.
  void TearDown() override;

  // Starts the server, again or for the first time, and connects to it.
  void StartServer(const std::vector<std::string>& flags = {});

  SpooldProcess& server() { return server_; }
  client::Client& client() { return *client_; }
  v1::JobService::StubInterface* jobs() { return jobs_.get(); }
  v1::MediaService::StubInterface* media() { return media_.get(); }
  std::shared_ptr<grpc::Channel> channel() { return channel_; }
  // What it brings is judged by the log when the test ends.
  std::unique_ptr<Watch> OpenWatch(const v1::WatchEventsRequest& request);

  // A video under the media root that takes the blink of an eye.
  void AddVideo(const std::string& name, const VideoFacts& facts = {});
  void AddStill(const std::string& name, int width = 1, int height = 1);
  // Requests without ids.
  static v1::EnqueueRequest Resize(const std::string& input, int width, int height);
  static v1::EnqueueRequest Convert(const std::string& input, v1::Container container);
  // Takes minutes unless it is stopped; its input is "slow.mp4" (AddSlowVideo).
  static v1::EnqueueRequest SlowJob();
  // Takes a second or two: long enough to be met while it runs. The same input.
  static v1::EnqueueRequest ShortJob();
  void AddSlowVideo();
  // Waits until this job's worker is at work and stops it in its tracks (SIGSTOP), so that nothing in a test depends on
  // how fast it is. It must be the only worker, and `watch` must include progress.
  pid_t FreezeWorker(Watch& watch, const std::string& id);
  // The id of a job that must be accepted.
  std::string Enqueue(const v1::EnqueueRequest& request);
  v1::Job GetJob(const std::string& id);

 private:
  SpooldProcess server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<v1::JobService::StubInterface> jobs_;
  std::unique_ptr<v1::MediaService::StubInterface> media_;
  std::vector<std::shared_ptr<const FeedValidator>> feeds_;
};

// An error of this code with this reason in its ErrorInfo.
MATCHER_P2(Refused, code, reason, std::string("is refused with ") + reason) {
  const absl::Status& status = StatusOf(arg);
  *result_listener << status.ToString() << ", reason " << client::ReasonOf(status);
  return status.code() == code && client::ReasonOf(status) == reason;
}

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_SPOOLD_TEST_H_
