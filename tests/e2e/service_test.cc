// What every gRPC server has: health of each service, reflection in both versions, and calm in the face of nonsense.

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpcpp/grpcpp.h"
#include "tests/support/raw_call.h"
#include "tests/support/spoold_test.h"

namespace spool::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

class ServiceTest : public SpooldTest {
 protected:
  void SetUp() override { StartServer(); }
};

TEST_F(ServiceTest, EachServiceIsHealthy) {
  const auto health = grpc::health::v1::Health::NewStub(channel());
  for (const char* service : {"", "spool.v1.JobService", "spool.v1.QueueService", "spool.v1.MediaService"}) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    grpc::health::v1::HealthCheckResponse response;
    ASSERT_TRUE(health->Check(&context, request, &response).ok()) << service;
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING) << service;
  }
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("no.such.Service");
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_EQ(health->Check(&context, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

// The messages of both versions are the same on the wire.
TEST_F(ServiceTest, BothReflectionsListTheServices) {
  grpc::reflection::v1::ServerReflectionRequest request;
  request.set_list_services("");
  for (const char* version : {"v1", "v1alpha"}) {
    const auto bytes =
        CallRaw(channel(), std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo",
                request.SerializeAsString());
    ASSERT_OK(bytes) << version;
    grpc::reflection::v1::ServerReflectionResponse response;
    ASSERT_TRUE(response.ParseFromString(*bytes));
    std::vector<std::string> names;
    for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
    EXPECT_THAT(names, IsSupersetOf({"spool.v1.JobService", "spool.v1.QueueService", "spool.v1.MediaService",
                                     "grpc.health.v1.Health"}))
        << version;
  }
}

TEST_F(ServiceTest, BothReflectionsKnowTheErrorDetails) {
  grpc::reflection::v1::ServerReflectionRequest request;
  for (const char* version : {"v1", "v1alpha"}) {
    for (const char* symbol : {"spool.v1.JobService.WatchEvents", "google.rpc.ErrorInfo"}) {
      request.set_file_containing_symbol(symbol);
      const auto bytes =
          CallRaw(channel(), std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo",
                  request.SerializeAsString());
      ASSERT_OK(bytes) << version;
      grpc::reflection::v1::ServerReflectionResponse response;
      ASSERT_TRUE(response.ParseFromString(*bytes));
      EXPECT_GT(response.file_descriptor_response().file_descriptor_proto_size(), 0) << version << " " << symbol;
    }
  }
}

TEST_F(ServiceTest, GarbageIsRefusedAndTheServerLives) {
  // Not a field; a length without its bytes; a string that is no UTF-8; nesting without end.
  std::string nested;
  for (int i = 0; i < 3000; ++i) nested += "\x22\x7f";
  for (const std::string& garbage : {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11),
                                     std::string("\x0a\x7fshort"), std::string("\x0a\x02\xc3\x28"), nested}) {
    EXPECT_THAT(CallRaw(channel(), "/spool.v1.JobService/WatchEvents", garbage),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << garbage.substr(0, 12);
  }
  EXPECT_OK(client().GetQueueStats());
  EXPECT_THAT(server().Log(), Not(HasSubstr("libprotobuf"))) << "a line for each would let any client fill the log";
}

TEST_F(ServiceTest, AWatchThatMakesNoSenseIsRefusedByName) {
  const auto refusal = [&](const v1::WatchEventsRequest& request) { return OpenWatch(request)->UntilEnd(); };
  v1::WatchEventsRequest request;
  request.set_until_terminal(true);
  EXPECT_THAT(refusal(request), StatusIs(absl::StatusCode::kInvalidArgument));
  request.Clear();
  request.set_after_sequence(-1);
  EXPECT_THAT(refusal(request), StatusIs(absl::StatusCode::kInvalidArgument));
  request.Clear();
  for (int i = 0; i < 1001; ++i) request.mutable_filter()->add_job_ids(std::to_string(i));
  EXPECT_THAT(refusal(request), Refused(absl::StatusCode::kInvalidArgument, "FILTER_INVALID"));
}

TEST_F(ServiceTest, AHeartbeatComesWithoutEvents) {
  v1::WatchEventsRequest request;
  request.mutable_heartbeat_interval()->set_seconds(1);
  auto watch = OpenWatch(request);
  ASSERT_OK(watch->UntilOpened());
  const auto heartbeat = watch->Next();
  ASSERT_OK(heartbeat);
  EXPECT_TRUE(heartbeat->has_coverage());
  EXPECT_EQ(heartbeat->events_size(), 0);
}

}  // namespace
}  // namespace spool::testing
