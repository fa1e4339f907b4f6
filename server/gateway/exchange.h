// One HTTP request and its answer, as the handlers see them: without sockets.

#ifndef SPOOL_SERVER_GATEWAY_EXCHANGE_H_
#define SPOOL_SERVER_GATEWAY_EXCHANGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/gateway/bytes.h"
#include "server/gateway/target.h"

namespace spool::gateway {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // as sent: "GET"
  Target target;
  Headers headers;
  // The client's address, for the audit log.
  std::string peer;

  // The header's value, its name in any case; empty if there is none.
  absl::string_view Header(absl::string_view name) const;
  // The content-type without parameters, in lower case.
  std::string ContentType() const;
};

// Of an answer that comes bit by bit.
struct StreamOptions {
  // Length of the whole in bytes; -1 when it is not known.
  int64_t size = -1;
  // A client that takes longer than this over one Write is cut off. Followers of the feed may take as long as they
  // like.
  absl::Duration longest_write = absl::InfiniteDuration();
};

struct Reply {
  int status = 200;
  std::string content_type;
  std::string body;
  // Beside those that every answer has.
  Headers headers;
};

// Belongs to one thread: everything but Post is called there, and so is every callback.
class Exchange {
 public:
  using Callback = absl::AnyInvocable<void()>;
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;
  // The whole body, for routes that want it so.
  virtual std::string TakeBody() = 0;
  // The next bytes of a body that is read bit by bit; empty at its end. CANCELLED: the client is gone or took too long.
  // The exchange must not be answered while this is under way.
  virtual void ReadBody(absl::AnyInvocable<void(absl::StatusOr<std::string>)> then) = 0;

  // Makes `work` run on the exchange's thread, soon. From any thread. Dropped when the server has stopped.
  virtual void Post(Callback work) = 0;
  // Once, after `delay`; a later call replaces an earlier one. Forgotten when the exchange is over.
  virtual void SetTimer(absl::Duration delay, Callback then) = 0;

  // The whole answer; the exchange is over.
  virtual void Respond(Reply reply) = 0;
  // Or: an answer that comes bit by bit. `head.body` is ignored. `gone` is called at most once, when
  // the client leaves before End; what is written after it is dropped.
  virtual void BeginStream(Reply head, Callback gone, const StreamOptions& options = {}) = 0;
  // One at a time. `written` is called when the client's window has taken it; never, if `gone` was.
  virtual void Write(Bytes bytes, Callback written) = 0;
  // The last bit; the exchange is over.
  virtual void End(Bytes last) = 0;
  // Or: it cannot be ended properly. The connection is cut, so that the client does not take what it has for the whole.
  virtual void Abort() = 0;
};

// An error for people and programs: the HTTP status that Connect gives the code, and Connect's JSON.
Reply ErrorReply(const absl::Status& status);

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_EXCHANGE_H_
