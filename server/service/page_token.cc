#include "server/service/page_token.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/base/errors.h"
#include "server/base/sha256.h"

namespace spool::service {
namespace {

std::string SealOf(int64_t before, const google::protobuf::Message& filter) {
  std::string bytes = absl::StrCat(before, "|", filter.GetTypeName(), "|");
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    filter.SerializeToCodedStream(&coded);
  }
  return Sha256Of(bytes).substr(0, 8);
}

}  // namespace

std::string EncodePageToken(int64_t before, const google::protobuf::Message& filter) {
  if (before == 0) return "";
  return absl::WebSafeBase64Escape(absl::StrCat(SealOf(before, filter), before));
}

absl::StatusOr<int64_t> DecodePageToken(absl::string_view token, const google::protobuf::Message& filter) {
  if (token.empty()) return 0;
  std::string bytes;
  int64_t before = 0;
  if (token.size() > 64 || !absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() <= 8 ||
      !absl::SimpleAtoi(bytes.substr(8), &before) || before <= 0 || bytes.substr(0, 8) != SealOf(before, filter) ||
      EncodePageToken(before, filter) != token) {
    return FieldError("page_token", "is not of a page of this list: filter and token belong together",
                      "PAGE_TOKEN_INVALID");
  }
  return before;
}

}  // namespace spool::service
