// Clients that vanish, talk nonsense or ask for too much, on sockets of their own.
//
// A run with --test_output=all prints what each cost.

#include "tests/many/hostile.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace spool::testing {
namespace {

// Far from any time limit of the server's, of which the shortest is 30 s.
constexpr absl::Duration kAtOnce = absl::Seconds(10);

class HostileClientTest : public HostileTest {
 protected:
  // Jobs enough that a reader with a small window is blocked in its first response.
  void MakeALongLog() {
    v1::EnqueueBatchRequest batch;
    for (int i = 0; i < 2000; ++i) *batch.add_requests() = Resize("a.png", 8, 8);
    ASSERT_OK(client().EnqueueBatch(batch));
    // Also what these have made grow.
    ExpectServing();
    before_ = Facts();
  }
  // Whether a call may be answered with a message, too.
  enum class Opening { kNo, kAllowed };
  // Reads until the server has refused a call, one way or another: at once, and not because a time limit came.
  static absl::Status UntilEnded(RawConnection& connection, Opening opening) {
    for (const absl::Time deadline = Now() + kAtOnce; Now() < deadline;) {
      const absl::StatusOr<Frame> frame = connection.Next(deadline - Now());
      if (!frame.ok()) return frame.status();
      if (frame->type == FrameType::kResetStream || frame->type == FrameType::kGoAway) return absl::OkStatus();
      if (frame->type == FrameType::kHeaders && (frame->flags & kEndStream) != 0) return absl::OkStatus();
      if (frame->type != FrameType::kData) continue;
      return opening == Opening::kAllowed ? absl::OkStatus() : absl::FailedPreconditionError("the call is answered");
    }
    return absl::DeadlineExceededError("the call goes on");
  }
};

TEST_F(HostileClientTest, ClientsVanishWithAWriteBlocked) {
  ASSERT_NO_FATAL_FAILURE(MakeALongLog());
  constexpr uint32_t kWindow = 1000;
  for (int round = 0; round < 50; ++round) {
    RawConnection connection = Greeted(kWindow);
    ASSERT_OK(connection.Send(Call(1, kWatch, FromEarliest())));
    ASSERT_OK(connection.UntilReceived(kWindow));
    if (round % 2 == 0) connection.Vanish();
  }
  ExpectHoldingOut();
}

TEST_F(HostileClientTest, StreamsAreResetWithAWriteBlocked) {
  ASSERT_NO_FATAL_FAILURE(MakeALongLog());
  constexpr uint32_t kWindow = 1000;
  RawConnection connection = Greeted(kWindow);
  for (uint32_t stream = 1; stream < 200; stream += 2) {
    ASSERT_OK(connection.Send(Call(stream, kWatch, FromEarliest()), RawConnection::Reading::kNo));
    ASSERT_OK(connection.UntilReceived(kWindow));
    ASSERT_OK(connection.Send(Encode({FrameType::kResetStream, 0, stream, Number(8)}), RawConnection::Reading::kNo));
    // The connection's own window would be used up by what the streams got.
    ASSERT_OK(connection.Send(Encode({FrameType::kWindowUpdate, 0, 0, Number(kWindow)}), RawConnection::Reading::kNo));
  }
  ExpectHoldingOut();
  // The same connection still serves.
  v1::GetJobRequest request;
  request.set_job_id("no-such-job");
  ASSERT_OK(connection.Send(Call(201, kGetJob, request), RawConnection::Reading::kNo));
  for (;;) {
    const auto answer = connection.Until(FrameType::kHeaders);
    ASSERT_OK(answer);
    if (answer->stream == 201) break;
  }
}

TEST_F(HostileClientTest, GarbageInPlaceOfThePreface) {
  std::mt19937 random(1);
  std::string garbage(1 << 20, '\0');
  for (char& byte : garbage) byte = static_cast<char>(random());
  for (int round = 0; round < 20; ++round) {
    RawConnection connection = Open();
    Throw(connection, garbage.substr(static_cast<size_t>(round) * 1000));
    EXPECT_OK(connection.UntilClosed(kSoon));
  }
}

TEST_F(HostileClientTest, HttpOne) {
  const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string post =
      "POST /spool.v1.JobService/Enqueue HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/grpc\r\nContent-Length: 5\r\n\r\n" +
      std::string(5, '\0');
  for (const std::string& request : {get, post}) {
    RawConnection connection = Open();
    Throw(connection, request);
    EXPECT_OK(connection.UntilClosed(kSoon));
  }
}

TEST_F(HostileClientTest, GarbageFramesAfterAGoodPreface) {
  std::mt19937 random(2);
  for (int round = 0; round < 200; ++round) {
    RawConnection connection = Greeted();
    std::string frames;
    while (frames.size() < 5000) {
      Frame frame{static_cast<FrameType>(random() % 12), static_cast<uint8_t>(random()),
                  static_cast<uint32_t>(random() % 8), std::string(random() % 300, '\0')};
      for (char& byte : frame.payload) byte = static_cast<char>(random());
      frames += Encode(frame);
    }
    Throw(connection, frames);
    if (round % 50 == 0) ExpectHoldingOut();
  }
}

TEST_F(HostileClientTest, FramesThatTheProtocolForbids) {
  const std::string get = Call(1, kGetJob, v1::GetJobRequest());
  const std::vector<std::string> attacks = {
      Encode({FrameType::kData, kEndStream, 7, "on a stream that was never opened"}),
      Encode({FrameType::kHeaders, kEndHeaders, 0, CallHeaders(kGetJob)}),
      Encode({FrameType::kHeaders, kEndHeaders, 2, CallHeaders(kGetJob)}),
      Encode({FrameType::kPushPromise, kEndHeaders, 1, Number(4) + CallHeaders(kGetJob)}),
      Encode({FrameType::kContinuation, kEndHeaders, 1, CallHeaders(kGetJob)}),
      Encode({FrameType::kSettings, 0, 0, "seven b"}),
      Encode({FrameType::kSettings, 0, 1, ""}),
      Encode({FrameType::kSettings, kAck, 0, "data in an acknowledgement"}),
      Encode({FrameType::kSettings, 0, 0, std::string("\0\4", 2) + Number(0xffffffff)}),
      Encode({FrameType::kPing, 0, 0, "short"}),
      Encode({FrameType::kPing, 0, 3, "12345678"}),
      Encode({FrameType::kGoAway, 0, 0, "x"}),
      Encode({FrameType::kResetStream, 0, 0, Number(0)}),
      Encode({FrameType::kResetStream, 0, 99, Number(0)}),
      Encode({FrameType::kWindowUpdate, 0, 0, Number(0)}),
      Encode({FrameType::kWindowUpdate, 0, 0, Number(0x7fffffff)}) +
          Encode({FrameType::kWindowUpdate, 0, 0, Number(0x7fffffff)}),
      // The same of a stream.
      get + Encode({FrameType::kWindowUpdate, 0, 1, Number(0)}),
      get + Encode({FrameType::kWindowUpdate, 0, 1, Number(0x7fffffff)}) +
          Encode({FrameType::kWindowUpdate, 0, 1, Number(0x7fffffff)}),
      // A stream's number twice, and one that goes back.
      get + get,
      Call(5, kGetJob, v1::GetJobRequest()) + Call(3, kGetJob, v1::GetJobRequest()),
      // Header blocks: an index that is in no table, a string that ends after its frame, an integer without end.
      Encode({FrameType::kHeaders, kEndHeaders, 1, "\xff\xff\xff\x7f"}),
      Encode({FrameType::kHeaders, kEndHeaders, 1, std::string("\0\x7f", 2) + "\xff\xff\xff\x07"}),
      Encode({FrameType::kHeaders, kEndHeaders, 1, std::string("\0\x7f", 2) + std::string(200, '\xff')}),
      // A header table of 4 GiB.
      Encode({FrameType::kHeaders, kEndHeaders, 1, "\x3f\xff\xff\xff\xff\x0f"}),
      // Padding that is longer than its frame.
      Encode({FrameType::kData, 0x8, 1, "\xff"}),
      // A frame of 16 MiB, of which nothing comes.
      std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9),
      // Frames of no known type must be ignored.
      Encode({static_cast<FrameType>(0x77), 0xff, 1, "unknown"}),
  };
  for (const std::string& attack : attacks) {
    SCOPED_TRACE(absl::CHexEscape(attack.substr(0, 100)));
    RawConnection connection = Greeted();
    Throw(connection, attack);
    // Whoever was refused only one stream may go on.
    connection.Send(Call(101, kGetJob, v1::GetJobRequest())).IgnoreError();
    ExpectServing();
  }
}

