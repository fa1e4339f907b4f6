#include "server/feed/filter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/errors.h"

namespace spool::feed {
namespace {

constexpr int kMaxIds = 1000;
constexpr size_t kMaxIdBytes = 256;

using Ids = absl::flat_hash_map<uint64_t, std::vector<std::string>>;

Ids IndexOf(const google::protobuf::RepeatedPtrField<std::string>& ids) {
  Ids index;
  for (const std::string& id : ids) index[HashOf(id)].push_back(id);
  return index;
}

bool Holds(const Ids& ids, uint64_t hash, absl::string_view id) {
  const auto found = ids.find(hash);
  return found != ids.end() && std::find(found->second.begin(), found->second.end(), id) != found->second.end();
}

absl::Status CheckIds(absl::string_view field, const google::protobuf::RepeatedPtrField<std::string>& ids) {
  if (ids.size() > kMaxIds)
    return FieldError(field, absl::StrCat("has more than ", kMaxIds, " entries"), "FILTER_INVALID");
  for (const std::string& id : ids) {
    if (id.empty() || id.size() > kMaxIdBytes) return FieldError(field, "has an entry that is no id", "FILTER_INVALID");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFilter(const v1::EventFilter& filter) {
  if (absl::Status status = CheckIds("filter.job_ids", filter.job_ids()); !status.ok()) return status;
  if (absl::Status status = CheckIds("filter.video_ids", filter.video_ids()); !status.ok()) return status;
  for (const int type : filter.types()) {
    if (!v1::EventType_IsValid(type) || type == v1::EVENT_TYPE_UNSPECIFIED) {
      return FieldError("filter.types", "has a value that is not known", "FILTER_INVALID");
    }
  }
  for (const int state : filter.states()) {
    if (!v1::JobState_IsValid(state) || state == v1::JOB_STATE_UNSPECIFIED) {
      return FieldError("filter.states", "has a value that is not known", "FILTER_INVALID");
    }
  }
  if (filter.labels().size() > 32) return FieldError("filter.labels", "has more than 32 entries", "FILTER_INVALID");
  return absl::OkStatus();
}

Filter::Filter(const v1::EventFilter& filter)
    : jobs_(IndexOf(filter.job_ids())), videos_(IndexOf(filter.video_ids())), labels_(filter.labels()) {
  for (const int type : filter.types()) types_ |= uint64_t{1} << type;
  for (const int state : filter.states()) states_ |= uint64_t{1} << state;
  all_ = jobs_.empty() && videos_.empty() && types_ == 0 && states_ == 0 && labels_.empty();
}

bool Filter::HasLabels(const google::protobuf::Map<std::string, std::string>& labels) const {
  for (const auto& [key, value] : labels_) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return true;
}

bool Filter::Matches(const Chunk& chunk, int i) const {
  if (all_) return true;
  const EventDigest& digest = chunk.digest(i);
  if (types_ != 0 && (types_ >> digest.type & 1) == 0) return false;
  if (states_ != 0 && (states_ >> digest.state & 1) == 0) return false;
  if (!jobs_.empty() && !jobs_.contains(digest.job_hash)) return false;
  if (!videos_.empty() && !videos_.contains(digest.video_hash)) return false;
  if (jobs_.empty() && videos_.empty() && labels_.empty()) return true;
  // Hashes may collide and labels are not in the digest: now the event itself decides.
  const v1::Event event = chunk.Parse(i);
  return (jobs_.empty() || Holds(jobs_, digest.job_hash, event.job_id())) &&
         (videos_.empty() || Holds(videos_, digest.video_hash, event.video_id())) && HasLabels(event.labels());
}

bool Filter::Matches(const v1::Job& job) const {
  return (states_ == 0 || (states_ >> job.state() & 1) != 0) && MatchesProgress(job);
}

bool Filter::IsAbout(const v1::Event& event) const {
  return (jobs_.empty() || Holds(jobs_, HashOf(event.job_id()), event.job_id())) &&
         (videos_.empty() || Holds(videos_, HashOf(event.video_id()), event.video_id())) && HasLabels(event.labels());
}

bool Filter::MatchesProgress(const v1::Job& job) const {
  return (jobs_.empty() || Holds(jobs_, HashOf(job.id()), job.id())) &&
         (videos_.empty() || Holds(videos_, HashOf(job.video_id()), job.video_id())) && HasLabels(job.labels());
}

}  // namespace spool::feed
