#include "server/gateway/router.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/auth/scope.h"
#include "server/base/errors.h"
#include "server/gateway/event_frames.h"
#include "server/gateway/event_source.h"
#include "server/gateway/media_route.h"
#include "server/gateway/rpc_route.h"
#include "server/gateway/session.h"
#include "server/gateway/site.h"

namespace spool::gateway {
namespace {

Route Always(Reply reply) {
  Route route;
  // The body, if any, is left unread and the connection closed.
  route.body = Route::Body::kPieces;
  route.answer = [reply = std::move(reply)](const std::shared_ptr<Exchange>& exchange) { exchange->Respond(reply); };
  return route;
}

Route NotFound(const Request& request) {
  Reply reply = ErrorReply(Error(absl::StatusCode::kNotFound, "PATH_UNKNOWN",
                                 absl::StrCat("nothing is at ", request.target.path.substr(0, 200))));
  return Always(std::move(reply));
}

Route WrongMethod(const std::vector<absl::string_view>& allowed) {
  const std::string list = absl::StrJoin(allowed, ", ");
  Reply reply =
      ErrorReply(Error(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED", absl::StrCat("this path takes ", list)));
  reply.status = 405;
  reply.headers.emplace_back("Allow", list);
  return Always(std::move(reply));
}

Reply Text(int status, absl::string_view text) {
  Reply reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = std::string(text);
  return reply;
}

// As RFC 6750 wants it, so that curl and scrapers know what is missing.
Reply Unauthorized(const absl::Status& status) {
  Reply reply = ErrorReply(status);
  if (reply.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"spool\"");
  return reply;
}

bool IsGet(const Request& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

Router::Router(service::Services* services, AdmissionOptions admission, Door door, MetricsPage metrics)
    : services_(services),
      admission_(std::move(admission)),
      door_(door),
      metrics_(std::move(metrics)),
      methods_(services) {}

absl::StatusOr<auth::Caller> Router::Identify(const Request& request) const {
  std::string authorization(request.Header("authorization"));
  if (authorization.empty()) {
    if (const std::string token = SessionTokenOf(request); !token.empty())
      authorization = absl::StrCat("Bearer ", token);
  }
  absl::StatusOr<auth::Caller> caller = door_.gatekeeper->Identify(authorization);
  if (!caller.ok()) return caller;
  return caller->From(request.peer);
}

Route Router::Find(const Request& request, bool http_1_1) {
  // Balancers ask by whatever name they have, and it tells nothing that a stranger may not know.
  if (request.target.path == "/healthz") {
    if (!IsGet(request)) return WrongMethod({"GET", "HEAD"});
    return Always(draining_ ? Text(503, "draining\n") : Text(200, "ok\n"));
  }
  if (std::optional<Reply> reply = admission_.Answer(request, http_1_1); reply.has_value()) {
    return Always(*std::move(reply));
  }
  const absl::StatusOr<auth::Caller> caller = Identify(request);
  if (absl::StartsWith(request.target.path, "/spool.v1.")) {
    Route route;
    // What strangers send is not read: there is no room for the bodies of all the world.
    route.body = caller.ok() ? Route::Body::kWhole : Route::Body::kPieces;
    route.answer = [this, caller](std::shared_ptr<Exchange> exchange) {
      AnswerRpc(methods_, &json_, caller, std::move(exchange));
    };
    return route;
  }
  return FindOpen(request, caller);
}

Route Router::FindOpen(const Request& request, const absl::StatusOr<auth::Caller>& caller) {
  if (request.target.path == "/v1/session") {
    if (request.method == "DELETE") return Always(EndSession(door_.tls));
    if (request.method != "POST") return WrongMethod({"POST", "DELETE"});
    return Always(caller.ok() ? BeginSession(request, door_.gatekeeper->open(), door_.tls)
                              : Unauthorized(caller.status()));
  }
  if (std::optional<Reply> file = SiteReply(request); file.has_value()) {
    return IsGet(request) ? Always(*std::move(file)) : WrongMethod({"GET", "HEAD"});
  }
  if (!caller.ok()) return Always(Unauthorized(caller.status()));
  return FindFixed(request, *caller);
}

Route Router::FindFixed(const Request& request, const auth::Caller& caller) {
  const std::string& path = request.target.path;
  Route route;
  service::JobCalls* const jobs = &services_->jobs;
  if (path == "/v1/events") {
    if (request.method != "GET") return WrongMethod({"GET"});
    route.answer = [this, jobs, caller](std::shared_ptr<Exchange> exchange) {
      AnswerEvents(jobs, &json_, caller, std::move(exchange));
    };
    return route;
  }
  if (path == "/v1/events/ws") {
    if (request.method != "GET") return WrongMethod({"GET"});
    if (!absl::EqualsIgnoreCase(request.Header("upgrade"), "websocket")) {
      Reply reply = Text(426, "this path speaks WebSocket\n");
      reply.headers = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
      return Always(std::move(reply));
    }
    route.web_socket = true;
    route.answer = [this, jobs, caller](std::shared_ptr<Exchange> exchange) {
      AnswerWebSocket(jobs, &json_, caller, std::move(exchange));
    };
    return route;
  }
  if (path == "/v1/media") {
    if (request.method != "PUT" && request.method != "POST") return WrongMethod({"PUT", "POST"});
    route.body = Route::Body::kPieces;
    route.answer = [this, caller](std::shared_ptr<Exchange> exchange) {
      AnswerUpload(services_, caller, std::move(exchange));
    };
    return route;
  }
  if (path == "/metrics") {
    if (!IsGet(request)) return WrongMethod({"GET", "HEAD"});
    // The same figures, and more, as GetQueueStats shows.
    absl::Status allowed = caller.Check(auth::MethodNamed("spool.v1.QueueService.GetQueueStats"));
    if (allowed.ok() && caller.limited()) allowed = auth::OutsideLimit("path", "the figures are of all jobs");
    if (!allowed.ok()) return Always(ErrorReply(allowed));
    route.answer = [this](std::shared_ptr<Exchange> exchange) {
      services_->pool.Post([this, exchange] {
        Reply reply;
        reply.content_type = metrics_.content_type;
        reply.body = metrics_.text();
        exchange->Post([exchange, reply = std::move(reply)]() mutable { exchange->Respond(std::move(reply)); });
      });
    };
    return route;
  }
  absl::string_view rest = path;
  if (absl::ConsumePrefix(&rest, "/v1/jobs/")) return FindJob(request, rest, caller);
  return NotFound(request);
}

Route Router::FindJob(const Request& request, absl::string_view rest, const auth::Caller& caller) {
  const size_t slash = rest.find('/');
  const absl::string_view what = slash == absl::string_view::npos ? "" : rest.substr(slash + 1);
  if (what != "events" && what != "media") return NotFound(request);
  if (what == "media" ? !IsGet(request) : request.method != "GET") {
    return what == "media" ? WrongMethod({"GET", "HEAD"}) : WrongMethod({"GET"});
  }
  absl::StatusOr<std::string> id = PercentDecode(rest.substr(0, slash), Plus::kPlus);
  if (!id.ok()) return Always(ErrorReply(id.status()));
  Route route;
  if (what == "events") {
    route.answer = [this, caller, id = *id](std::shared_ptr<Exchange> exchange) {
      AnswerJobEvents(&services_->jobs, &json_, caller, id, std::move(exchange));
    };
  } else {
    route.answer = [this, caller, id = *id](std::shared_ptr<Exchange> exchange) {
      AnswerMedia(services_, caller, id, std::move(exchange));
    };
  }
  return route;
}

}  // namespace spool::gateway