TEST_F(HostileClientTest, MessagesThatAreNone) {
  const auto call = [](absl::string_view path, const std::string& body) {
    return Encode({FrameType::kHeaders, kEndHeaders, 1, CallHeaders(path)}) +
           Encode({FrameType::kData, kEndStream, 1, body});
  };
  // gRPC 1.51 gives an unknown flag to the method as an empty message, which is a good request for a watch of
  // everything, and nothing that the method is given tells the two apart.
  const std::string unknown_flag("\7\0\0\0\1x", 6);
  for (const absl::string_view path : {kWatch, kGetJob, kEnqueue, "/spool.v1.JobService/NoSuchMethod", "/", ""}) {
    for (const std::string& body :
         {std::string("\0\xff\xff\xff\xff", 5), std::string("\0\0\0\0\4\xff\xff\xff\xff", 9),
          std::string("\1\0\0\0\1x", 6), unknown_flag, std::string("\0\0", 2), std::string()}) {
      SCOPED_TRACE(absl::StrCat(path, " ", absl::CHexEscape(body)));
      RawConnection connection = Greeted();
      ASSERT_OK(connection.Send(call(path, body), RawConnection::Reading::kNo));
      ASSERT_OK(UntilEnded(connection, path == kWatch && body == unknown_flag ? Opening::kAllowed : Opening::kNo));
    }
  }
  // An empty message as it should be.
  RawConnection connection = Greeted();
  ASSERT_OK(connection.Send(Call(1, kWatch, v1::WatchEventsRequest()), RawConnection::Reading::kNo));
  ASSERT_OK(connection.Until(FrameType::kData));
}

