#include "tests/fuzz/http_input.h"

#include <stdio.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "server/base/json.h"
#include "server/feed/token.h"
#include "server/gateway/admission.h"
#include "server/gateway/byte_range.h"
#include "server/gateway/connect_error.h"
#include "server/gateway/envelope.h"
#include "server/gateway/event_source.h"
#include "server/gateway/rpc_protocol.h"
#include "server/gateway/session.h"
#include "server/service/page_token.h"
#include "spool/v1/job_service.pb.h"

namespace spool::testing {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

// A refusal is told to the client, whatever is in it.
void Tell(const absl::Status& status) {
  const std::string json = gateway::ConnectErrorJson(status);
  Require(json.find('\n') == std::string::npos && json.front() == '{' && json.back() == '}', "an error is one line");
  const std::string trailers = gateway::GrpcWebTrailers(status);
  size_t lines = 0;
  for (size_t at = trailers.find("\r\n"); at != std::string::npos; at = trailers.find("\r\n", at + 2)) ++lines;
  Require(lines == (status.ok() ? 1 : 3), "trailers are their own lines only");
}

void ReadTarget(absl::string_view input) {
  gateway::Request request;
  request.method = "GET";
  absl::StatusOr<gateway::Target> target = gateway::ParseTarget(input);
  if (!target.ok()) return Tell(target.status());
  Require(target->path.front() == '/', "a path begins with a slash");
  for (const absl::string_view segment : absl::StrSplit(target->path, '/')) {
    if (const auto decoded = gateway::PercentDecode(segment, gateway::Plus::kPlus); !decoded.ok())
      Tell(decoded.status());
  }
  request.target = *std::move(target);
  const auto query = gateway::ParseEventQuery(request);
  if (!query.ok()) return Tell(query.status());
  Require(query->request.max_batch_events() >= 1 && query->request.max_batch_events() <= 4096, "batches are bounded");
  v1::WatchEventsRequest again;
  Require(again.ParseFromString(query->request.SerializeAsString()), "a request is a message");
}

void ReadHeaders(absl::string_view input) {
  gateway::Request request;
  request.method = "POST";
  const std::vector<absl::string_view> lines = absl::StrSplit(input, '\n');
  constexpr const char* kNames[] = {
      "content-type", "connect-timeout-ms",      "grpc-timeout", "range", "host", "origin",
      "cookie",       "connect-protocol-version"};
  for (size_t i = 0; i < lines.size() && i < std::size(kNames); ++i) {
    request.headers.emplace_back(kNames[i], std::string(lines[i]));
  }
  const auto protocol = gateway::ProtocolOf(request.ContentType());
  for (const auto& each :
       {protocol.value_or(gateway::Protocol()), gateway::Protocol{gateway::ProtocolKind::kGrpcWeb}}) {
    const auto timeout = gateway::TimeoutOf(each, request);
    if (timeout.ok()) {
      Require(*timeout >= absl::ZeroDuration(), "no call ends before it began");
    } else {
      Tell(timeout.status());
    }
    Tell(gateway::CheckHeaders(each, request));
  }
  for (const int64_t size : {int64_t{0}, int64_t{1}, int64_t{1} << 40}) {
    const gateway::RangeAnswer answer = gateway::ParseRange(request.Header("range"), size);
    if (answer.kind == gateway::RangeKind::kUnsatisfiable) continue;
    Require(answer.range.begin >= 0 && answer.range.begin <= answer.range.end && answer.range.end <= size,
            "a range lies in its file");
  }
  const gateway::Admission admission({{"https://shop.example"}, {"spool.example"}});
  admission.Answer(request, true);
  for (const auto& [name, value] : admission.AnswerHeaders(request)) {
    Require(name != "Access-Control-Allow-Origin" || value == "https://shop.example",
            "only what is listed is reflected");
  }
  Require(gateway::SessionTokenOf(request).find_first_of("; \r\n") == std::string::npos, "a token is one word");
}

template <typename Message>
void ReadJson(absl::string_view input) {
  Message message;
  if (const absl::Status status = FromJson(input, &message); !status.ok()) return Tell(status);
  Message again;
  Require(FromJson(ToJson(message), &again).ok(), "what we write we can read");
}

}  // namespace

void ReadHttpInput(absl::string_view input) {
  if (input.empty()) return;
  const auto part = static_cast<HttpPart>(static_cast<unsigned char>(input[0]) % static_cast<int>(HttpPart::kParts));
  input.remove_prefix(1);
  switch (part) {
    case HttpPart::kTarget:
      return ReadTarget(input);
    case HttpPart::kHeaders:
      return ReadHeaders(input);
    case HttpPart::kEnvelope: {
      const auto message = gateway::OnlyMessage(input);
      if (!message.ok()) return Tell(message.status());
      Require(gateway::Envelope(gateway::kPlainMessage, gateway::Bytes(*message)).Flat() == input, "frames are exact");
      return;
    }
    case HttpPart::kBase64: {
      const auto decoded = gateway::DecodeBase64Stretches(input);
      if (!decoded.ok()) return Tell(decoded.status());
      Require(decoded->size() <= input.size() / 4 * 3, "base64 does not grow");
      return;
    }
    case HttpPart::kEnqueue:
      return ReadJson<v1::EnqueueRequest>(input);
    case HttpPart::kWatch:
      return ReadJson<v1::WatchEventsRequest>(input);
    case HttpPart::kToken: {
      const auto position = feed::DecodeToken(input);
      if (!position.ok()) return Tell(position.status());
      Require(feed::EncodeToken(*position) == input, "a token has one spelling");
      return;
    }
    case HttpPart::kPageToken: {
      const auto place = service::DecodePageToken(input, v1::JobFilter());
      if (!place.ok()) return Tell(place.status());
      Require(service::EncodePageToken(*place, v1::JobFilter()) == input, "a page token has one spelling");
      return;
    }
    case HttpPart::kParts:
      return;
  }
}

}  // namespace spool::testing
