// The fuzzer's entry over good inputs, and over what damage makes of them.

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/feed/token.h"
#include "server/gateway/envelope.h"
#include "server/service/page_token.h"
#include "spool/v1/job_service.pb.h"
#include "tests/fuzz/http_input.h"

namespace spool::testing {
namespace {

std::string Of(HttpPart part, const std::string& text) { return std::string(1, static_cast<char>(part)) + text; }

std::vector<std::string> GoodInputs() {
  return {
      Of(HttpPart::kTarget,
         "/v1/events?type=failed,queued&state=running&label=a%3Db&start=earliest&heartbeat=5&named=1"),
      Of(HttpPart::kTarget,
         "/v1/jobs/resize-v1-01M8ADFZA56RZNY77JDG7SZ66S/events?last_event_id=AbQuVu7ktt6M&max_batch=7"),
      Of(HttpPart::kHeaders,
         "application/grpc-web-text+proto; charset=utf-8\n1500\n10S\nbytes=0-99\nspool.example:80\n"
         "https://shop.example\na=b; spool_session=abc-_.~+/=\n1"),
      Of(HttpPart::kHeaders, "application/connect+json\n9999999999\n99999999n\nbytes=-5\n[::1]:8080\nnull\n\n2"),
      Of(HttpPart::kEnvelope, gateway::Envelope(0, gateway::Bytes("a message of some length")).Flat()),
      Of(HttpPart::kBase64, "AAAAAAA=AAAAAgoBYQ=="),
      Of(HttpPart::kEnqueue,
         R"({"videoId":"v","input":"a.mp4","resize":{"width":320,"fit":"FIT_PAD"},"priority":-3,)"
         R"("labels":{"a":"b"},"runAt":"2026-11-25T22:33:49.126339Z","limits":{"runTime":"1.5s"}})"),
      Of(HttpPart::kWatch, R"({"afterSequence":"12","filter":{"jobIds":["x"],"types":["EVENT_TYPE_FAILED",3]},)"
                           R"("heartbeatInterval":"1s","untilTerminal":true,"newer":{"field":[1,null]}})"),
      Of(HttpPart::kToken, feed::EncodeToken({0x123456789abcdef0, 42})),
      Of(HttpPart::kPageToken, service::EncodePageToken(17, v1::JobFilter())),
  };
}

TEST(HttpReplay, GoodInputsAndWhatDamageMakesOfThem) {
  const char* const folder = getenv("FUZZ_SEEDS");
  int number = 0;
  for (const std::string& input : GoodInputs()) {
    if (folder != nullptr) {
      std::ofstream(std::filesystem::path(folder) / ("http" + std::to_string(number++)), std::ios::binary) << input;
    }
    ReadHttpInput(input);
    for (size_t i = 1; i < input.size(); ++i) {
      ReadHttpInput(input.substr(0, i));
      for (const char damage : {'\0', '\xff', '%', '"', '=', '\n', '9'}) {
        std::string damaged = input;
        damaged[i] = damage;
        ReadHttpInput(damaged);
        ReadHttpInput(input.substr(0, i) + damage + input.substr(i));
      }
    }
  }
}

TEST(HttpReplay, NestsAndNumbersWithoutEnd) {
  for (const HttpPart part : {HttpPart::kEnqueue, HttpPart::kWatch}) {
    ReadHttpInput(Of(part, std::string(100000, '[')));
    ReadHttpInput(Of(part, "{\"x\":" + std::string(100000, '{')));
    std::string deep = "{\"x\":";
    for (int i = 0; i < 5000; ++i) deep += "{\"x\":";
    ReadHttpInput(Of(part, deep));
    ReadHttpInput(Of(part, "{\"priority\":" + std::string(100000, '9') + "}"));
    ReadHttpInput(Of(part, "{\"input\":\"\\ud800\\udc00\\ud800\"}"));
  }
}

}  // namespace
}  // namespace spool::testing
