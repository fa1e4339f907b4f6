#include "server/base/status_proto.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "server/base/errors.h"

namespace spool {
namespace {

constexpr size_t kMaxMessage = 2000;

// As many whole characters as there is room for: half a one would make protobuf parsers refuse all of it.
absl::string_view FirstCharacters(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xc0) == 0x80) --max_bytes;
  return text.substr(0, max_bytes);
}

}  // namespace

google::rpc::Status StatusProto(const absl::Status& raw) {
  const absl::Status status = WithErrorInfo(raw);
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(std::string(FirstCharacters(status.message(), kMaxMessage)));
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    auto* detail = proto.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  return proto;
}

}  // namespace spool
