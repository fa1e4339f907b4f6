#include "server/media/damage.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace spool::media {

void Damage::Add(std::string warning) {
  if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end())
    warnings_.push_back(std::move(warning));
}

std::vector<std::string> Damage::Warnings() const {
  std::vector<std::string> all = warnings_;
  for (const auto& [stream, count] : decode_errors_) {
    all.push_back(absl::StrCat("stream ", stream, " is damaged in ", count,
                               count == 1 ? " place, which was passed over" : " places, which were passed over"));
  }
  return all;
}

}  // namespace spool::media
