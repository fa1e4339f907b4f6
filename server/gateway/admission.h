// Which requests of browsers are let in: the pages they come from, and the name they call this server by.

#ifndef SPOOL_SERVER_GATEWAY_ADMISSION_H_
#define SPOOL_SERVER_GATEWAY_ADMISSION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/gateway/exchange.h"

namespace spool::gateway {

struct AdmissionOptions {
  // Pages of other origins that may call us, as browsers write them: "https://shop.example".
  std::vector<std::string> origins;
  // Names of this server, beside IP addresses and localhost: "spool.example".
  std::vector<std::string> hosts;
};

// Immutable.
//
// A page from anywhere may make its visitor's browser send requests to this server, which may be on the visitor's own
// machine. So what carries an Origin is let in only from our own pages and from those that are listed; and a Host that
// is not our name is refused, for a page can let its own name point to our address.
class Admission {
 public:
  explicit Admission(AdmissionOptions options) : options_(std::move(options)) {}

  // The refusal: 403 (ORIGIN_DENIED), 421 (HOST_UNKNOWN) or 400; or the answer to a CORS preflight. nullopt: let in.
  std::optional<Reply> Answer(const Request& request, bool http_1_1) const;
  // What every answer must carry, errors too: else the page that asked cannot read them.
  Headers AnswerHeaders(const Request& request) const;

 private:
  bool KnowsHost(absl::string_view host) const;
  bool IsListed(absl::string_view origin) const;
  // The page was served by this server.
  static bool IsOwn(absl::string_view origin, absl::string_view host);
  const AdmissionOptions options_;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_ADMISSION_H_