TEST_F(HostileClientTest, HeadersThatAreTooLarge) {
  // Beyond the 64 KiB that the server takes: one field, and many; alone, with what crashed older versions of gRPC, and
  // with trailers that are no UTF-8.
  const std::string large(100 << 10, 'x');
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 3000; ++i) many.emplace_back(absl::StrCat("x-", i), std::string(30, 'y'));
  const std::vector<std::string> blocks = {
      CallHeaders(kGetJob, {{"x-large", large}}),
      CallHeaders(kGetJob, many),
      CallHeaders(kGetJob, {{"te", "x"}, {"x-large", large}}),
      Field("te", "x") + CallHeaders(kGetJob, many),
      CallHeaders(kGetJob, {{"grpclb_client_stats", large}}),
      CallHeaders(kGetJob, {{"grpc-timeout", large}}),
      CallHeaders(kGetJob, {{"x-bin", large}}),
      CallHeaders(std::string(70000, '/')),
  };
  for (const std::string& block : blocks) {
    SCOPED_TRACE(absl::CHexEscape(block.substr(0, 100)));
    for (int round = 0; round < 10; ++round) {
      RawConnection connection = Greeted();
      std::string frames;
      for (size_t begin = 0; begin < block.size(); begin += 16384) {
        const bool last = begin + 16384 >= block.size();
        frames += Encode({begin == 0 ? FrameType::kHeaders : FrameType::kContinuation, last ? kEndHeaders : uint8_t{0},
                          1, block.substr(begin, 16384)});
      }
      Throw(connection, frames + Encode({FrameType::kData, kEndStream, 1, std::string(5, '\0')}));
      ExpectHoldingOut();
    }
  }
}

TEST_F(HostileClientTest, MetadataThatIsMalformed) {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  for (const Fields& fields : std::vector<Fields>{{{"spool-bin", "!!!! no base64 ????"}},
                                                  {{"spool-bin", "A"}},
                                                  {{"grpc-tags-bin", "===="}},
                                                  {{"grpc-trace-bin", "\xff\xfe"}},
                                                  {{"grpc-timeout", "-1S"}},
                                                  {{"grpc-timeout", "99999999999999999999H"}},
                                                  {{"grpc-encoding", "nonsense"}},
                                                  {{"Upper-Case", "x"}},
                                                  {{"", "a field without a name"}},
                                                  {{"x", std::string("a\0b\r\nc", 6)}},
                                                  {{":path", "/twice"}},
                                                  {{":status", "200"}},
                                                  {{"content-length", "77"}},
                                                  {{"connection", "close"}}}) {
    SCOPED_TRACE(absl::CHexEscape(absl::StrCat(fields[0].first, "=", fields[0].second)));
    RawConnection connection = Greeted();
    Throw(connection, Encode({FrameType::kHeaders, kEndHeaders, 1, CallHeaders(kGetJob, fields)}) +
                          Encode({FrameType::kData, kEndStream, 1, std::string(5, '\0')}));
    ExpectServing();
  }
}

// Whoever says nothing, or stops in the midst of it, is not waited for for ever.
TEST_F(HostileClientTest, SilentConnectionsAreClosed) {
  constexpr absl::Duration kHandshake = absl::Seconds(60);
  constexpr absl::Duration kKeepalive = absl::Seconds(90);
  std::vector<RawConnection> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(Open());
    const char* const words = i % 2 == 1 ? "PRI * HTTP/2.0\r\n\r\nSM" : "";
    ASSERT_OK(silent.back().Send(words, RawConnection::Reading::kNo));
  }
  // These do speak, and open a watch, but do not answer the server's pings.
  std::vector<RawConnection> dead;
  for (int i = 0; i < 20; ++i) {
    dead.push_back(Greeted());
    ASSERT_OK(dead.back().Send(Call(1, kWatch, FromEarliest()), RawConnection::Reading::kNo));
    ASSERT_OK(dead.back().Until(FrameType::kData));
  }
  ExpectHoldingOut();
  const absl::Time began = Now();
  for (RawConnection& connection : silent) {
    ASSERT_OK(connection.UntilClosed(began + kHandshake - Now())) << "a connection without a preface";
  }
  outcome_ = absl::StrCat("without a preface ", absl::FormatDuration(absl::Trunc(Now() - began, absl::Seconds(1))));
  for (RawConnection& connection : dead) {
    ASSERT_OK(connection.UntilClosed(began + kKeepalive - Now())) << "a connection that answers no ping";
  }
  absl::StrAppend(&outcome_, ", without answers to pings ",
                  absl::FormatDuration(absl::Trunc(Now() - began, absl::Seconds(1))));
}

TEST_F(HostileClientTest, ThousandsOfConnections) {
  std::vector<RawConnection> connections;
  for (int i = 0; i < 2000; ++i) {
    connections.push_back(Open());
    if (i % 2 == 0) connections.back().Greet().IgnoreError();
  }
  ExpectHoldingOut();
  for (size_t i = 0; i < connections.size(); i += 3) connections[i].Vanish();
}

}  // namespace
}  // namespace spool::testing
