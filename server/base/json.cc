#include "server/base/json.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/base/errors.h"
#include "server/base/utf8.h"

namespace spool {

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  // Fails only for a google.protobuf.Any of unknown type or a time out of range, which Spool's records do not hold;
  // an object is still what a reader expects.
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return "{}";
  return json;
}

std::string ToJsonString(absl::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(ValidUtf8(text));
  return ToJson(value);
}

absl::Status FromJson(absl::string_view json, google::protobuf::Message* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message, options);
  if (status.ok()) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
               absl::StrCat("the request is not the JSON of a ", message->GetDescriptor()->full_name(), ": ",
                            std::string(status.message().data(), status.message().size())));
}

}  // namespace spool
