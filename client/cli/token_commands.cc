// spool token

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/usage_error.h"
#include "client/cli/values.h"
#include "server/auth/token_line.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

absl::StatusOr<auth::Token> TokenOf(const Session& session, const Arguments& arguments, absl::string_view secret) {
  auth::Token token;
  token.set_name(arguments.Get("name"));
  token.set_sha256(auth::HexDigestOf(secret));
  token.set_scope(arguments.Get("scope"));
  for (const std::string& text : arguments.GetAll("label")) {
    SPOOL_ASSIGN_OR_RETURN(auto label, ParseLabel("label", text));
    (*token.mutable_labels())[label.first] = std::move(label.second);
  }
  for (const std::string& id : arguments.GetAll("video-id")) token.add_video_ids(id);
  for (const std::string& folder : arguments.GetAll("folder")) token.add_folders(folder);
  if (arguments.Has("expires")) {
    SPOOL_ASSIGN_OR_RETURN(const absl::Time time,
                           ParseMoment("expires", arguments.Get("expires"), session.environment().clock->Now()));
    *token.mutable_expires_at() = ToProto(time);
  }
  token.set_note(arguments.Get("note"));
  if (const absl::Status status = auth::CheckToken(token); !status.ok()) return UsageError(status.message());
  return token;
}

absl::StatusOr<ExitCode> RunToken(Session& session, const Arguments& arguments) {
  const std::string& action = arguments.positionals()[0];
  if (action != "create") return UsageError(absl::StrCat(action, ": must be create"));
  for (const char* needed : {"name", "scope"}) {
    if (!arguments.Has(needed)) return UsageError(absl::StrCat("--", needed, " is missing"));
  }
  SPOOL_ASSIGN_OR_RETURN(const std::string secret, auth::NewToken());
  SPOOL_ASSIGN_OR_RETURN(const auth::Token token, TokenOf(session, arguments, secret));
  const std::string line = auth::FormatTokenLine(token);
  if (session.json()) {
    session.screen().Print(absl::StrCat("{\"token\":\"", secret, "\",\"line\":", line, "}\n"));
  } else {
    session.screen().Print(absl::StrCat("Token, for ", token.name(), " alone; it cannot be shown again:\n", secret,
                                        "\n\nLine for the server's --token_file:\n", line, "\n"));
  }
  return ExitCode::kOk;
}

}  // namespace

Command TokenCommand() {
  return {
      .name = "token",
      .positionals = {"ACTION"},
      .values = {"create"},
      .synopsis = "--name NAME --scope SCOPE",
      .summary = "make a token for a server's callers",
      .description =
          "create: prints a new token, and the line by which a server knows it. Append the line to the file that "
          "spoold's "
          "--token_file names (others must not be able to read that file); the server sees the change by itself. "
          "Removing the line revokes the token. No server is asked.\n\n"
          "With --label or --video-id the token is limited to jobs with all these labels and one of these ids: it sees "
          "no others, and makes no others. Such a token reads uploads and writes to names that the server makes; with "
          "--folder it may name files there too.",
      .flags = {{"name", "NAME", "Who will hold it; stands in the audit log."},
                {"scope",
                 "SCOPE",
                 "read, write or admin; each includes those before it.",
                 0,
                 Flag::Value::kRequired,
                 {"read", "write", "admin"}},
                {"label", "KEY=VALUE", "Limit: a label that jobs must have. May be repeated."},
                {"video-id", "ID", "Limit: the video id that jobs must have. May be repeated: one of them."},
                {"folder", "FOLDER",
                 "A folder under the server's media and output roots whose files a limited token may name. May be "
                 "repeated."},
                {"expires", "TIME", "Good until then: 2027-01-31T12:00:00Z, or +720h from now."},
                {"note", "TEXT", "For whoever reads the file."}},
      .examples = {"spool token create --name dashboard --scope read",
                   "spool token create --name red --scope write --label team=red --expires +720h"},
      .run = RunToken,
  };
}

}  // namespace spool::cli
