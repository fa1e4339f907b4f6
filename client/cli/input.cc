#include "client/cli/input.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace spool::cli {

absl::StatusOr<std::string> ResolveInput(Session& session, const Arguments& arguments, const std::string& file) {
  if (arguments.Has("remote") || absl::StartsWith(file, "upload:")) return file;
  absl::StatusOr<v1::UploadMediaResponse> upload =
      session.client().Upload(file, session.ShowTransfer(absl::StrCat("uploading ", file)));
  session.screen().SetLive({});
  SPOOL_RETURN_IF_ERROR(upload.status());
  return upload->media_id();
}

}  // namespace spool::cli
