#include "server/gateway/admission.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spool::gateway {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

Request Of(const std::string& method, Headers headers) { return {method, {"/v1/events", {}}, std::move(headers)}; }

class AdmissionTest : public ::testing::Test {
 protected:
  int Status(const std::string& method, Headers headers) const {
    const auto reply = admission_.Answer(Of(method, std::move(headers)), true);
    return reply.has_value() ? reply->status : 200;
  }
  const Admission admission_{{{"https://shop.example"}, {"spool.example", "other.example:8080"}}};
};

TEST_F(AdmissionTest, NamesOfThisServer) {
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:80", "[::1]", "192.168.1.7",
                           "spool.example", "Spool.Example:443", "other.example:8080"}) {
    EXPECT_EQ(Status("GET", {{"Host", host}}), 200) << host;
  }
  for (const char* host : {"evil.example", "spool.example.evil.example", "localhost.evil.example", "other.example",
                           "other.example:81", "1.2.3.4.evil.example", ":8080", "."}) {
    EXPECT_EQ(Status("GET", {{"Host", host}}), 421) << host;
  }
  EXPECT_EQ(Status("GET", {}), 400);
  EXPECT_FALSE(admission_.Answer(Of("GET", {}), /*http_1_1=*/false).has_value());
}

TEST_F(AdmissionTest, PagesOfOtherOrigins) {
  EXPECT_EQ(Status("POST", {{"Host", "localhost:80"}, {"Origin", "http://localhost:80"}}), 200);
  EXPECT_EQ(Status("POST", {{"Host", "spool.example"}, {"Origin", "https://spool.example"}}), 200);
  EXPECT_EQ(Status("POST", {{"Host", "localhost"}, {"Origin", "https://shop.example"}}), 200);
  for (const char* origin : {"https://evil.example", "null", "http://shop.example", "https://shop.example:8443",
                             "https://shop.example.evil.example", "http://localhost:81", "localhost:80", "file://"}) {
    EXPECT_EQ(Status("POST", {{"Host", "localhost:80"}, {"Origin", origin}}), 403) << origin;
    EXPECT_EQ(Status("OPTIONS", {{"Host", "localhost:80"}, {"Origin", origin}}), 403) << origin;
  }
}

TEST_F(AdmissionTest, APreflightIsAnswered) {
  const Request request = Of("OPTIONS", {{"Host", "localhost"}, {"Origin", "https://shop.example"}});
  const auto reply = admission_.Answer(request, true);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 204);
  EXPECT_THAT(reply->headers, Contains(Pair("Access-Control-Allow-Headers", HasSubstr("Connect-Protocol-Version"))));
  EXPECT_THAT(admission_.AnswerHeaders(request), Contains(Pair("Vary", HasSubstr("Access-Control-Request-Method"))));
}

TEST_F(AdmissionTest, OnlyAListedOriginIsReflected) {
  const Headers listed =
      admission_.AnswerHeaders(Of("GET", {{"Host", "localhost"}, {"Origin", "https://shop.example"}}));
  EXPECT_THAT(listed, Contains(Pair("Access-Control-Allow-Origin", "https://shop.example")));
  EXPECT_THAT(listed, Contains(Pair("Access-Control-Expose-Headers", HasSubstr("Grpc-Status-Details-Bin"))));
  const Headers other =
      admission_.AnswerHeaders(Of("GET", {{"Host", "localhost"}, {"Origin", "https://evil.example"}}));
  EXPECT_THAT(other, Not(Contains(Key("Access-Control-Allow-Origin"))));
  EXPECT_THAT(other, Contains(Pair("Vary", "Origin")));
}

}  // namespace
}  // namespace spool::gateway
