// Messages as JSON, and back: proto3's mapping.

#ifndef SPOOL_SERVER_BASE_JSON_H_
#define SPOOL_SERVER_BASE_JSON_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace spool {

// One line: lowerCamel names, int64 as strings, enums by name, unset fields left out.
std::string ToJson(const google::protobuf::Message& message);

// `text` as a JSON string, with its quotes. What is not UTF-8 becomes U+FFFD.
std::string ToJsonString(absl::string_view text);

// INVALID_ARGUMENT (REQUEST_MALFORMED): not JSON, not UTF-8, or a field has a value of another type. Fields that the
// message does not have are passed over: a newer client may send them.
absl::Status FromJson(absl::string_view json, google::protobuf::Message* message);

}  // namespace spool

#endif  // SPOOL_SERVER_BASE_JSON_H_
