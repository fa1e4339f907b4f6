#include "client/cpp/event_watcher.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "client/cpp/client.h"
#include "client/cpp/fake_server.h"
#include "client/cpp/status.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::WatchEventsResponse Response(const char* text) {
  v1::WatchEventsResponse response;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &response)) << text;
  return response;
}

const grpc::Status kBroken(grpc::StatusCode::UNAVAILABLE, "Socket closed");
const grpc::Status kDone = grpc::Status::OK;

// A watch of a scripted server; the pauses between its streams are noted instead of taken.
class EventWatcherTest : public ::testing::Test {
 protected:
  EventWatcher& Watch(v1::WatchEventsRequest request = {}, FirstOpen first_open = FirstOpen::kFail) {
    EventWatcher::Options options;
    options.first_open = first_open;
    options.backoff = {.initial = absl::Milliseconds(100), .max = absl::Milliseconds(300)};
    options.random = [] { return 1.0; };
    options.pause = [this](absl::Duration delay) { pauses_.push_back(delay); };
    options.on_lost = [this](const absl::Status& cause) { notes_.push_back("lost: " + std::string(cause.message())); };
    options.on_resumed = [this] { notes_.push_back("resumed"); };
    watcher_ = client_.Watch(request, options);
    return *watcher_;
  }

  // Sequences of all events until the watch ends, and how it ended.
  std::vector<int64_t> Drain(EventWatcher& watcher) {
    std::vector<int64_t> sequences;
    for (;;) {
      auto response = watcher.Next();
      end_ = response.status();
      if (!response.ok() || !response->has_value()) return sequences;
      for (const v1::Event& event : (*response)->events()) sequences.push_back(event.sequence());
    }
  }

  FakeServer server_;
  Client client_{server_.address()};
  std::unique_ptr<EventWatcher> watcher_;
  std::vector<absl::Duration> pauses_;
  std::vector<std::string> notes_;
  absl::Status end_;
};

TEST_F(EventWatcherTest, DeliversUntilTheServerIsDone) {
  server_.AddStream({{Response("opened {} coverage { after: 0 through: 0 resume_token: 'zero' }"),
                      Response("events { sequence: 1 } events { sequence: 2 } "
                               "coverage { after: 0 through: 2 resume_token: 'two' }")},
                     kDone});
  EXPECT_THAT(Drain(Watch()), ElementsAre(1, 2));
  EXPECT_OK(end_);
  EXPECT_EQ(watcher_->resume_token(), "two");
  EXPECT_THAT(pauses_, IsEmpty());
  EXPECT_THAT(notes_, IsEmpty());
  // An ended watch stays ended.
  EXPECT_EQ(watcher_->Next().value(), std::nullopt);
}

TEST_F(EventWatcherTest, ResumesExactlyAfterTheLastCoverage) {
  server_.AddStream({{Response("opened {} coverage { after: 0 through: 0 resume_token: 'zero' }"),
                      Response("events { sequence: 1 } coverage { after: 0 through: 3 resume_token: 'three' }")},
                     kBroken});
  server_.AddStream({{Response("opened {} coverage { after: 3 through: 3 resume_token: 'three' }"),
                      Response("events { sequence: 4 } coverage { after: 3 through: 4 resume_token: 'four' }")},
                     kDone});
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_EARLIEST);
  request.mutable_filter()->add_video_ids("cat");
  EXPECT_THAT(Drain(Watch(request)), ElementsAre(1, 4));
  EXPECT_OK(end_);
  const std::vector<v1::WatchEventsRequest> requests = server_.watch_requests();
  ASSERT_EQ(requests.size(), 2);
  EXPECT_EQ(requests[0].start_at(), v1::START_AT_EARLIEST);
  EXPECT_EQ(requests[1].resume_token(), "three");
  EXPECT_THAT(requests[1].filter().video_ids(), ElementsAre("cat"));
  EXPECT_THAT(notes_, ElementsAre("lost: Socket closed", "resumed"));
}

TEST_F(EventWatcherTest, BacksOffWhileTheServerIsAwayAndTellsOfItOnce) {
  const v1::WatchEventsResponse opened = Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }");
  server_.AddStream({{opened}, kBroken});
  for (int i = 0; i < 4; ++i) server_.AddStream({{}, kBroken});
  server_.AddStream({{opened}, kBroken});
  server_.AddStream({{opened}, kDone});
  EXPECT_THAT(Drain(Watch()), IsEmpty());
  EXPECT_THAT(pauses_, ElementsAre(absl::Milliseconds(100), absl::Milliseconds(200), absl::Milliseconds(300),
                                   absl::Milliseconds(300), absl::Milliseconds(300), absl::Milliseconds(100)));
  EXPECT_THAT(notes_, ElementsAre("lost: Socket closed", "resumed", "lost: Socket closed", "resumed"));
}

TEST_F(EventWatcherTest, WaitsAsLongAsADrainingServerAsks) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }"),
                      Response("draining {} coverage { after: 5 through: 5 resume_token: 'five' }")},
                     StatusWithReason(grpc::StatusCode::UNAVAILABLE, "stopping", "SERVER_DRAINING", 1500)});
  server_.AddStream({{}, kDone});
  EXPECT_THAT(Drain(Watch()), IsEmpty());
  EXPECT_OK(end_);
  EXPECT_THAT(pauses_, ElementsAre(absl::Milliseconds(1500)));
}

TEST_F(EventWatcherTest, AStreamThatAProxyCutsIsResumed) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }")},
                     grpc::Status(grpc::StatusCode::INTERNAL, "Received RST_STREAM with error code 2")});
  server_.AddStream({{}, kDone});
  Drain(Watch());
  EXPECT_OK(end_);
}

