#include "client/cli/json.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace spool::cli {

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  // Fails only for a google.protobuf.Any of unknown type or a time out of range, which Spool's records do not hold;
  // an object is still what a reader of lines expects.
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return "{}";
  return json;
}

std::string ToJson(absl::string_view key, const google::protobuf::Message& message) {
  return absl::StrCat("{\"", key, "\":", ToJson(message), "}");
}

std::string ToJsonString(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  return ToJson(value);
}

}  // namespace spool::cli
