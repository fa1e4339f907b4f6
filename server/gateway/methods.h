// Every RPC by its path, with what answers it: the same functions that gRPC's door calls.

#ifndef SPOOL_SERVER_GATEWAY_METHODS_H_
#define SPOOL_SERVER_GATEWAY_METHODS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/auth/caller.h"
#include "server/gateway/exchange.h"
#include "server/gateway/stream_format.h"
#include "server/service/done.h"
#include "server/service/services.h"

namespace spool::gateway {

struct Method {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  // Set for a unary call.
  std::function<void(const auth::Caller& caller, const google::protobuf::Message& request,
                     google::protobuf::Message* response, service::Done done)>
      unary;
  // Set for a call that answers with a stream. On the exchange's thread.
  std::function<void(const auth::Caller& caller, const google::protobuf::Message& request,
                     std::shared_ptr<Exchange> exchange, std::unique_ptr<StreamFormat> format, absl::Duration timeout)>
      stream;
  // Neither: the call takes a stream, which HTTP/1.1 cannot carry beside its answer.

  std::unique_ptr<google::protobuf::Message> NewRequest() const;
  std::unique_ptr<google::protobuf::Message> NewResponse() const;
  // Whether it may be asked for with GET.
  bool HasNoSideEffects() const;
};

// Immutable.
class MethodTable {
 public:
  // `services` outlives it.
  explicit MethodTable(service::Services* services);
  // "/spool.v1.JobService/GetJob"; nullptr if there is none.
  const Method* Find(absl::string_view path) const;
  // Methods of our services that nothing answers; for the test that there are none.
  std::vector<std::string> Missing() const;

 private:
  void Add(const google::protobuf::ServiceDescriptor* service, const char* name, Method method);
  absl::flat_hash_map<std::string, Method> methods_;
};

}  // namespace spool::gateway

#endif  // SPOOL_SERVER_GATEWAY_METHODS_H_
