// gRPC calls as bytes, for methods of any kind and for requests that no client would send.

#ifndef SPOOL_TESTS_SUPPORT_RAW_CALL_H_
#define SPOOL_TESTS_SUPPORT_RAW_CALL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"

namespace spool::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

// A call's message to any method ("/package.Service/Method"), whatever it streams, as bytes; and the first answer. A
// stream is ended after that. The server's status when there was none; an empty answer when that is OK.
absl::StatusOr<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                                    const std::string& request, const Headers& headers = {});

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_RAW_CALL_H_
