// Messages as JSON lines.

#ifndef SPOOL_CLIENT_CLI_JSON_H_
#define SPOOL_CLIENT_CLI_JSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace spool::cli {

// The message in proto3's JSON: lowerCamel names, int64 as strings, enums by name, unset fields left out. One line,
// without the newline.
std::string ToJson(const google::protobuf::Message& message);

// {"key":{...}}
std::string ToJson(absl::string_view key, const google::protobuf::Message& message);

// `text` as a JSON string, with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string ToJsonString(absl::string_view text);

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_JSON_H_
