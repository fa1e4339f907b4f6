// One protobuf message, and perhaps file descriptors, as one packet of an AF_UNIX SOCK_SEQPACKET socket.

#ifndef SPOOL_SERVER_WORKER_PROTOCOL_PACKET_H_
#define SPOOL_SERVER_WORKER_PROTOCOL_PACKET_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/message_lite.h"
#include "server/base/unique_fd.h"

namespace spool::worker {

// Largest packet either end sends or accepts.
inline constexpr size_t kMaxPacketBytes = 64 * 1024;
// Most descriptors in one packet: a job socket, an input and 16 outputs.
inline constexpr size_t kMaxPacketFds = 18;

// Both ends of a new socket, close-on-exec.
absl::StatusOr<std::pair<UniqueFd, UniqueFd>> MakePacketSocketPair();

// Sends `message` with copies of `fds`. InvalidArgument if it is too big; Unavailable if the other end is gone.
absl::Status SendPacket(int socket, const google::protobuf::MessageLite& message, absl::Span<const int> fds = {});

// Waits for the next packet. OutOfRange when the other end has closed; DataLoss if what came is cut, is not a message
// of this type, or brings more descriptors than kMaxPacketFds (they are closed).
absl::Status ReceivePacket(int socket, google::protobuf::MessageLite& message, std::vector<UniqueFd>* fds = nullptr);

}  // namespace spool::worker

#endif  // SPOOL_SERVER_WORKER_PROTOCOL_PACKET_H_
