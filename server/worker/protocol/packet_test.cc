#include "server/worker/protocol/packet.h"

#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"
#include "server/worker/protocol/worker.pb.h"

namespace spool::worker {
namespace {

class PacketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pair = MakePacketSocketPair();
    ASSERT_OK(pair.status());
    left_ = std::move(pair->first);
    right_ = std::move(pair->second);
  }
  UniqueFd left_, right_;
};

TEST_F(PacketTest, CarriesMessageAndDescriptors) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  UniqueFd reader(pipe_ends[0]), writer(pipe_ends[1]);
  ZygoteRequest request;
  request.mutable_spawn()->set_id(7);
  ASSERT_OK(SendPacket(left_.get(), request, {writer.get()}));
  writer.reset();

  ZygoteRequest got;
  std::vector<UniqueFd> fds;
  ASSERT_OK(ReceivePacket(right_.get(), got, &fds));
  EXPECT_EQ(got.spawn().id(), 7u);
  ASSERT_EQ(fds.size(), 1u);
  ASSERT_EQ(write(fds[0].get(), "x", 1), 1);
  char byte = 0;
  ASSERT_EQ(read(reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST_F(PacketTest, CloseOfTheOtherEndIsOutOfRangeAndSendingToItUnavailable) {
  right_.reset();
  Report report;
  EXPECT_THAT(ReceivePacket(left_.get(), report), StatusIs(absl::StatusCode::kOutOfRange));
  report.set_log_line("late");
  EXPECT_THAT(SendPacket(left_.get(), report), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(PacketTest, TooBigIsRefusedAtBothEnds) {
  Report report;
  report.set_log_line(std::string(kMaxPacketBytes, 'a'));
  EXPECT_THAT(SendPacket(left_.get(), report), StatusIs(absl::StatusCode::kInvalidArgument));

  const std::string raw = report.SerializeAsString();
  ASSERT_EQ(send(left_.get(), raw.data(), raw.size(), 0), static_cast<ssize_t>(raw.size()));
  EXPECT_THAT(ReceivePacket(right_.get(), report), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(PacketTest, GarbageIsDataLoss) {
  ASSERT_EQ(send(left_.get(), "\xff\xff\xff", 3, 0), 3);
  Report report;
  EXPECT_THAT(ReceivePacket(right_.get(), report), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(PacketTest, TooManyDescriptorsAreDataLossAndClosed) {
  int fds[kMaxPacketFds + 1];
  for (int& fd : fds) fd = left_.get();
  char payload[] = "x";
  iovec part = {payload, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(fds))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* c = CMSG_FIRSTHDR(&header);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(fds));
  memcpy(CMSG_DATA(c), fds, sizeof(fds));
  ASSERT_EQ(sendmsg(left_.get(), &header, 0), 1);
  Report report;
  std::vector<UniqueFd> got;
  EXPECT_THAT(ReceivePacket(right_.get(), report, &got), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_TRUE(got.empty());
}

}  // namespace
}  // namespace spool::worker
