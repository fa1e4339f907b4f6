// Proof, on the client's side, that a watch missed nothing and got nothing twice.

#ifndef SPOOL_CLIENT_CPP_COVERAGE_CHAIN_H_
#define SPOOL_CLIENT_CPP_COVERAGE_CHAIN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "spool/v1/job_service.pb.h"

namespace spool::client {

// Follows the coverage of a watch across as many streams as it takes, checks that each piece begins where the one
// before ended, and knows where the next stream has to begin. Not thread-safe.
//
//   CoverageChain chain(request);
//   for each stream: open it with chain.BeginStream(), then chain.Accept() each response.
class CoverageChain {
 public:
  // `request` is what the first stream asks for.
  explicit CoverageChain(v1::WatchEventsRequest request);

  // The request of the next stream: what was asked for at first until something was covered, after that a resume
  // exactly after it. A snapshot that was cut short does not count as covered: it is asked for again.
  v1::WatchEventsRequest BeginStream();

  // Takes the next response of the stream. DATA_LOSS: it leaves a gap to the one before, overlaps it, or holds an event
  // outside of its own coverage; the watch cannot be trusted any longer.
  absl::Status Accept(const v1::WatchEventsResponse& response);

  // Token of the latest response from which a new stream may begin; empty when there is none yet.
  const std::string& resume_token() const { return covered_.resume_token(); }

 private:
  absl::Status CheckCoverage(const v1::WatchEventsResponse& response);

  v1::WatchEventsRequest request_;
  // Where a new stream begins; without a token, there was none to begin from yet.
  v1::Coverage covered_;
  // Latest coverage of this stream; runs ahead of `covered_` while a snapshot is on its way.
  v1::Coverage latest_;
  // Where the next response must begin; nullopt when the first one decides.
  std::optional<int64_t> position_;
  bool in_snapshot_ = false;
};

}  // namespace spool::client

#endif  // SPOOL_CLIENT_CPP_COVERAGE_CHAIN_H_
