#include "server/gateway/event_source.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/errors.h"
#include "server/base/json.h"
#include "server/base/status_macros.h"
#include "server/feed/token.h"
#include "server/gateway/connect_error.h"
#include "server/gateway/event_pump.h"
#include "server/job/transition.h"

namespace spool::gateway {
namespace {

// How soon a browser comes back when the stream ends, in milliseconds.
constexpr char kRetry[] = "retry: 2000\n";
// Smaller than gRPC's, for JSON is three times as large.
constexpr int kDefaultBatch = 128;

absl::Status BadParameter(absl::string_view name, absl::string_view why) {
  return FieldError(name, why, "QUERY_INVALID");
}

// "failed" or "EVENT_TYPE_FAILED" of an enum whose values begin with `prefix`.
absl::StatusOr<int> EnumValue(const google::protobuf::EnumDescriptor* type, absl::string_view prefix,
                              absl::string_view parameter, absl::string_view text) {
  std::string name = absl::AsciiStrToUpper(text);
  if (!absl::StartsWith(name, prefix)) name = absl::StrCat(prefix, name);
  const auto* const value = type->FindValueByName(name);
  if (value != nullptr && value->number() != 0) return value->number();
  std::string known;
  for (int i = 1; i < type->value_count(); ++i) {
    absl::StrAppend(&known, i > 1 ? ", " : "",
                    absl::AsciiStrToLower(absl::string_view(type->value(i)->name()).substr(prefix.size())));
  }
  return BadParameter(parameter, absl::StrCat("\"", text.substr(0, 64), "\" is none of ", known));
}

absl::StatusOr<int64_t> Number(absl::string_view parameter, absl::string_view text) {
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= 0) return number;
  return BadParameter(parameter, absl::StrCat("\"", text.substr(0, 64), "\" is not a whole number of 0 or more"));
}

absl::StatusOr<bool> Switch(absl::string_view parameter, absl::string_view text) {
  if (text == "1" || text == "true" || text.empty()) return true;
  if (text == "0" || text == "false") return false;
  return BadParameter(parameter, "is 1 or 0");
}

absl::Status TakeStart(absl::string_view value, v1::WatchEventsRequest* request) {
  if (value == "latest") {
    request->set_start_at(v1::START_AT_LATEST);
  } else if (value == "earliest") {
    request->set_start_at(v1::START_AT_EARLIEST);
  } else if (value == "snapshot") {
    request->set_start_at(v1::START_AT_SNAPSHOT);
  } else {
    return BadParameter("start", "is one of latest, earliest, snapshot");
  }
  return absl::OkStatus();
}

absl::Status TakeOnCompacted(absl::string_view value, v1::WatchEventsRequest* request) {
  if (value != "fail" && value != "snapshot") return BadParameter("on_compacted", "is one of snapshot, fail");
  request->set_on_compacted(value == "fail" ? v1::ON_COMPACTED_FAIL : v1::ON_COMPACTED_SNAPSHOT);
  return absl::OkStatus();
}

absl::Status TakeLabel(absl::string_view value, v1::EventFilter* filter) {
  const size_t equals = value.find('=');
  if (equals == absl::string_view::npos || equals == 0) return BadParameter("label", "has the form key=value");
  (*filter->mutable_labels())[std::string(value.substr(0, equals))] = std::string(value.substr(equals + 1));
  return absl::OkStatus();
}

// One parameter of the filter; false when the name is none of the filter's.
absl::StatusOr<bool> TakeFilter(const std::string& name, const std::string& value, v1::EventFilter* filter) {
  if (name == "job_id") {
    filter->add_job_ids(value);
  } else if (name == "video_id") {
    filter->add_video_ids(value);
  } else if (name == "label") {
    SPOOL_RETURN_IF_ERROR(TakeLabel(value, filter));
  } else if (name == "type") {
    for (const absl::string_view one : absl::StrSplit(value, ',')) {
      SPOOL_ASSIGN_OR_RETURN(const int type, EnumValue(v1::EventType_descriptor(), "EVENT_TYPE_", name, one));
      filter->add_types(static_cast<v1::EventType>(type));
    }
  } else if (name == "state") {
    for (const absl::string_view one : absl::StrSplit(value, ',')) {
      SPOOL_ASSIGN_OR_RETURN(const int state, EnumValue(v1::JobState_descriptor(), "JOB_STATE_", name, one));
      filter->add_states(static_cast<v1::JobState>(state));
    }
  } else {
    return false;
  }
  return true;
}

absl::Status TakeParameter(const std::string& name, const std::string& value, EventQuery* query) {
  v1::WatchEventsRequest* const request = &query->request;
  SPOOL_ASSIGN_OR_RETURN(const bool taken, TakeFilter(name, value, request->mutable_filter()));
  if (taken) return absl::OkStatus();
  if (name == "start") return TakeStart(value, request);
  if (name == "on_compacted") return TakeOnCompacted(value, request);
  if (name == "resume_token" || name == "last_event_id") return absl::OkStatus();  // after all others
  if (name == "after_sequence") {
    SPOOL_ASSIGN_OR_RETURN(const int64_t sequence, Number(name, value));
    request->set_after_sequence(sequence);
  } else if (name == "heartbeat") {
    SPOOL_ASSIGN_OR_RETURN(const int64_t seconds, Number(name, value));
    if (seconds > 60) return BadParameter(name, "is at most 60 seconds");
    request->mutable_heartbeat_interval()->set_seconds(seconds);
  } else if (name == "max_batch") {
    SPOOL_ASSIGN_OR_RETURN(const int64_t events, Number(name, value));
    if (events < 1 || events > 4096) return BadParameter(name, "is 1 to 4096");
    request->set_max_batch_events(static_cast<int>(events));
  } else if (name == "progress") {
    SPOOL_ASSIGN_OR_RETURN(const bool progress, Switch(name, value));
    request->set_include_progress(progress);
  } else if (name == "until_terminal") {
    SPOOL_ASSIGN_OR_RETURN(const bool until_terminal, Switch(name, value));
    request->set_until_terminal(until_terminal);
  } else if (name == "named") {
    SPOOL_ASSIGN_OR_RETURN(query->named, Switch(name, value));
  } else {
    return BadParameter(name.substr(0, 64),
                        "is not known; known are job_id, video_id, type, state, label, start, after_sequence, "
                        "resume_token, last_event_id, heartbeat, max_batch, progress, until_terminal, on_compacted, "
                        "named");
  }
  return absl::OkStatus();
}

class EventSource : public StreamFormat {
 public:
  EventSource(const service::JobCalls* calls, EventJson* json, bool named)
      : calls_(calls), json_(json), named_(named) {}

