// ENABLED -> DENIED on the HTTP port: every RPC that the server's reflection tells of, and every other path.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/access/access_test_base.h"
#include "tests/access/methods.h"
#include "tests/support/program.h"

namespace spool::testing {
namespace {

struct Answer {
  int status = 0;
  std::string body;
};

class HttpDoorTest : public AccessTest {
 protected:
  void SetUp() override {
    AddUsualTokens();
    ASSERT_OK(Start());
    ASSERT_OK(As("admin").PauseQueue());
  }

  // By the curl program. A stream is cut off after its first answer's time.
  Answer Ask(const std::string& method, const std::string& path, const std::vector<std::string>& headers,
             const std::string& body = "") {
    std::vector<std::string> arguments = {"curl", "-sS", "-X", method, "--max-time",
                                          "2",    "-o",  "-",  "-w",   "\n%{http_code}"};
    for (const std::string& header : headers) arguments.insert(arguments.end(), {"-H", header});
    if (method == "HEAD") arguments[3] = "GET";
    if (!body.empty()) arguments.insert(arguments.end(), {"--data-binary", body});
    arguments.push_back(absl::StrCat("http://", server().http_address(), path));
    const auto exit = RunProgram(arguments);
    EXPECT_OK(exit);
    Answer answer;
    const size_t line = exit->out.rfind('\n');
    EXPECT_TRUE(absl::SimpleAtoi(exit->out.substr(line + 1), &answer.status)) << exit->out << exit->error;
    answer.body = exit->out.substr(0, line);
    return answer;
  }
  static std::string Bearer(const std::string& token) { return "Authorization: Bearer " + token; }
};

int Level(v1::AccessScope scope) { return static_cast<int>(scope); }

TEST_F(HttpDoorTest, EveryRpc) {
  const absl::StatusOr<std::vector<Method>> methods = MethodsOf(ChannelAs("admin"));
  ASSERT_OK(methods);
  const std::vector<std::pair<const char*, v1::AccessScope>> holders = {
      {"read", v1::ACCESS_SCOPE_READ}, {"write", v1::ACCESS_SCOPE_WRITE}, {"admin", v1::ACCESS_SCOPE_ADMIN}};
  int asked = 0;
  for (const Method& method : *methods) {
    if (!absl::StartsWith(method.path, "/spool.v1.") || absl::EndsWith(method.path, "/UploadMedia")) continue;
    SCOPED_TRACE(method.path);
    ++asked;
    const bool streams = absl::EndsWith(method.path, "/WatchEvents") || absl::EndsWith(method.path, "/DownloadMedia");
    const std::string type = streams ? "Content-Type: application/connect+json" : "Content-Type: application/json";
    const auto call = [&](std::vector<std::string> headers) {
      headers.push_back(type);
      return Ask("POST", method.path, headers, streams ? "" : "{}");
    };
    if (streams) {
      // Their errors are in the stream: an empty body is refused for itself only once the caller is known.
      EXPECT_TRUE(absl::StrContains(call({}).body, "TOKEN_MISSING"));
      EXPECT_TRUE(absl::StrContains(call({Bearer("spool_unknown")}).body, "TOKEN_UNKNOWN"));
      EXPECT_FALSE(absl::StrContains(call({Bearer(token("read"))}).body, "TOKEN_"));
      continue;
    }
    const auto is = [&](const Answer& answer, int status, const char* reason) {
      EXPECT_EQ(answer.status, status) << answer.body;
      EXPECT_TRUE(absl::StrContains(answer.body, reason)) << answer.body;
    };
    is(call({}), 401, "TOKEN_MISSING");
    is(call({Bearer("spool_unknown")}), 401, "TOKEN_UNKNOWN");
    is(call({Bearer(token("expired"))}), 401, "TOKEN_EXPIRED");
    is(call({"Cookie: spool_session=spool_unknown"}), 401, "TOKEN_UNKNOWN");
    for (const auto& [holder, scope] : holders) {
      for (const std::string& header : {Bearer(token(holder)), "Cookie: spool_session=" + token(holder)}) {
        const Answer answer = call({header});
        if (Level(scope) < Level(method.scope)) {
          is(answer, 403, "SCOPE_TOO_SMALL");
        } else {
          EXPECT_TRUE(answer.status != 401 && answer.status != 403) << holder << ": " << answer.status << answer.body;
        }
      }
    }
    const Answer foreign = call({Bearer(token("admin")), "Origin: https://evil.example"});
    is(foreign, 403, "ORIGIN_DENIED");
  }
  EXPECT_GE(asked, 20);
}

TEST_F(HttpDoorTest, EveryOtherPath) {
  struct Path {
    const char* method;
    const char* path;
    v1::AccessScope scope;
  };
  for (const Path& path : std::vector<Path>{
           {"GET", "/v1/events", v1::ACCESS_SCOPE_READ},
           {"GET", "/v1/events/ws", v1::ACCESS_SCOPE_READ},
           {"GET", "/v1/jobs/none/events", v1::ACCESS_SCOPE_READ},
           {"GET", "/v1/jobs/none/media", v1::ACCESS_SCOPE_READ},
           {"GET", "/metrics", v1::ACCESS_SCOPE_READ},
           {"PUT", "/v1/media", v1::ACCESS_SCOPE_WRITE},
           // Whatever is not there: what will be is shut before anybody thinks of it.
           {"GET", "/v1/none", v1::ACCESS_SCOPE_READ},
           {"DELETE", "/", v1::ACCESS_SCOPE_PUBLIC},
           {"GET", "/", v1::ACCESS_SCOPE_PUBLIC},
           {"GET", "/healthz", v1::ACCESS_SCOPE_PUBLIC},
       }) {
    SCOPED_TRACE(absl::StrCat(path.method, " ", path.path));
    const std::string body = path.method == std::string("PUT") ? "file" : "";
    const auto ask = [&](const std::string& header) {
      return Ask(path.method, path.path, {header, "Content-Type: application/octet-stream"}, body).status;
    };
    if (path.scope == v1::ACCESS_SCOPE_PUBLIC) {
      EXPECT_NE(ask("X: y"), 401);
      continue;
    }
    EXPECT_EQ(ask("X: y"), 401);
    EXPECT_EQ(ask(Bearer("spool_unknown")), 401);
    EXPECT_EQ(ask(Bearer(token("expired"))), 401);
    EXPECT_EQ(ask("Cookie: spool_session=nonsense"), 401);
    EXPECT_EQ(ask(Bearer(token("read"))) == 403, path.scope == v1::ACCESS_SCOPE_WRITE);
    for (const char* holder : {"write", "admin"}) {
      const int status = ask(Bearer(token(holder)));
      EXPECT_TRUE(status != 401 && status != 403) << status;
    }
  }
}

// 256 MiB of unread bodies are all that the server has room for: a stranger gets none of it.
TEST_F(HttpDoorTest, AStrangersBodyIsNotWaitedFor) {
  const std::string path = "/spool.v1.JobService/EnqueueBatch";
  for (const std::string type : {"application/json", "application/proto"}) {
    const std::vector<std::string> head = {"Content-Type: " + type, "Content-Length: 16000000"};
    const auto ask = [&](const std::string& header) {
      std::vector<std::string> headers = head;
      headers.push_back(header);
      return Ask("POST", path, headers);
    };
    const Answer none = ask("X: y");
    EXPECT_EQ(none.status, 401);
    EXPECT_TRUE(absl::StrContains(none.body, "TOKEN_MISSING")) << none.body;
    EXPECT_EQ(ask(Bearer("spool_unknown")).status, 401);
    EXPECT_EQ(ask(Bearer(token("expired"))).status, 401);
    // Without an answer by curl's --max-time: the body is waited for.
    EXPECT_EQ(ask(Bearer(token("write"))).status, 0);
  }
  // In a stream's answer.
  const Answer stream =
      Ask("POST", "/spool.v1.JobService/WatchEvents",
          {"Content-Type: application/grpc-web+proto", "Content-Length: 16000000", Bearer("spool_unknown")});
  EXPECT_EQ(stream.status, 200);
  EXPECT_TRUE(absl::StrContains(stream.body, "grpc-status: 16")) << stream.body;
}

TEST_F(HttpDoorTest, ASessionBeginsWithATokenAndEnds) {
  EXPECT_EQ(Ask("POST", "/v1/session", {}).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/session", {Bearer("spool_unknown")}).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/session", {Bearer(token("read"))}).status, 204);
  EXPECT_EQ(Ask("DELETE", "/v1/session", {}).status, 204);
  const auto exit = RunProgram({"curl", "-sS", "-D", "-", "-X", "POST", "-H", Bearer(token("read")),
                                absl::StrCat("http://", server().http_address(), "/v1/session")});
  ASSERT_OK(exit);
  for (const char* part : {"Set-Cookie: spool_session=", "; HttpOnly", "; SameSite=Strict", "; Path=/"}) {
    EXPECT_TRUE(absl::StrContains(exit->out, part)) << exit->out;
  }
}

TEST_F(HttpDoorTest, ALimitedCallerReachesNoForeignJob) {
  const std::string foreign = EnqueueFor("blue", "secret");
  const std::string own = EnqueueFor("red", "open");
  ASSERT_FALSE(foreign.empty() || own.empty());
  const std::string red = Bearer(token("red"));
  for (const char* what : {"events", "media"}) {
    EXPECT_EQ(Ask("GET", absl::StrCat("/v1/jobs/", foreign, "/", what), {red}).status, 404) << what;
  }
  for (const char* start : {"earliest", "snapshot"}) {
    const Answer events = Ask("GET", absl::StrCat("/v1/events?start=", start), {red});
    EXPECT_TRUE(absl::StrContains(events.body, own)) << events.body;
    EXPECT_FALSE(absl::StrContains(events.body, foreign)) << events.body;
    EXPECT_FALSE(absl::StrContains(events.body, "secret")) << events.body;
  }
  EXPECT_EQ(Ask("GET", "/metrics", {red}).status, 403);
}

}  // namespace
}  // namespace spool::testing
