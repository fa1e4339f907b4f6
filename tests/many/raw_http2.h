// The client's end of an HTTP/2 connection, byte by byte, for what no library would send.

#ifndef SPOOL_TESTS_MANY_RAW_HTTP2_H_
#define SPOOL_TESTS_MANY_RAW_HTTP2_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "server/base/unique_fd.h"

namespace spool::testing {

// RFC 9113, section 6.
enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kResetStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
inline constexpr uint8_t kAck = 0x1;
inline constexpr uint8_t kEndStream = 0x1;
inline constexpr uint8_t kEndHeaders = 0x4;

struct Frame {
  FrameType type;
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};
std::string Encode(const Frame& frame);
// Big-endian, 4 bytes.
std::string Number(uint32_t value);

// A header field that no table keeps (RFC 7541, 6.2.2), without Huffman coding.
std::string Field(absl::string_view name, absl::string_view value);
// The header block of a gRPC call, and fields of one's own after it.
std::string CallHeaders(absl::string_view path, const std::vector<std::pair<std::string, std::string>>& more = {});
// A whole call: its headers, and its message if there is one.
std::string Call(uint32_t stream, absl::string_view path, const google::protobuf::MessageLite& request);

// Belongs to one thread. Closed when it goes.
class RawConnection {
 public:
  static absl::StatusOr<RawConnection> Open(const std::string& address);

  // Whether what comes meanwhile is read and dropped.
  enum class Reading { kYes, kNo };
  // Unavailable: the server has closed the connection. DeadlineExceeded: it takes no more.
  absl::Status Send(absl::string_view bytes, Reading reading = Reading::kYes,
                    absl::Duration longest = absl::Seconds(30));
  // The preface, and settings: of how much of a stream may be under way.
  absl::Status Greet(uint32_t window = 65535);
  // The next frame. Unavailable: the server has closed the connection.
  absl::StatusOr<Frame> Next(absl::Duration longest = absl::Seconds(30));
  // Reads on to the first such frame.
  absl::StatusOr<Frame> Until(FrameType type);
  // Reads on until so many bytes of messages have come: of a stream with such a window, the next write is blocked.
  absl::Status UntilReceived(size_t bytes);
  // Drops what comes until the server closes the connection. DeadlineExceeded: it does not.
  absl::Status UntilClosed(absl::Duration longest);
  // Ends it with a reset, not with an orderly end.
  void Vanish();

 private:
  explicit RawConnection(UniqueFd socket) : socket_(std::move(socket)) {}
  // Waits for one of these events of poll().
  absl::StatusOr<short> Wait(short events, absl::Time deadline);
  // What there is, into buffer_. Unavailable: there will be no more.
  absl::Status Read();

  UniqueFd socket_;
  std::string buffer_;
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_MANY_RAW_HTTP2_H_
