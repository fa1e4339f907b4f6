#include "client/cli/json.h"

#include "absl/strings/str_cat.h"
#include "server/base/json.h"

namespace spool::cli {

std::string ToJson(const google::protobuf::Message& message) { return spool::ToJson(message); }

std::string ToJson(absl::string_view key, const google::protobuf::Message& message) {
  return absl::StrCat("{\"", key, "\":", ToJson(message), "}");
}

std::string ToJsonString(absl::string_view text) { return spool::ToJsonString(text); }

}  // namespace spool::cli