  std::string content_type() const override { return "text/event-stream"; }
  Headers headers() const override {
    // no-transform keeps boxes on the way from compressing, and so from holding back; nginx listens to the other one.
    return {{"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
  }
  // Browsers come back after the end of a stream, but after an HTTP error never.
  bool Refuses(const absl::Status& status) const override {
    return status.code() != absl::StatusCode::kUnavailable && status.code() != absl::StatusCode::kResourceExhausted &&
           !status.ok();
  }

  Bytes Update(const feed::Update& update) override {
    Bytes bytes;
    const v1::WatchEventsResponse& rest = update.rest;
    if (rest.has_opened()) bytes.Append(absl::StrCat(kRetry, ": Spool, log ", rest.opened().log_id(), "\n\n"));
    if (rest.has_reset()) Block(&bytes, "reset", "", ToJson(rest.reset()));
    for (const v1::Job& job : rest.snapshot_jobs()) Block(&bytes, "snapshot", "", ToJson(job));
    int64_t last = -1;
    for (const feed::Run& run : update.events) {
      ForEachEvent(run, [&](const feed::Chunk& chunk, int index) {
        last = chunk.first() + index;
        bytes.Append(absl::StrCat("id: ", calls_->TokenAt(last), "\n"));
        if (named_) bytes.Append(absl::StrCat("event: ", NameOf(chunk.digest(index).type), "\n"));
        bytes.Append("data: ");
        std::shared_ptr<const std::string> event = json_->Of(chunk, index);
        const absl::string_view view = *event;
        bytes.Share(std::move(event), view);
        bytes.Append("\n\n");
      });
    }
    if (rest.has_snapshot_complete()) {
      Block(&bytes, "synced", rest.coverage().resume_token(), ToJson(rest.snapshot_complete()));
    } else if (rest.has_coverage() && rest.coverage().through() != last) {
      // An id without data: the browser keeps it and tells the page nothing.
      bytes.Append(absl::StrCat("id: ", rest.coverage().resume_token(), "\n\n"));
    }
    for (const v1::ProgressSample& sample : rest.progress()) Block(&bytes, "progress", "", ToJson(sample));
    return bytes;
  }

  Bytes Message(const google::protobuf::Message& message) override {
    return Bytes(absl::StrCat("data: ", ToJson(message), "\n\n"));
  }

  Bytes End(const absl::Status& status) override {
    Bytes bytes;
    if (status.ok()) {
      Block(&bytes, "end", "", "{}");
    } else if (Refuses(status)) {
      Block(&bytes, "stream_error", "", ConnectErrorJson(status));
    } else {
      bytes.Append(absl::StrCat(kRetry, ": ", ErrorInfoOf(status).reason(), "\n\n"));
    }
    return bytes;
  }

 private:
  static void Block(Bytes* bytes, absl::string_view name, absl::string_view id, absl::string_view json) {
    bytes->Append(absl::StrCat("event: ", name, "\n"));
    if (!id.empty()) bytes->Append(absl::StrCat("id: ", id, "\n"));
    bytes->Append(absl::StrCat("data: ", json, "\n\n"));
  }
  static std::string NameOf(int type) {
    return absl::AsciiStrToLower(absl::string_view(v1::EventType_Name(type)).substr(sizeof("EVENT_TYPE_") - 1));
  }

  const service::JobCalls* const calls_;
  EventJson* const json_;
  const bool named_;
};

// A job's stream waits for a look at the job.
struct JobLookup {
  v1::GetJobRequest request;
  v1::GetJobResponse response;
  EventQuery query;
};

// Whether all there is to tell was told to one who comes back with this request.
bool IsOver(const absl::Status& status, const JobLookup& lookup) {
  if (lookup.query.request.resume_token().empty()) return false;
  if (absl::IsNotFound(status)) return true;
  const absl::StatusOr<feed::Position> position = feed::DecodeToken(lookup.query.request.resume_token());
  return status.ok() && position.ok() && job::IsTerminal(lookup.response.job().state()) &&
         position->sequence >= lookup.response.job().sequence();
}

}  // namespace

absl::StatusOr<EventQuery> ParseEventQuery(const Request& request) {
  EventQuery query;
  query.request.set_max_batch_events(kDefaultBatch);
  // A browser cannot act on a failure: it is given what there is.
  query.request.set_on_compacted(v1::ON_COMPACTED_SNAPSHOT);
  for (const auto& [name, value] : request.target.query) SPOOL_RETURN_IF_ERROR(TakeParameter(name, value, &query));
  const std::string* token = request.target.Find("last_event_id");
  if (token == nullptr || token->empty()) token = request.target.Find("resume_token");
  if (token != nullptr && !token->empty()) query.request.set_resume_token(*token);
  if (const absl::string_view last = request.Header("last-event-id"); !last.empty()) {
    query.request.set_resume_token(std::string(last));
  }
  return query;
}

std::unique_ptr<StreamFormat> EventSourceFormat(const service::JobCalls* calls, EventJson* json, bool named) {
  return std::make_unique<EventSource>(calls, json, named);
}

void AnswerEvents(service::JobCalls* calls, EventJson* json, const auth::Caller& caller,
                  std::shared_ptr<Exchange> exchange) {
  absl::StatusOr<EventQuery> query = ParseEventQuery(exchange->request());
  if (!query.ok()) {
    exchange->Respond(ErrorReply(query.status()));
    return;
  }
  StartEventPump(calls, caller, query->request, std::move(exchange), EventSourceFormat(calls, json, query->named),
                 absl::InfiniteDuration());
}

void AnswerJobEvents(service::JobCalls* calls, EventJson* json, const auth::Caller& caller, std::string job_id,
                     std::shared_ptr<Exchange> exchange) {
  auto lookup = std::make_shared<JobLookup>();
  absl::StatusOr<EventQuery> query = ParseEventQuery(exchange->request());
  if (!query.ok()) {
    exchange->Respond(ErrorReply(query.status()));
    return;
  }
  lookup->query = *std::move(query);
  v1::WatchEventsRequest* const watch = &lookup->query.request;
  if (watch->filter().job_ids_size() > 0) {
    exchange->Respond(ErrorReply(BadParameter("job_id", "is already in the path")));
    return;
  }
  watch->mutable_filter()->add_job_ids(job_id);
  watch->set_until_terminal(true);
  if (watch->start_case() == v1::WatchEventsRequest::START_NOT_SET) watch->set_start_at(v1::START_AT_EARLIEST);
  lookup->request.set_job_id(std::move(job_id));
  calls->GetJob(caller, lookup->request, &lookup->response, [=](const absl::Status& status) {
    exchange->Post([=] {
      if (IsOver(status, *lookup)) {
        Reply nothing;
        nothing.status = 204;
        exchange->Respond(std::move(nothing));
      } else if (!status.ok()) {
        exchange->Respond(ErrorReply(status));
      } else {
        StartEventPump(calls, caller, lookup->query.request, exchange,
                       EventSourceFormat(calls, json, lookup->query.named), absl::InfiniteDuration());
      }
    });
  });
}

}  // namespace spool::gateway
