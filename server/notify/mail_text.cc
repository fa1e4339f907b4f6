#include "server/notify/mail_text.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/base/proto_time.h"
#include "server/notify/mail_message.h"

namespace spool::notify {
namespace {

constexpr size_t kMaxValueBytes = 500;
constexpr int kMaxListed = 100;
constexpr int kMaxLabels = 32;
constexpr int kMaxWarnings = 5;

// "sprite-sheet" for JOB_TYPE_SPRITE_SHEET.
std::string Word(absl::string_view name, absl::string_view prefix) {
  std::string word = absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
  std::replace(word.begin(), word.end(), '_', '-');
  return word;
}

std::string Moment(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", FromProto(time), absl::UTCTimeZone());
}

std::string Seconds(const google::protobuf::Duration& duration) {
  return absl::StrFormat("%.1f s", absl::ToDoubleSeconds(FromProto(duration)));
}

// Name and value on a line of their own; nothing when there is no value.
void AddLine(absl::string_view name, absl::string_view value, std::string& text) {
  if (value.empty()) return;
  absl::StrAppendFormat(&text, "%-10s %s\n", absl::StrCat(name, ":"), OneLine(value, kMaxValueBytes));
}

std::string ResultText(const v1::JobResult& result) {
  std::vector<std::string> facts;
  if (result.width() > 0) facts.push_back(absl::StrCat(result.width(), "x", result.height()));
  if (result.has_duration()) facts.push_back(Seconds(result.duration()));
  if (result.bytes() > 0) facts.push_back(absl::StrCat(result.bytes(), " bytes"));
  if (result.container() != v1::CONTAINER_UNSPECIFIED) {
    facts.push_back(Word(v1::Container_Name(result.container()), "CONTAINER_"));
  }
  return absl::StrJoin(facts, ", ");
}

void AddCompleted(const v1::JobCompleted& completed, std::string& text) {
  const v1::JobResult& result = completed.result();
  AddLine("Type", Word(v1::JobType_Name(completed.type()), "JOB_TYPE_"), text);
  AddLine("Result", ResultText(result), text);
  AddLine("Output", result.output(), text);
  for (const v1::OutputResult& output : result.outputs()) {
    AddLine("Output",
            absl::StrCat(output.name(), output.has_error() ? ": was not made: " : "",
                         output.has_error() ? output.error().message() : ""),
            text);
  }
  for (int i = 0; i < std::min(result.warnings_size(), kMaxWarnings); ++i) AddLine("Warning", result.warnings(i), text);
  AddLine("Queued", Moment(completed.queued_at()), text);
  AddLine("Started", Moment(completed.started_at()), text);
  AddLine("Completed", Moment(completed.completed_at()), text);
  AddLine("Run time", Seconds(completed.duration()), text);
}

void AddFailed(const v1::JobFailed& failed, std::string& text) {
  AddLine("Type", Word(v1::JobType_Name(failed.type()), "JOB_TYPE_"), text);
  AddLine("Reason", failed.error().reason(), text);
  AddLine("Message", failed.error().message(), text);
  AddLine("Queued", Moment(failed.queued_at()), text);
  if (failed.has_started_at()) AddLine("Started", Moment(failed.started_at()), text);
  AddLine("Failed", Moment(failed.failed_at()), text);
}

MailText OneJob(const v1::Event& event) {
  MailText mail;
  const bool failed = event.has_failed();
  const std::string reason = failed ? absl::StrCat(": ", event.failed().error().reason()) : "";
  const char* const verb = failed ? "failed" : "completed";
  mail.subject = absl::StrCat("Spool: ", event.job_id(), " ", verb, reason);
  mail.body = absl::StrCat("The job ", OneLine(event.job_id(), kMaxValueBytes), " ", verb, ".\n\n");
  AddLine("Video", event.video_id(), mail.body);
  if (failed) {
    AddFailed(event.failed(), mail.body);
  } else {
    AddCompleted(event.completed(), mail.body);
  }
  AddLine("Attempts", absl::StrCat(event.attempt()), mail.body);
  // A map's own order is that of its hashes.
  const std::map<std::string, std::string> labels(event.labels().begin(), event.labels().end());
  int count = 0;
  for (const auto& [key, value] : labels) {
    if (++count <= kMaxLabels) AddLine("Label", absl::StrCat(key, "=", value), mail.body);
  }
  return mail;
}

std::string DigestLine(const v1::Event& event) {
  std::string line = absl::StrCat("  ", event.job_id());
  if (!event.video_id().empty()) absl::StrAppend(&line, " (", event.video_id(), ")");
  if (event.has_failed()) {
    absl::StrAppend(&line, ": ", event.failed().error().reason(), ": ", event.failed().error().message());
  } else {
    absl::StrAppend(&line, ": ", ResultText(event.completed().result()));
  }
  return OneLine(line, kMaxValueBytes) + "\n";
}

void AddList(absl::string_view heading, const std::vector<const v1::Event*>& events, std::string& text) {
  if (events.empty()) return;
  absl::StrAppend(&text, heading, " (", events.size(), "):\n");
  for (size_t i = 0; i < std::min<size_t>(events.size(), kMaxListed); ++i)
    absl::StrAppend(&text, DigestLine(*events[i]));
  if (events.size() > kMaxListed) absl::StrAppend(&text, "  … and ", events.size() - kMaxListed, " more\n");
  absl::StrAppend(&text, "\n");
}

}  // namespace

MailText MailTextOf(absl::Span<const Parcel> parcels) {
  if (parcels.size() == 1) return OneJob(parcels[0].event);
  std::vector<const v1::Event*> failed, completed;
  for (const Parcel& parcel : parcels) (parcel.event.has_failed() ? failed : completed).push_back(&parcel.event);
  MailText mail;
  mail.subject = absl::StrCat("Spool: ", completed.size(), completed.size() == 1 ? " job" : " jobs", " completed, ",
                              failed.size(), " failed");
  AddList("Failed", failed, mail.body);
  AddList("Completed", completed, mail.body);
  return mail;
}

MailText TestMailText(absl::string_view target) {
  return {"Spool: test",
          absl::StrCat("This is a test of the notification target ", target, ". No job is behind it.\n")};
}

}  // namespace spool::notify