TEST_F(EventWatcherTest, AStreamThatAStoppingServerCutsIsResumed) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }")}, kBroken});
  server_.AddStream({{}, grpc::Status::CANCELLED});
  server_.AddStream({{}, kDone});
  Drain(Watch());
  EXPECT_OK(end_);
}

TEST_F(EventWatcherTest, AnInternalErrorOfSpoolIsFinal) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }")},
                     StatusWithReason(grpc::StatusCode::INTERNAL, "broken", "INTERNAL")});
  Drain(Watch());
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kInternal, "broken"));
}

TEST_F(EventWatcherTest, AGapEndsTheWatch) {
  server_.AddStream({{Response("events { sequence: 1 } coverage { after: 0 through: 1 resume_token: 'one' }"),
                      Response("events { sequence: 3 } coverage { after: 2 through: 3 resume_token: 'three' }")},
                     std::nullopt});
  EXPECT_THAT(Drain(Watch()), ElementsAre(1));
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, "gap"));
  EXPECT_EQ(watcher_->resume_token(), "one");
}

TEST_F(EventWatcherTest, ADuplicateEndsTheWatch) {
  server_.AddStream(
      {{Response("events { sequence: 1 } coverage { after: 0 through: 1 resume_token: 'one' }")}, kBroken});
  server_.AddStream(
      {{Response("events { sequence: 1 } coverage { after: 0 through: 1 resume_token: 'one' }")}, std::nullopt});
  EXPECT_THAT(Drain(Watch()), ElementsAre(1));
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kDataLoss, "overlap"));
}

TEST_F(EventWatcherTest, CompactedEventsEndTheWatchWithTheServersReason) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }")}, kBroken});
  server_.AddStream({{}, StatusWithReason(grpc::StatusCode::OUT_OF_RANGE, "removed", "EVENTS_COMPACTED")});
  Drain(Watch());
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kOutOfRange, "removed"));
  EXPECT_EQ(ReasonOf(end_), "EVENTS_COMPACTED");
  EXPECT_THAT(watcher_->Next(), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(EventWatcherTest, ABadRequestIsNotRepeated) {
  server_.AddStream({{}, StatusWithReason(grpc::StatusCode::INVALID_ARGUMENT, "no", "FILTER_INVALID")});
  Drain(Watch({}, FirstOpen::kRetry));
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(server_.watch_requests().size(), 1);
}

TEST_F(EventWatcherTest, SilenceIsALostStream) {
  // The server names a heartbeat of 20 ms and then says nothing: 50 ms later the watch goes elsewhere.
  server_.AddStream({{Response("opened { heartbeat_interval { nanos: 20000000 } } "
                               "coverage { after: 5 through: 5 resume_token: 'five' }")},
                     std::nullopt});
  server_.AddStream({{}, kDone});
  Drain(Watch());
  EXPECT_OK(end_);
  EXPECT_EQ(server_.watch_requests().back().resume_token(), "five");
  EXPECT_THAT(notes_, ElementsAre("lost: no response from the server for 50ms"));
}

TEST_F(EventWatcherTest, ACutSnapshotIsAskedForAgain) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }"),
                      Response("snapshot_jobs { id: 'a' }")},
                     kBroken});
  server_.AddStream({{Response("opened {} coverage { after: 8 through: 8 resume_token: 'eight' }"),
                      Response("snapshot_jobs { id: 'a' }"), Response("snapshot_complete { through: 8 jobs: 1 }")},
                     kBroken});
  server_.AddStream({{}, kDone});
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_SNAPSHOT);
  Drain(Watch(request));
  const std::vector<v1::WatchEventsRequest> requests = server_.watch_requests();
  ASSERT_EQ(requests.size(), 3);
  EXPECT_EQ(requests[1].start_at(), v1::START_AT_SNAPSHOT);
  EXPECT_EQ(requests[2].resume_token(), "eight");
}

TEST_F(EventWatcherTest, AFirstStreamThatFailsIsAnErrorUnlessToldOtherwise) {
  server_.AddStream({{}, kBroken});
  Drain(Watch());
  EXPECT_THAT(end_, StatusIs(absl::StatusCode::kUnavailable));

  server_.AddStream({{}, kBroken});
  server_.AddStream({{}, kDone});
  Drain(Watch({}, FirstOpen::kRetry));
  EXPECT_OK(end_);
}

TEST_F(EventWatcherTest, CancelEndsAWaitingNext) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }")}, std::nullopt});
  EventWatcher& watcher = Watch();
  ASSERT_OK(watcher.Next());
  std::thread canceller([&watcher] { watcher.Cancel(); });
  EXPECT_THAT(watcher.Next(), StatusIs(absl::StatusCode::kCancelled));
  canceller.join();
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(EventWatcherTest, CancelEndsAPause) {
  server_.AddStream({{Response("opened {} coverage { after: 5 through: 5 resume_token: 'five' }")}, kBroken});
  absl::Notification lost;
  EventWatcher::Options options;
  options.backoff = {.initial = absl::Hours(1), .max = absl::Hours(1)};
  options.on_lost = [&lost](const absl::Status&) { lost.Notify(); };
  std::unique_ptr<EventWatcher> watcher = client_.Watch({}, options);
  std::thread canceller([&] {
    lost.WaitForNotification();
    watcher->Cancel();
  });
  ASSERT_OK(watcher->Next());
  EXPECT_THAT(watcher->Next(), StatusIs(absl::StatusCode::kCancelled));
  canceller.join();
}

}  // namespace
}  // namespace spool::client
