#include "server/curl/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/mutex.h"
#include "server/base/status_matchers.h"
#include "server/base/unique_fd.h"

namespace spool::curl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Longer than anything here takes.
constexpr absl::Duration kPatience = absl::Seconds(30);

// Answers each connection's request with `answer`, word for word, then closes it; with an empty one it keeps silent.
class Receiver {
 public:
  explicit Receiver(std::string answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    signal(SIGPIPE, SIG_IGN);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_.get(), 16), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Receiver() {
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }

  int port() const { return port_; }
  std::string url(const std::string& host = "127.0.0.1") const {
    return absl::StrCat("http://", host, ":", port_, "/in");
  }
  // What came so far, of all connections.
  std::string requests() {
    MutexLock lock(&mu_);
    return requests_;
  }
  int connections() {
    MutexLock lock(&mu_);
    return connections_;
  }

 private:
  void Serve() {
    std::vector<UniqueFd> silent;
    for (;;) {
      UniqueFd connection(accept(socket_.get(), nullptr, nullptr));
      if (!connection.valid()) return;
      const std::string request = ReadRequest(connection.get());
      {
        MutexLock lock(&mu_);
        requests_ += request;
        ++connections_;
      }
      if (answer_.empty()) {
        silent.push_back(std::move(connection));
        continue;
      }
      size_t sent = 0;
      while (sent < answer_.size()) {
        const ssize_t count = send(connection.get(), answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += static_cast<size_t>(count);
      }
    }
  }

  // Up to the end that Content-Length says.
  static std::string ReadRequest(int fd) {
    std::string request;
    char buffer[4096];
    for (;;) {
      const ssize_t size = read(fd, buffer, sizeof(buffer));
      if (size <= 0) return request;
      request.append(buffer, static_cast<size_t>(size));
      const size_t end = request.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      const size_t at = absl::AsciiStrToLower(request).find("content-length: ");
      size_t length = 0;
      if (at != std::string::npos) {
        EXPECT_TRUE(absl::SimpleAtoi(request.substr(at + 16, request.find('\r', at) - at - 16), &length)) << request;
      }
      if (request.size() >= end + 4 + length) return request;
    }
  }

  const std::string answer_;
  const UniqueFd socket_;
  int port_ = 0;
  Mutex mu_;
  std::string requests_ ABSL_GUARDED_BY(mu_);
  int connections_ ABSL_GUARDED_BY(mu_) = 0;
  std::thread thread_;
};

HttpPost PostTo(const std::string& url, absl::Duration timeout = kPatience) {
  return {.url = url, .headers = {{"x-one", "1"}}, .body = "hello", .timeout = timeout};
}

// The answer to one post.
Answer Await(Client& client, HttpPost post) {
  Mutex mu;
  bool done = false;
  Answer answer;
  client.Post(std::move(post), [&](Answer got) {
    MutexLock lock(&mu);
    answer = std::move(got);
    done = true;
  });
  MutexLock lock(&mu);
  EXPECT_TRUE(mu.AwaitWithTimeout(Condition(&done), kPatience * 2)) << "no answer to the post";
  return answer;
}

TEST(Client, PostsAndBringsTheAnswer) {
  Receiver receiver("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nlate");
  Client client(Reach::kAnywhere);
  const Answer answer = Await(client, PostTo(receiver.url()));
  EXPECT_OK(answer.status);
  EXPECT_EQ(answer.code, 503);
  EXPECT_EQ(answer.retry_after, absl::Seconds(7));
  EXPECT_EQ(answer.body, "late");
  EXPECT_THAT(receiver.requests(), HasSubstr("POST /in HTTP/1.1\r\n"));
  EXPECT_THAT(receiver.requests(), HasSubstr("x-one: 1\r\n"));
  EXPECT_THAT(receiver.requests(), HasSubstr("\r\n\r\nhello"));
  EXPECT_THAT(receiver.requests(), Not(HasSubstr("Expect")));
}

TEST(Client, FollowsNoRedirect) {
  Receiver elsewhere("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Receiver receiver(absl::StrCat("HTTP/1.1 302 Found\r\nLocation: ", elsewhere.url(), "\r\nContent-Length: 0\r\n\r\n"));
  Client client(Reach::kAnywhere);
  EXPECT_EQ(Await(client, PostTo(receiver.url())).code, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(Client, ConnectsToNoPrivateAddress) {
  Receiver receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Client client(Reach::kPublicOnly);
  // Every spelling is resolved first and judged by what it means.
  for (const char* host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]", "0.0.0.0", "127.1"}) {
    const Answer answer = Await(client, PostTo(receiver.url(host)));
    EXPECT_THAT(answer.status, StatusIs(absl::StatusCode::kPermissionDenied)) << host;
    EXPECT_EQ(answer.code, 0) << host;
  }
  EXPECT_EQ(receiver.connections(), 0);
}

TEST(Client, SpeaksHttpOnly) {
  Client client(Reach::kAnywhere);
  for (const char* url :
       {"file:///etc/hostname", "gopher://127.0.0.1:1/x", "smtp://127.0.0.1:1", "telnet://127.0.0.1"}) {
    EXPECT_THAT(Await(client, PostTo(url)).status, StatusIs(absl::StatusCode::kUnavailable)) << url;
  }
}

TEST(Client, GivesUpWhenTheTimeIsUp) {
  Receiver silent("");
  Client client(Reach::kAnywhere);
  const Answer answer = Await(client, PostTo(silent.url(), absl::Milliseconds(200)));
  EXPECT_THAT(answer.status, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(answer.code, 0);
}

TEST(Client, AnAnswerThatEndsBeforeItsLengthIsNone) {
  Receiver liar("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort");
  Client client(Reach::kAnywhere);
  const Answer answer = Await(client, PostTo(liar.url()));
  EXPECT_THAT(answer.status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.body, "short");
}

TEST(Client, NonsenseIsNoAnswer) {
  for (const char* text : {"SSH-2.0-x\r\n", "\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"}) {
    Receiver receiver(text);
    Client client(Reach::kAnywhere);
    EXPECT_THAT(Await(client, PostTo(receiver.url())).status, StatusIs(absl::StatusCode::kUnavailable)) << text;
  }
}

TEST(Client, ALongBodyIsCutAndALongHeaderIsRefused) {
  Receiver receiver(absl::StrCat("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", std::string(kMaxBody * 40, 'x')));
  Client client(Reach::kAnywhere);
  const Answer answer = Await(client, PostTo(receiver.url()));
  EXPECT_OK(answer.status);
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.body.size(), kMaxBody);

  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&headers, "x-", i, ": ", std::string(60, 'y'), "\r\n");
  Receiver chatty(headers + "Content-Length: 0\r\n\r\n");
  EXPECT_FALSE(Await(client, PostTo(chatty.url())).status.ok());
}

TEST(Client, StopCancelsWhatIsUnderWayAndWhatComesAfter) {
  Receiver silent("");
  Mutex mu;
  std::vector<absl::Status> ends;
  const auto done = [&](Answer answer) {
    MutexLock lock(&mu);
    ends.push_back(answer.status);
  };
  {
    Client client(Reach::kAnywhere);
    client.Post(PostTo(silent.url()), done);
    client.Stop();
    client.Post(PostTo(silent.url()), done);
  }
  MutexLock lock(&mu);
  ASSERT_EQ(ends.size(), 2);
  for (const absl::Status& end : ends) EXPECT_THAT(end, StatusIs(absl::StatusCode::kCancelled));
}

TEST(Client, ManyAtOnce) {
  Receiver receiver("HTTP/1.1 204 No Content\r\n\r\n");
  Client client(Reach::kAnywhere);
  Mutex mu;
  int count = 0;
  for (int i = 0; i < 100; ++i) {
    client.Post(PostTo(receiver.url()), [&](Answer answer) {
      MutexLock lock(&mu);
      EXPECT_OK(answer.status);
      EXPECT_EQ(answer.code, 204);
      ++count;
    });
  }
  const auto all = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return count == 100; };
  MutexLock lock(&mu);
  EXPECT_TRUE(mu.AwaitWithTimeout(Condition(&all), kPatience)) << count << " of 100 answers came";
}

}  // namespace
}  // namespace spool::curl
