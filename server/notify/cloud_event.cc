#include "server/notify/cloud_event.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/base/proto_time.h"

namespace spool::notify {
namespace {

// As a JSON string, with its quotes.
std::string Quoted(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  std::string json;
  // Fails for no string that a message could hold.
  if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) return "\"\"";
  return json;
}

std::string TimeText(absl::Time time) { return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", time, absl::UTCTimeZone()); }

std::string Envelope(absl::string_view id, absl::string_view source, absl::string_view type, absl::string_view subject,
                     absl::Time time, absl::string_view more, absl::string_view data) {
  return absl::StrCat(R"({"specversion":"1.0","id":)", Quoted(id), R"(,"source":)", Quoted(source), R"(,"type":)",
                      Quoted(type), R"(,"subject":)", Quoted(subject), R"(,"time":)", Quoted(TimeText(time)), more,
                      R"(,"datacontenttype":"application/json","data":)", data, "}");
}

}  // namespace

std::string EventId(uint64_t log_id, int64_t sequence) { return absl::StrFormat("evt_%016x_%d", log_id, sequence); }

std::string CloudEventType(v1::EventType type) {
  const std::string& name = v1::EventType_Name(type);
  return absl::StrCat("spool.job.", absl::AsciiStrToLower(absl::StripPrefix(name, "EVENT_TYPE_")));
}

absl::StatusOr<std::string> CloudEventOf(const v1::Event& event, absl::string_view id, absl::string_view source) {
  std::string data;
  if (const auto status = google::protobuf::util::MessageToJsonString(event, &data); !status.ok()) {
    return absl::InternalError(absl::StrCat("event ", event.sequence(), " as JSON: ", status.ToString()));
  }
  const std::string more = absl::StrCat(R"(,"sequence":")", absl::Dec(event.sequence(), absl::kZeroPad20),
                                        R"(","partitionkey":)", Quoted(event.job_id()));
  return Envelope(id, source, CloudEventType(event.type()), event.job_id(), FromProto(event.event_time()), more, data);
}

std::string TestCloudEvent(absl::string_view target, absl::string_view id, absl::string_view source, absl::Time now) {
  return Envelope(id, source, "spool.notification.test", target, now, "",
                  absl::StrCat(R"({"target":)", Quoted(target), "}"));
}

}  // namespace spool::notify
