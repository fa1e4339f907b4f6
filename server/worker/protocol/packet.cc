#include "server/worker/protocol/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"

namespace spool::worker {
namespace {

// Room for the control message of kMaxPacketFds descriptors, aligned as cmsghdr wants it.
union ControlBuffer {
  cmsghdr align;
  std::array<char, CMSG_SPACE(sizeof(int) * kMaxPacketFds)> bytes;
};

void TakeDescriptors(msghdr& header, std::vector<UniqueFd>& fds) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
}

}  // namespace

absl::StatusOr<std::pair<UniqueFd, UniqueFd>> MakePacketSocketPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return PosixError(errno, "socketpair");
  return std::make_pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

absl::Status SendPacket(int socket, const google::protobuf::MessageLite& message, absl::Span<const int> fds) {
  const std::string bytes = message.SerializeAsString();
  if (bytes.size() > kMaxPacketBytes || fds.size() > kMaxPacketFds) {
    return absl::InvalidArgumentError(
        absl::StrCat("packet of ", bytes.size(), " bytes and ", fds.size(), " descriptors is too big"));
  }
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ControlBuffer control = {};
  if (!fds.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    memcpy(CMSG_DATA(c), fds.data(), sizeof(int) * fds.size());
  }
  for (;;) {
    if (sendmsg(socket, &header, MSG_NOSIGNAL) >= 0) return absl::OkStatus();
    if (errno == EINTR) continue;
    if (errno == EPIPE || errno == ECONNRESET) return absl::UnavailableError("the other end is gone");
    return PosixError(errno, "sendmsg");
  }
}

absl::Status ReceivePacket(int socket, google::protobuf::MessageLite& message, std::vector<UniqueFd>* fds) {
  // One byte more than allowed, so that a packet that is too big shows.
  thread_local std::array<char, kMaxPacketBytes + 1> buffer;
  iovec part = {buffer.data(), buffer.size()};
  ControlBuffer control = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t got;
  do {
    got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    if (errno == ECONNRESET) return absl::OutOfRangeError("the other end has closed");
    return PosixError(errno, "recvmsg");
  }
  std::vector<UniqueFd> received;
  TakeDescriptors(header, received);
  // An empty packet is an end of file here: no message of ours is empty.
  if (got == 0) return absl::OutOfRangeError("the other end has closed");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || static_cast<size_t>(got) > kMaxPacketBytes) {
    return absl::DataLossError("packet was cut");
  }
  if (!message.ParseFromArray(buffer.data(), static_cast<int>(got))) {
    return absl::DataLossError(absl::StrCat("packet is not a ", message.GetTypeName()));
  }
  if (fds != nullptr) *fds = std::move(received);
  return absl::OkStatus();
}

}  // namespace spool::worker
