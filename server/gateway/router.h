// Which handler answers which request.

#ifndef SPOOL_SERVER_GATEWAY_ROUTER_H_
#define SPOOL_SERVER_GATEWAY_ROUTER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "server/auth/caller.h"
#include "server/auth/gatekeeper.h"
#include "server/gateway/admission.h"
#include "server/gateway/event_json.h"
#include "server/gateway/exchange.h"
#include "server/gateway/methods.h"
#include "server/service/services.h"

namespace spool::gateway {

struct Route {
  enum class Body {
    kNone,    // a body is refused
    kWhole,   // read before the answer, up to kMaxBodyBytes
    kPieces,  // read by the handler
  };
  Body body = Body::kNone;
  // A WebSocket: the exchange begins with the client's first frame as its body.
  bool web_socket = false;
  std::function<void(std::shared_ptr<Exchange>)> answer;
};

// One of how many there are, as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<int>* count) : count_(count) { ++*count_; }
  ~Counted() { --*count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::atomic<int>* const count_;
};

// As gRPC's: a batch of ten thousand jobs.
inline constexpr size_t kMaxBodyBytes = 16 << 20;

// How callers are told apart.
struct Door {
  const auth::Gatekeeper* gatekeeper;
  bool tls;
};

// What /metrics answers.
struct MetricsPage {
  std::function<std::string()> text;  // may wait for the disk
  std::string content_type;
};

// Thread-safe.
class Router {
 public:
  // `services` outlives it.
  Router(service::Services* services, AdmissionOptions admission, Door door, MetricsPage metrics);

  // `http_1_1`: not older.
  Route Find(const Request& request, bool http_1_1);
  // What every answer to this request carries.
  Headers AnswerHeaders(const Request& request) const { return admission_.AnswerHeaders(request); }
  const MethodTable& methods() const { return methods_; }

  // From here on /healthz answers 503, so that a balancer sends no more clients.
  void Drain() { draining_ = true; }
  bool draining() const { return draining_; }

  // Exchanges under way.
  std::atomic<int>* exchanges() { return &exchanges_; }

  // Bodies that are being read take memory, of all connections together at most kMaxHeldBytes; false beyond. What was
  // asked for is let go in any case.
  bool HoldBody(int64_t bytes) { return held_bytes_.fetch_add(bytes) + bytes <= kMaxHeldBytes; }
  void LetBodyGo(int64_t bytes) { held_bytes_ -= bytes; }

 private:
  static constexpr int64_t kMaxHeldBytes = int64_t{256} << 20;
  Route FindOpen(const Request& request, const absl::StatusOr<auth::Caller>& caller);
  Route FindFixed(const Request& request, const auth::Caller& caller);
  Route FindJob(const Request& request, absl::string_view rest, const auth::Caller& caller);
  // The one that the Authorization header or, for browsers, the session's cookie stands for.
  absl::StatusOr<auth::Caller> Identify(const Request& request) const;

  service::Services* const services_;
  const Admission admission_;
  const Door door_;
  const MetricsPage metrics_;
  const MethodTable methods_;
  EventJson json_;
  std::atomic<bool> draining_{false};
  std::atomic<int> exchanges_{0};
  std::atomic<int64_t> held_bytes_{0};
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_ROUTER_H_
