#include "server/gateway/target.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/errors.h"
#include "server/base/status_macros.h"
#include "server/base/utf8.h"

namespace spool::gateway {
namespace {

absl::Status Malformed(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "TARGET_MALFORMED", absl::StrCat("the request's target ", why));
}

}  // namespace

const std::string* Target::Find(absl::string_view name) const {
  for (auto it = query.rbegin(); it != query.rend(); ++it) {
    if (it->first == name) return &it->second;
  }
  return nullptr;
}

absl::StatusOr<std::string> PercentDecode(absl::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kSpace) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else if (i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) && absl::ascii_isxdigit(text[i + 2])) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      return Malformed("has a '%' that two hex digits do not follow");
    }
  }
  // Everything it becomes a part of is text of protobuf or JSON.
  if (!IsUtf8(decoded)) return Malformed("is not UTF-8");
  return decoded;
}

absl::StatusOr<Target> ParseTarget(absl::string_view target) {
  if (target.empty() || target[0] != '/') return Malformed("does not begin with '/'");
  for (const char c : target) {
    if (absl::ascii_iscntrl(c) || c == ' ') return Malformed("has a control character or a space");
  }
  Target parsed;
  const size_t mark = target.find('?');
  parsed.path = std::string(target.substr(0, mark));
  if (mark == absl::string_view::npos) return parsed;
  for (const absl::string_view pair : absl::StrSplit(target.substr(mark + 1), '&', absl::SkipEmpty())) {
    const size_t equals = pair.find('=');
    SPOOL_ASSIGN_OR_RETURN(std::string name, PercentDecode(pair.substr(0, equals), Plus::kSpace));
    std::string value;
    if (equals != absl::string_view::npos) {
      SPOOL_ASSIGN_OR_RETURN(value, PercentDecode(pair.substr(equals + 1), Plus::kSpace));
    }
    parsed.query.emplace_back(std::move(name), std::move(value));
  }
  return parsed;
}

}  // namespace spool::gateway
