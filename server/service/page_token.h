// Page tokens of lists: where the next page begins, good only with the filter it was made for.

#ifndef SPOOL_SERVER_SERVICE_PAGE_TOKEN_H_
#define SPOOL_SERVER_SERVICE_PAGE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace spool::service {

// `before` is what the next page ends before; 0 gives an empty token. `filter` is the list's.
std::string EncodePageToken(int64_t before, const google::protobuf::Message& filter);

// 0 for an empty token. INVALID_ARGUMENT (PAGE_TOKEN_INVALID) for what EncodePageToken did not make with this filter.
absl::StatusOr<int64_t> DecodePageToken(absl::string_view token, const google::protobuf::Message& filter);

}  // namespace spool::service

#endif  // SPOOL_SERVER_SERVICE_PAGE_TOKEN_H_
