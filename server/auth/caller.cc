#include "server/auth/caller.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/auth/grant.h"
#include "server/base/errors.h"

namespace spool::auth {
namespace {

// As many labels as a job can have.
constexpr size_t kMaxLabels = 32;

bool Contains(const google::protobuf::RepeatedPtrField<std::string>& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

template <typename Filter>
void NarrowTo(const Token& token, Filter* filter) {
  bool nothing = false;
  if (!token.video_ids().empty()) {
    if (filter->video_ids().empty()) {
      *filter->mutable_video_ids() = token.video_ids();
    } else {
      auto* const wanted = filter->mutable_video_ids();
      wanted->erase(std::remove_if(wanted->begin(), wanted->end(),
                                   [&](const std::string& id) { return !Contains(token.video_ids(), id); }),
                    wanted->end());
      nothing = wanted->empty();
    }
  }
  auto& labels = *filter->mutable_labels();
  for (const auto& [key, value] : token.labels()) {
    const auto found = labels.find(key);
    if (found == labels.end()) {
      labels[key] = value;
    } else if (found->second != value) {
      nothing = true;
    }
  }
  if (nothing || labels.size() > kMaxLabels) {
    // No job has a label without a key.
    labels.clear();
    labels[""] = "";
  }
}

}  // namespace

Caller Caller::Everything() {
  static const auto* const grant = [] {
    auto made = std::make_shared<Grant>();
    made->token.set_name("anyone");
    made->scope = Scope::kAdmin;
    return new std::shared_ptr<const Grant>(std::move(made));
  }();
  return Caller(*grant);
}

Caller Caller::From(std::string peer) const {
  Caller caller = *this;
  caller.peer_ = std::move(peer);
  return caller;
}

const std::string& Caller::name() const { return grant_->token.name(); }

bool Caller::Can(Scope scope) const { return scope <= grant_->scope; }

absl::Status Caller::Check(const google::protobuf::MethodDescriptor& method) const {
  const Scope required = RequiredScope(method);
  if (Can(required)) return absl::OkStatus();
  return Error(absl::StatusCode::kPermissionDenied, "SCOPE_TOO_SMALL",
               absl::StrCat(method.name(), " needs a token with scope ", NameOf(required), "; this one has ",
                            NameOf(grant_->scope)),
               {{"method", method.full_name()},
                {"requiredScope", std::string(NameOf(required))},
                {"scope", std::string(NameOf(grant_->scope))}});
}

absl::Status Caller::Standing() const {
  switch (grant_->state.load(std::memory_order_relaxed)) {
    case Grant::State::kGood:
      break;
    case Grant::State::kChanged:
      return Error(absl::StatusCode::kUnavailable, "TOKEN_CHANGED",
                   "what the token grants was changed while the call went on; make it again");
    case Grant::State::kRevoked:
      return Error(absl::StatusCode::kUnauthenticated, "TOKEN_REVOKED", "the token was revoked while the call went on");
  }
  if (grant_->expires_at != absl::InfiniteFuture() && grant_->clock->Now() >= grant_->expires_at) {
    return Error(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED", "the token expired while the call went on");
  }
  return absl::OkStatus();
}

bool Caller::limited() const { return !grant_->token.labels().empty() || !grant_->token.video_ids().empty(); }

bool Caller::MaySee(const v1::Job& job) const {
  const Token& token = grant_->token;
  if (!token.video_ids().empty() && !Contains(token.video_ids(), job.video_id())) return false;
  return std::all_of(token.labels().begin(), token.labels().end(), [&](const auto& label) {
    const auto found = job.labels().find(label.first);
    return found != job.labels().end() && found->second == label.second;
  });
}

bool Caller::MayName(absl::string_view path) const {
  if (!limited()) return true;
  const auto& folders = grant_->token.folders();
  return std::any_of(folders.begin(), folders.end(), [path](const std::string& folder) {
    return absl::StartsWith(path, folder) && path.size() > folder.size() && path[folder.size()] == '/';
  });
}

void Caller::Narrow(v1::EventFilter* filter) const {
  if (limited()) NarrowTo(grant_->token, filter);
}

void Caller::Narrow(v1::JobFilter* filter) const {
  if (limited()) NarrowTo(grant_->token, filter);
}

absl::Status OutsideLimit(absl::string_view field, absl::string_view why) {
  return Error(absl::StatusCode::kPermissionDenied, "OUTSIDE_LIMIT", absl::StrCat(field, ": ", why),
               {{"field", std::string(field)}});
}

}  // namespace spool::auth
