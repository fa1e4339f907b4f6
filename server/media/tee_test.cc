#include "server/media/tee.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/av/failure.h"
#include "server/base/status_matchers.h"
#include "server/media/thread_stage.h"

namespace spool::media {
namespace {

// Frames that count from 0, then the end or an error.
class Counter : public FrameSource {
 public:
  Counter(int frames, absl::Status end, int* pulls) : frames_(frames), end_(std::move(end)), pulls_(pulls) {}
  absl::StatusOr<Pulled<av::FramePtr>> Next() override {
    ++*pulls_;
    if (next_ == frames_) {
      if (!end_.ok()) return end_;
      return End{};
    }
    av::FramePtr frame(av_frame_alloc());
    frame->width = frame->height = 2;
    frame->format = AV_PIX_FMT_GRAY8;
    EXPECT_GE(av_frame_get_buffer(frame.get(), 0), 0);
    frame->pts = next_++;
    return frame;
  }

 private:
  const int frames_;
  const absl::Status end_;
  int* const pulls_;
  int next_ = 0;
};

std::unique_ptr<FrameSource> Frames(int frames, int* pulls, absl::Status end = absl::OkStatus()) {
  return std::make_unique<Counter>(frames, std::move(end), pulls);
}

std::vector<int64_t> ReadAll(FrameSource& source) {
  std::vector<int64_t> times;
  for (;;) {
    auto pulled = source.Next();
    EXPECT_OK(pulled);
    if (!pulled.ok() || std::holds_alternative<End>(*pulled)) return times;
    times.push_back(std::get<av::FramePtr>(*pulled)->pts);
  }
}

std::vector<int64_t> UpTo(int count) {
  std::vector<int64_t> times;
  for (int i = 0; i < count; ++i) times.push_back(i);
  return times;
}

TEST(Tee, GivesEachBranchEveryFrameAndPullsItOnce) {
  int pulls = 0;
  const auto tee = Tee::Create(Frames(50, &pulls), Tee::Pace::kFree);
  const auto a = tee->Branch();
  const auto b = tee->Branch();
  EXPECT_EQ(ReadAll(*a), UpTo(50));
  EXPECT_EQ(ReadAll(*b), UpTo(50));
  EXPECT_EQ(pulls, 51);
}

TEST(Tee, BranchesOnThreadsOfTheirOwnKeepTogether) {
  for (int round = 0; round < 50; ++round) {
    int pulls = 0;
    const auto tee = Tee::Create(Frames(200, &pulls), Tee::Pace::kTogether);
    std::vector<std::unique_ptr<FrameSource>> branches;
    for (int i = 0; i < 3; ++i) branches.push_back(tee->Branch());
    std::vector<std::vector<int64_t>> read(branches.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < branches.size(); ++i) {
      threads.emplace_back([&, i] { read[i] = ReadAll(*branches[i]); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& times : read) EXPECT_EQ(times, UpTo(200));
  }
}

TEST(Tee, ABranchThatLeavesHoldsUpNoOne) {
  int pulls = 0;
  const auto tee = Tee::Create(Frames(200, &pulls), Tee::Pace::kTogether);
  const auto stays = tee->Branch();
  auto leaves = tee->Branch();
  std::vector<int64_t> read;
  // It waits for the other one, until that is gone.
  std::thread thread([&] { read = ReadAll(*stays); });
  leaves.reset();
  thread.join();
  EXPECT_EQ(read, UpTo(200));
}

TEST(Tee, TellsEveryBranchOfAFailure) {
  int pulls = 0;
  const auto tee = Tee::Create(Frames(1, &pulls, av::Failure(av::Reason::kIoError, "gone")), Tee::Pace::kFree);
  const auto a = tee->Branch();
  const auto b = tee->Branch();
  for (FrameSource* branch : {a.get(), b.get()}) {
    ASSERT_OK(branch->Next());
    EXPECT_EQ(av::ReasonOf(branch->Next().status()), av::Reason::kIoError);
  }
}

TEST(ThreadStage, PassesAllOnInOrder) {
  int pulls = 0;
  FrameThread stage(Frames(500, &pulls), 4);
  EXPECT_EQ(ReadAll(stage), UpTo(500));
}

TEST(ThreadStage, EndsWithItemsStillInIt) {
  for (const int read : {0, 1, 10}) {
    int pulls = 0;
    FrameThread stage(Frames(1000, &pulls), 4);
    for (int i = 0; i < read; ++i) EXPECT_OK(stage.Next());
  }
}

TEST(ThreadStage, PassesOnAFailure) {
  int pulls = 0;
  FrameThread stage(Frames(2, &pulls, av::Failure(av::Reason::kIoError, "gone")), 8);
  ASSERT_OK(stage.Next());
  ASSERT_OK(stage.Next());
  EXPECT_EQ(av::ReasonOf(stage.Next().status()), av::Reason::kIoError);
}

}  // namespace
}  // namespace spool::media
