// Floods: what HTTP/2 allows, and far too much of it. gRPC 1.51 sets few bounds of its own; server/OPERATING.md has
// what is left unbounded.
//
// A run with --test_output=all prints what each cost.

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/many/hostile.h"

namespace spool::testing {
namespace {

class FloodTest : public HostileTest {
 protected:
  // gRPC makes some eight times of what comes in as headers, and has 22 KiB for each stream until it is worked off.
  FloodTest() { burst_bytes_ = int64_t{500} << 20; }

  static std::string Fields(size_t bytes) {
    std::string block;
    for (int i = 0; block.size() < bytes; ++i) block += Field(absl::StrCat("x-", i), "y");
    return block;
  }
  // A header block that does not end, as far as the server lets it.
  void Continue(RawConnection& connection, const std::string& first, const std::string& piece, int pieces) {
    std::string frames =
        Encode({FrameType::kHeaders, 0, 1, CallHeaders(kGetJob)}) + Encode({FrameType::kContinuation, 0, 1, first});
    for (int i = 0; i < pieces; ++i) frames += Encode({FrameType::kContinuation, 0, 1, piece});
    Throw(connection, frames);
  }
};

// Empty pieces, fields that are too many for one piece, few in each, and one value of which more and more comes. Others
// notice nothing.
TEST_F(FloodTest, Continuations) {
  const std::string long_value = std::string("\0\1x\x7f\xff\xff\xff\x7f", 8);
  struct Flood {
    std::string first;
    std::string piece;
    int pieces;
  };
  // Of the last one, each piece has gRPC look at all of the value again.
  const std::vector<Flood> floods = {{"", "", 100000},
                                     {"", Fields(16000), 1000},
                                     {"", Fields(1000), 16000},
                                     {long_value, std::string(16000, 'v'), 300}};
  for (const Flood& flood : floods) {
    RawConnection connection = Greeted();
    Continue(connection, flood.first, flood.piece, flood.pieces);
    ExpectHoldingOut();
  }
}

TEST_F(FloodTest, RapidResets) {
  for (const char* path : {kWatch, kGetJob, kEnqueue}) {
    RawConnection connection = Greeted();
    std::string frames;
    for (uint32_t stream = 1; stream < 20000; stream += 2) {
      frames += Call(stream, path, v1::GetJobRequest()) + Encode({FrameType::kResetStream, 0, stream, Number(8)});
    }
    Throw(connection, frames);
    ExpectHoldingOut();
  }
}

// The server allows 1024 at a time; whoever has acknowledged that and opens more is sent away.
TEST_F(FloodTest, MoreStreamsThanAllowed) {
  RawConnection connection = Greeted();
  std::string frames = Encode({FrameType::kSettings, kAck, 0, ""});
  for (uint32_t stream = 1; stream < 10000; stream += 2) frames += Call(stream, kWatch, v1::WatchEventsRequest());
  Throw(connection, frames);
  EXPECT_OK(connection.UntilClosed(kSoon));
  ExpectHoldingOut();
}

TEST_F(FloodTest, SmallFrames) {
  const std::string open = Encode({FrameType::kHeaders, kEndHeaders, 1, CallHeaders(kGetJob)});
  const std::vector<std::pair<std::string, std::string>> floods = {
      {"", Encode({FrameType::kPing, 0, 0, "12345678"})},
      {"", Encode({FrameType::kSettings, 0, 0, ""})},
      {"", Encode({FrameType::kSettings, 0, 0, std::string("\0\4", 2) + Number(1000)})},
      {open, Encode({FrameType::kData, 0, 1, ""})},
      {open, Encode({FrameType::kWindowUpdate, 0, 1, Number(1)})},
      {open, Encode({FrameType::kPriority, 0, 1, Number(0) + "x"})},
      {"", Encode({FrameType::kResetStream, 0, 1, Number(8)})},
      {"", Encode({FrameType::kGoAway, 0, 0, Number(0) + Number(0)})},
  };
  for (const auto& [first, frame] : floods) {
    std::string frames;
    for (int i = 0; i < 100000; ++i) frames += frame;
    // Whether the answers are read or not.
    for (const auto reading : {RawConnection::Reading::kYes, RawConnection::Reading::kNo}) {
      SCOPED_TRACE(absl::CHexEscape(frame));
      RawConnection connection = Greeted();
      Throw(connection, first, reading);
      Throw(connection, frames, reading, absl::Seconds(2));
      ExpectHoldingOut();
    }
  }
}

// gRPC does not limit who has not.
TEST_F(FloodTest, MoreStreamsWithoutAWordOnTheLimit) {
  RawConnection connection = Greeted();
  std::string frames;
  for (uint32_t stream = 1; stream < 10000; stream += 2) frames += Call(stream, kWatch, v1::WatchEventsRequest());
  Throw(connection, frames);
  ExpectHoldingOut();
}

// No flood: as much as is allowed. None of it is refused for want of memory.
TEST_F(FloodTest, LargeMessagesFromMany) {
  constexpr int kUploads = 32;
  constexpr int kParts = 3;
  const std::string part(15 << 20, 'x');
  std::vector<absl::Status> ends(kUploads);
  std::vector<std::thread> callers;
  for (absl::Status& end : ends) {
    callers.emplace_back([&] {
      grpc::ClientContext context;
      v1::UploadMediaResponse response;
      const auto writer = media()->UploadMedia(&context, &response);
      v1::UploadMediaRequest message;
      message.mutable_header()->set_file_name("a.png");
      writer->Write(message);
      message.set_chunk(part);
      for (int i = 0; i < kParts; ++i) writer->Write(message);
      writer->WritesDone();
      end = client::FromGrpc(writer->Finish());
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const absl::Status& end : ends) EXPECT_OK(end);
  // Our own channel for uploads.
  ++before_.descriptors;
}

}  // namespace
}  // namespace spool::testing
