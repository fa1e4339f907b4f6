#include "client/cpp/coverage_chain.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace spool::client {

CoverageChain::CoverageChain(v1::WatchEventsRequest request) : request_(std::move(request)) {}

v1::WatchEventsRequest CoverageChain::BeginStream() {
  latest_.Clear();
  if (!covered_.resume_token().empty()) {
    request_.set_resume_token(covered_.resume_token());
    position_ = covered_.through();
  } else if (request_.has_after_sequence()) {
    position_ = request_.after_sequence();
  } else {
    position_ = std::nullopt;
  }
  in_snapshot_ = request_.start_at() == v1::START_AT_SNAPSHOT;
  return request_;
}

absl::Status CoverageChain::Accept(const v1::WatchEventsResponse& response) {
  if (response.has_coverage()) {
    SPOOL_RETURN_IF_ERROR(CheckCoverage(response));
    position_ = response.coverage().through();
    latest_ = response.coverage();
  } else if (response.events_size() > 0) {
    return absl::DataLossError(absl::StrCat("event ", response.events(0).sequence(), " came without coverage"));
  }
  if (response.has_reset()) in_snapshot_ = true;
  if (response.has_snapshot_complete()) in_snapshot_ = false;
  // A stream that begins inside a snapshot would never see the rest of it, so its tokens do not count until its end.
  if (!in_snapshot_ && !latest_.resume_token().empty()) covered_ = latest_;
  return absl::OkStatus();
}

absl::Status CoverageChain::CheckCoverage(const v1::WatchEventsResponse& response) {
  const v1::Coverage& coverage = response.coverage();
  if (position_.has_value() && coverage.after() != *position_) {
    return absl::DataLossError(absl::StrCat(coverage.after() > *position_ ? "gap" : "overlap",
                                            " in the event feed: events are known up to ", *position_,
                                            ", the next response begins after ", coverage.after()));
  }
  if (coverage.through() < coverage.after()) {
    return absl::DataLossError(
        absl::StrCat("the event feed went back from ", coverage.after(), " to ", coverage.through()));
  }
  int64_t previous = coverage.after();
  for (const v1::Event& event : response.events()) {
    if (event.sequence() <= previous || event.sequence() > coverage.through()) {
      return absl::DataLossError(absl::StrCat("event ", event.sequence(), " is out of order: it follows ", previous,
                                              " in a response that covers (", coverage.after(), ", ",
                                              coverage.through(), "]"));
    }
    previous = event.sequence();
  }
  return absl::OkStatus();
}

}  // namespace spool::client
