// Named specs. What a version stands for never changes; a better one is another version.

#ifndef SPOOL_SERVER_JOB_PRESETS_H_
#define SPOOL_SERVER_JOB_PRESETS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spool/v1/job_service.pb.h"

namespace spool::job {

// All of them, by name; of one name the latest version first.
const std::vector<v1::Preset>& AllPresets();

// "name" (its latest version) or "name@version". INVALID_ARGUMENT (FieldError "preset") lists the known ones.
absl::StatusOr<const v1::Preset*> FindPreset(absl::string_view name);

// "name@version".
std::string NameOf(const v1::Preset& preset);

}  // namespace spool::job

#endif  // SPOOL_SERVER_JOB_PRESETS_H_
