// Page tokens of ListJobs: where the next page begins, good only with the filter it was made for.

#ifndef SPOOL_SERVER_SERVICE_PAGE_TOKEN_H_
#define SPOOL_SERVER_SERVICE_PAGE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spool/v1/job_service.pb.h"

namespace spool::service {

// `before` is JobPage::next; 0 gives an empty token.
std::string EncodePageToken(int64_t before, const v1::JobFilter& filter);

// 0 for an empty token. INVALID_ARGUMENT (PAGE_TOKEN_INVALID) for what EncodePageToken did not make with this filter.
absl::StatusOr<int64_t> DecodePageToken(absl::string_view token, const v1::JobFilter& filter);

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_PAGE_TOKEN_H_
