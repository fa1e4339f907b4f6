#include "server/media/damage.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace spool::media {

void Damage::AddDecodeError(int stream) {
  MutexLock lock(&mu_);
  ++decode_errors_[stream];
  any_ = true;
}

void Damage::Add(std::string warning) {
  Note(std::move(warning));
  MutexLock lock(&mu_);
  any_ = true;
}

void Damage::Note(std::string warning) {
  MutexLock lock(&mu_);
  if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end())
    warnings_.push_back(std::move(warning));
}

bool Damage::any() const {
  MutexLock lock(&mu_);
  return any_;
}

std::vector<std::string> Damage::Warnings() const {
  MutexLock lock(&mu_);
  std::vector<std::string> all = warnings_;
  for (const auto& [stream, count] : decode_errors_) {
    all.push_back(absl::StrCat("stream ", stream, " is damaged in ", count,
                               count == 1 ? " place, which was passed over" : " places, which were passed over"));
  }
  return all;
}

}  // namespace spool::media
