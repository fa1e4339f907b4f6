// Requests and mails that go out, many at once on one thread.

#ifndef SPOOL_SERVER_CURL_CLIENT_H_
#define SPOOL_SERVER_CURL_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace spool::curl {

// Where a client may connect to. It is asked about the address that is about to be connected to, after the name was
// resolved, so that no name can mean one address when it is checked and another when it is used.
enum class Reach { kPublicOnly, kAnywhere };

struct HttpPost {
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  absl::Duration timeout;  // for all of it, the name's resolution and the response's body too
  std::string ca_file;     // empty: the system's authorities
};

enum class TlsMode { kNone, kStartTls, kImplicit };

struct Mail {
  std::string server;  // host:port
  TlsMode tls = TlsMode::kStartTls;
  std::string user;  // empty: no login
  std::string password;
  std::string from;
  std::vector<std::string> to;
  std::string message;  // as RFC 5322 has it, with CRLF
  absl::Duration timeout;
  std::string ca_file;
};

struct Answer {
  // OK: a whole response came (or its body was longer than anybody needs), or the mail was taken. PermissionDenied: no
  // address of the host may be connected to. DeadlineExceeded; Cancelled: the client was stopped; Unavailable: all
  // else, also a response that ends before its length.
  absl::Status status;
  // HTTP status or SMTP reply code, also of some failures; 0 if none came.
  int code = 0;
  // How long the server asks to be left alone.
  std::optional<absl::Duration> retry_after;
  // Beginning of the response's body, up to kMaxBody bytes.
  std::string body;
};

// Of a response; the rest is not waited for.
inline constexpr size_t kMaxBody = 16 << 10;

// Called exactly once, on the client's thread, or on the caller's when the client is stopped. Must not block.
using Done = std::function<void(Answer)>;

// Thread-safe. Redirects are not followed, proxies and .netrc of the environment are not used, certificates are
// checked.
class Client {
 public:
  explicit Client(Reach reach);
  // As Stop.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Post(HttpPost post, Done done);
  void Send(Mail mail, Done done);

  // Cancels what is under way, and what comes after. Not to be called by a Done. Idempotent.
  void Stop();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace spool::curl

#endif  // SPOOL_SERVER_CURL_CLIENT_H_
