#include "tests/many/raw_http2.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"
#include "server/base/status_macros.h"

namespace spool::testing {
namespace {

constexpr size_t kFrameHeader = 9;

absl::Time Now() { return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

// Whether the other side is gone, rather than something here being wrong.
bool IsGone(int error) { return error == ECONNRESET || error == EPIPE || error == ENOTCONN; }

// RFC 7541, 5.1, with a prefix of 7 bits and nothing in the eighth.
std::string Length(size_t value) {
  if (value < 127) return std::string(1, static_cast<char>(value));
  std::string bytes(1, 127);
  for (value -= 127; value >= 128; value /= 128) bytes += static_cast<char>(value % 128 + 128);
  return bytes + static_cast<char>(value);
}

}  // namespace

std::string Number(uint32_t value) {
  const uint32_t bytes = htonl(value);
  return std::string(reinterpret_cast<const char*>(&bytes), sizeof(bytes));
}

std::string Encode(const Frame& frame) {
  return absl::StrCat(Number(static_cast<uint32_t>(frame.payload.size())).substr(1),
                      std::string(1, static_cast<char>(frame.type)), std::string(1, static_cast<char>(frame.flags)),
                      Number(frame.stream), frame.payload);
}

std::string Field(absl::string_view name, absl::string_view value) {
  return absl::StrCat(std::string(1, '\0'), Length(name.size()), name, Length(value.size()), value);
}

std::string CallHeaders(absl::string_view path, const std::vector<std::pair<std::string, std::string>>& more) {
  std::string block = absl::StrCat(Field(":method", "POST"), Field(":scheme", "http"), Field(":path", path),
                                   Field(":authority", "localhost"), Field("te", "trailers"),
                                   Field("content-type", "application/grpc"));
  for (const auto& [name, value] : more) block += Field(name, value);
  return block;
}

std::string Call(uint32_t stream, absl::string_view path, const google::protobuf::MessageLite& request) {
  const std::string message = request.SerializeAsString();
  const std::string prefix = std::string(1, '\0') + Number(static_cast<uint32_t>(message.size()));
  return Encode({FrameType::kHeaders, kEndHeaders, stream, CallHeaders(path)}) +
         Encode({FrameType::kData, kEndStream, stream, prefix + message});
}

absl::StatusOr<RawConnection> RawConnection::Open(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  if (!absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr) != 1) {
    return absl::InvalidArgumentError(absl::StrCat(address, " is no address of IPv4"));
  }
  peer.sin_port = htons(static_cast<uint16_t>(port));
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return PosixError(errno, "socket");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0) {
    return PosixError(errno, absl::StrCat("connect to ", address));
  }
  return RawConnection(std::move(socket));
}

absl::StatusOr<short> RawConnection::Wait(short events, absl::Time deadline) {
  pollfd waiting = {socket_.get(), events, 0};
  for (;;) {
    const absl::Duration left = std::max(deadline - Now(), absl::ZeroDuration());
    const int ready = poll(&waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0) return waiting.revents;
    if (ready < 0 && errno != EINTR) return PosixError(errno, "poll");
    if (ready == 0) return absl::DeadlineExceededError("the server does nothing with a connection");
  }
}

absl::Status RawConnection::Read() {
  char bytes[65536];
  const ssize_t size = recv(socket_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
  if (size == 0 || (size < 0 && IsGone(errno))) return absl::UnavailableError("the server has closed the connection");
  if (size > 0) buffer_.append(bytes, static_cast<size_t>(size));
  if (size < 0 && errno != EAGAIN && errno != EINTR) return PosixError(errno, "recv");
  return absl::OkStatus();
}

absl::Status RawConnection::Send(absl::string_view bytes, Reading reading, absl::Duration longest) {
  const absl::Time deadline = Now() + longest;
  while (!bytes.empty()) {
    SPOOL_ASSIGN_OR_RETURN(const short ready, Wait(reading == Reading::kYes ? POLLOUT | POLLIN : POLLOUT, deadline));
    if (reading == Reading::kYes && (ready & POLLIN) != 0) {
      SPOOL_RETURN_IF_ERROR(Read());
      buffer_.clear();
    }
    if ((ready & (POLLOUT | POLLERR | POLLHUP)) == 0) continue;
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
    if (sent < 0 && IsGone(errno)) return absl::UnavailableError("the server has closed the connection");
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return PosixError(errno, "send");
  }
  return absl::OkStatus();
}

absl::Status RawConnection::Greet(uint32_t window) {
  // SETTINGS_INITIAL_WINDOW_SIZE is 4.
  const std::string settings = std::string("\0\4", 2) + Number(window);
  return Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Encode({FrameType::kSettings, 0, 0, settings}), Reading::kNo);
}

absl::StatusOr<Frame> RawConnection::Next(absl::Duration longest) {
  const absl::Time deadline = Now() + longest;
  for (;;) {
    if (buffer_.size() >= kFrameHeader) {
      const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(buffer_[i])); };
      const size_t length = at(0) << 16 | at(1) << 8 | at(2);
      if (buffer_.size() >= kFrameHeader + length) {
        Frame frame{static_cast<FrameType>(at(3)), static_cast<uint8_t>(at(4)),
                    (at(5) & 0x7f) << 24 | at(6) << 16 | at(7) << 8 | at(8), buffer_.substr(kFrameHeader, length)};
        buffer_.erase(0, kFrameHeader + length);
        return frame;
      }
    }
    SPOOL_RETURN_IF_ERROR(Wait(POLLIN, deadline).status());
    SPOOL_RETURN_IF_ERROR(Read());
  }
}

absl::StatusOr<Frame> RawConnection::Until(FrameType type) {
  for (;;) {
    SPOOL_ASSIGN_OR_RETURN(Frame frame, Next());
    if (frame.type == type) return frame;
  }
}

absl::Status RawConnection::UntilReceived(size_t bytes) {
  for (size_t got = 0; got < bytes;) {
    SPOOL_ASSIGN_OR_RETURN(const Frame data, Until(FrameType::kData));
    got += data.payload.size();
  }
  return absl::OkStatus();
}

absl::Status RawConnection::UntilClosed(absl::Duration longest) {
  const absl::Time deadline = Now() + longest;
  for (;;) {
    SPOOL_RETURN_IF_ERROR(Wait(POLLIN, deadline).status());
    const absl::Status read = Read();
    buffer_.clear();
    if (absl::IsUnavailable(read)) return absl::OkStatus();
    SPOOL_RETURN_IF_ERROR(read);
    if (Now() > deadline) return absl::DeadlineExceededError("the server goes on with a connection");
  }
}

void RawConnection::Vanish() {
  const linger at_once = {1, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  socket_.reset();
}

}  // namespace spool::testing
