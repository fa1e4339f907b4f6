#include "server/rpc/server.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpc/support/log.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "server/base/log.h"
#include "server/rpc/admission.h"
#include "server/rpc/job_service.h"
#include "server/rpc/media_service.h"
#include "server/rpc/queue_service.h"
#include "server/rpc/reflection.h"
#include "server/rpc/tls_credentials.h"

namespace spool::rpc {
namespace {

constexpr int kMaxReceiveBytes = 16 << 20;

const std::vector<std::string>& ServiceNames() {
  static const auto* const names =
      new std::vector<std::string>{v1::JobService::service_full_name(), v1::QueueService::service_full_name(),
                                   v1::MediaService::service_full_name()};
  return *names;
}

std::vector<std::string> ReflectedNames() {
  std::vector<std::string> names = ServiceNames();
  names.insert(names.end(), {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                             "grpc.reflection.v1alpha.ServerReflection"});
  return names;
}

// gRPC's own words in our log's form.
void LogForGrpc(gpr_log_func_args* args) {
  const LogLevel level = args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kInfo;
  Log(level, args->message, {{"from", "grpc"}});
}

class GrpcServer : public Server {
 public:
  GrpcServer(const ServerOptions& options, service::Services* services)
      : credentials_(options.tls == nullptr ? grpc::InsecureServerCredentials() : MakeTlsCredentials(options.tls)),
        admission_(options.gatekeeper, options.tls != nullptr && !options.tls->current()->client_ca.empty()
                                           ? Admission::Clients::kCertified
                                           : Admission::Clients::kAny),
        jobs_(&services->jobs, &admission_),
        queue_(&services->queue, &admission_),
        media_(&services->media, &admission_),
        reflection_(MakeReflectionV1(ReflectedNames(), &admission_)),
        reflection_alpha_(MakeReflectionV1Alpha(ReflectedNames(), &admission_)) {}
  ~GrpcServer() override { Shutdown(absl::ZeroDuration()); }

  absl::Status Listen(const std::string& address) {
    static const bool process_ready = [] {
      gpr_set_log_function(LogForGrpc);
      grpc::EnableDefaultHealthCheckService(true);
      return true;
    }();
    (void)process_ready;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address, credentials_, &port);
    for (grpc::Service* service :
         std::vector<grpc::Service*>{&jobs_, &queue_, &media_, reflection_.get(), reflection_alpha_.get()}) {
      builder.RegisterService(service);
    }
    builder.SetMaxReceiveMessageSize(kMaxReceiveBytes);
    // Two servers on one port would share its connections without a word.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1024);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 64 << 10);
    // Finds dead clients. Clients may ping every 10 s without being sent away; gRPC's default is five minutes.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot listen on grpc_address ", address, ": the port is taken or the address is not ours"));
    }
    address_ = absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
    SetServing(true);
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }

  void Drain() override { SetServing(false); }

  void Shutdown(absl::Duration grace) override {
    if (server_ == nullptr) return;
    server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
    server_->Wait();
    server_.reset();
  }

 private:
  void SetServing(bool serving) {
    grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
    health->SetServingStatus(serving);
    for (const std::string& name : ServiceNames()) health->SetServingStatus(name, serving);
  }

  // Asked by the library for as long as there is a server.
  const std::shared_ptr<grpc::ServerCredentials> credentials_;
  const Admission admission_;
  JobService jobs_;
  QueueService queue_;
  MediaService media_;
  const std::unique_ptr<grpc::Service> reflection_;
  const std::unique_ptr<grpc::Service> reflection_alpha_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace

std::string GrpcVersion() { return grpc::Version(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, service::Services* services) {
  auto server = std::make_unique<GrpcServer>(options, services);
  if (absl::Status status = server->Listen(options.address); !status.ok()) return status;
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace spool::rpc
