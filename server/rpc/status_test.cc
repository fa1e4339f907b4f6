#include "server/rpc/status.h"

#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "server/base/errors.h"

namespace spool::rpc {
namespace {

TEST(Status, DetailsTravelInTheTrailer) {
  const grpc::Status status = ToGrpc(FieldError("input", "is empty"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), 3);
  ASSERT_EQ(details.details_size(), 2);
  int infos = 0, fields = 0;
  for (const auto& any : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    if (any.UnpackTo(&info)) infos += info.reason() == "FIELD_INVALID";
    if (any.UnpackTo(&bad)) fields += bad.field_violations(0).field() == "input";
  }
  EXPECT_EQ(infos, 1);
  EXPECT_EQ(fields, 1);
}

TEST(Status, APlainErrorGetsItsCodeAsReason) {
  const grpc::Status status = ToGrpc(absl::InternalError("oops"));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "INTERNAL");
  EXPECT_EQ(info.domain(), "spool");
}

TEST(Status, LongMessagesAreCut) {
  const grpc::Status status = ToGrpc(absl::InternalError(std::string(100000, 'x')));
  EXPECT_EQ(status.error_message().size(), 2000u);
  EXPECT_LT(status.error_details().size(), 4096u);
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
}

}  // namespace
}  // namespace spool::rpc
