// Very many browsers, as far as the HTTP port can tell: server-sent events and WebSockets on raw connections, one of
// them stalled. Each gets every event once and in order; memory stays bounded; the stalled one then gets everything.
//
// In full, on a machine that does nothing else, with a table at the end:
//   bazel run --config=opt //tests/many:http_crowd -- --sse=1000 --web_sockets=200 --events=100000

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/unique_fd.h"
#include "tests/support/process_facts.h"
#include "tests/support/spoold_test.h"

ABSL_FLAG(int, sse, 100, "readers of server-sent events");
ABSL_FLAG(int, web_sockets, 20, "readers over WebSocket");
ABSL_FLAG(int64_t, events, 20000, "events that each of them gets");

namespace spool::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBatch = 5000;
// The clock only ends what has gone wrong.
constexpr std::chrono::minutes kPatience{15};
constexpr absl::string_view kEvent = "{\"sequence\":\"";

enum class Kind { kEventSource, kWebSocket };

// One connection. It looks for the beginning of each event and wants the next number there: with a hole, a double or
// another order it is wrong.
class Reader {
 public:
  Reader(const std::string& address, Kind kind, bool small_window) {
    const size_t colon = address.rfind(':');
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(address.substr(colon + 1), &port));
    fd_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int window = 4096;
    if (small_window) setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0) << strerror(errno);
    if (kind == Kind::kEventSource) {
      Send("GET /v1/events?after_sequence=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
      return;
    }
    Send(
        "GET /v1/events/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    // Byte by byte, so that nothing of what follows is taken. Frames may be sent only after this.
    std::string answer;
    char byte = 0;
    while (!absl::EndsWith(answer, "\r\n\r\n") && recv(fd_.get(), &byte, 1, 0) == 1) answer += byte;
    EXPECT_TRUE(absl::StrContains(answer, " 101 ")) << answer;
    // A masked text frame, with a mask of zeros.
    const std::string request = "{\"afterSequence\":\"0\"}";
    Send(std::string("\x81") + static_cast<char>(0x80 | request.size()) + std::string(4, '\0') + request);
  }

  int fd() const { return fd_.get(); }
  int64_t last() const { return last_; }
  const std::string& wrong() const { return wrong_; }

  // Reads what is there; false when there is nothing more for now.
  bool Read() {
    static thread_local std::vector<char> buffer(256 << 10);
    const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0) {
      if (errno != EAGAIN) wrong_ = strerror(errno);
      return false;
    }
    if (got == 0) {
      wrong_ = "the server ended the stream";
      return false;
    }
    Look({buffer.data(), static_cast<size_t>(got)});
    return true;
  }

 private:
  void Send(const std::string& bytes) {
    EXPECT_EQ(send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  // An event's beginning may lie across two pieces: what is left of the last one, which is short, goes before this one.
  void Look(absl::string_view bytes) {
    if (!carried_.empty()) {
      // Only as much as is needed to finish what was begun.
      const size_t needed = std::min(bytes.size(), kEvent.size() + 24);
      carried_.append(bytes.data(), needed);
      const size_t taken = Scan(carried_);
      const size_t old = carried_.size() - needed;
      if (needed == bytes.size()) {
        carried_.erase(0, taken);
        return;
      }
      // Nothing that begins in the old part can be unfinished now; what begins in the new part is looked at again.
      bytes.remove_prefix(taken > old ? taken - old : 0);
      carried_.clear();
    }
    carried_ = std::string(bytes.substr(Scan(bytes)));
  }

  // Takes the events whose beginnings lie in the text; answers from where on it may be the beginning of another.
  size_t Scan(absl::string_view text) {
    size_t at = 0;
    for (;;) {
      const size_t found = text.find(kEvent, at);
      if (found == absl::string_view::npos) {
        return std::max(at, text.size() - std::min(text.size(), kEvent.size() - 1));
      }
      const size_t digits = found + kEvent.size();
      const size_t end = text.find('"', digits);
      if (end == absl::string_view::npos) return found;
      int64_t sequence = 0;
      if (!absl::SimpleAtoi(text.substr(digits, end - digits), &sequence) || sequence != last_ + 1) {
        if (wrong_.empty()) wrong_ = absl::StrCat("after event ", last_, " came ", text.substr(digits, end - digits));
      }
      last_ = sequence;
      at = end;
    }
  }

  UniqueFd fd_;
  std::string carried_;
  int64_t last_ = 0;
  std::string wrong_;
};

class HttpCrowdTest : public SpooldTest {
 protected:
  void SetUp() override {
    StartServer();
    ASSERT_OK(client().PauseQueue());
  }

  // Reads with all of `readers` until each has come to `sequence`.
  void ReadUntil(const std::vector<Reader*>& readers, int64_t sequence) {
    const UniqueFd poll(epoll_create1(EPOLL_CLOEXEC));
    size_t behind = 0;
    for (Reader* const reader : readers) {
      epoll_event event = {};
      event.events = EPOLLIN;
      event.data.ptr = reader;
      ASSERT_EQ(epoll_ctl(poll.get(), EPOLL_CTL_ADD, reader->fd(), &event), 0);
      behind += reader->last() < sequence;
    }
    const auto end = Clock::now() + kPatience;
    while (behind > 0) {
      ASSERT_LT(Clock::now(), end) << behind << " readers have not come to event " << sequence;
      epoll_event ready[256];
      const int count = epoll_wait(poll.get(), ready, 256, 1000);
      for (int i = 0; i < count; ++i) {
        auto* const reader = static_cast<Reader*>(ready[i].data.ptr);
        const bool was_behind = reader->last() < sequence;
        // A bounded number of times, so that all get their turn.
        for (int times = 0; times < 4 && reader->Read(); ++times) {
        }
        ASSERT_EQ(reader->wrong(), "");
        behind -= was_behind && reader->last() >= sequence;
      }
      Sample();
    }
  }

  void Sample() {
    if (const auto now = Clock::now(); now < next_sample_) {
      return;
    } else {
      next_sample_ = now + std::chrono::milliseconds(100);
    }
    const auto facts = FactsOf(server().pid());
    ASSERT_OK(facts);
    most_resident_ = std::max(most_resident_, facts->resident_bytes);
  }

  // One event each.
  void Publish(int64_t jobs) {
    while (jobs > 0) {
      v1::EnqueueBatchRequest batch;
      for (; jobs > 0 && batch.requests_size() < kBatch; --jobs) {
        v1::EnqueueRequest request = Resize("none.mp4", 64, 64);
        request.set_video_id(absl::StrCat("video-", jobs % 100));
        *batch.add_requests() = std::move(request);
      }
      ASSERT_OK(client().EnqueueBatch(batch));
    }
  }

  Clock::time_point next_sample_;
  int64_t most_resident_ = 0;
};

TEST_F(HttpCrowdTest, AllCompleteBesideAStalledOne) {
  const int64_t events = absl::GetFlag(FLAGS_events);
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<Reader*> fast;
  for (int i = 0; i < absl::GetFlag(FLAGS_sse) + absl::GetFlag(FLAGS_web_sockets); ++i) {
    readers.push_back(std::make_unique<Reader>(server().http_address(),
                                               i < absl::GetFlag(FLAGS_sse) ? Kind::kEventSource : Kind::kWebSocket,
                                               /*small_window=*/false));
    fast.push_back(readers.back().get());
  }
  Reader stalled_events(server().http_address(), Kind::kEventSource, /*small_window=*/true);
  Reader stalled_socket(server().http_address(), Kind::kWebSocket, /*small_window=*/true);
  // They are there: each has the first event.
  Publish(1);
  ReadUntil(fast, 1);
  const auto before = FactsOf(server().pid());
  ASSERT_OK(before);

  const auto begin = Clock::now();
  std::thread publisher([&] { Publish(events - 1); });
  ReadUntil(fast, events);
  publisher.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const auto after = FactsOf(server().pid());
  ASSERT_OK(after);
  if (HasFatalFailure()) return;

  const auto catching_up = Clock::now();
  ReadUntil({&stalled_events, &stalled_socket}, events);
  const double caught_up = std::chrono::duration<double>(Clock::now() - catching_up).count();
  const double mebibyte = 1 << 20;
  absl::PrintF("%d readers (%d of them WebSockets), %d events: %.1f s, %.3g M events delivered a second\n", fast.size(),
               absl::GetFlag(FLAGS_web_sockets), events, seconds,
               static_cast<double>(events) * static_cast<double>(fast.size()) / seconds / 1e6);
  absl::PrintF("resident: %.0f MiB before, %.0f at most, %.0f after; CPU of the server %.1f s\n",
               static_cast<double>(before->resident_bytes) / mebibyte, static_cast<double>(most_resident_) / mebibyte,
               static_cast<double>(after->resident_bytes) / mebibyte, absl::ToDoubleSeconds(after->cpu - before->cpu));
  absl::PrintF("the stalled ones then took %.1f s for everything\n", caught_up);
  // The ring (32 MiB) and the events' JSON; and for each reader that has fallen behind it the stretch that it reads
  // from the log (256 KiB) and one update.
  EXPECT_LT(most_resident_, (int64_t{128} << 20) + static_cast<int64_t>(fast.size()) * (int64_t{512} << 10));
}

}  // namespace
}  // namespace spool::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  absl::ParseCommandLine(argc, argv);
  return RUN_ALL_TESTS();
}
