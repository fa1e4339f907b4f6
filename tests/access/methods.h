// Every RPC of a running server, as its own reflection tells of them.

#ifndef SPOOL_TESTS_ACCESS_METHODS_H_
#define SPOOL_TESTS_ACCESS_METHODS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/channel.h"
#include "spool/v1/access.pb.h"

namespace spool::testing {

struct Method {
  // "/spool.v1.JobService/Enqueue".
  std::string path;
  // UNSPECIFIED when it does not say.
  v1::AccessScope scope = v1::ACCESS_SCOPE_UNSPECIFIED;
  // Whether its request is about one job, by a field `job_id`.
  bool of_a_job = false;
};

// All methods of all services that the server lists, in both its reflections. NotFound: a service whose methods the
// server does not tell, and that is not gRPC's own health.
absl::StatusOr<std::vector<Method>> MethodsOf(const std::shared_ptr<grpc::Channel>& channel);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_ACCESS_METHODS_H_
