// Tokens as text: what a caller holds, and the line of the token file that knows it again.

#ifndef SPOOL_SERVER_AUTH_TOKEN_LINE_H_
#define SPOOL_SERVER_AUTH_TOKEN_LINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/auth/token.pb.h"

namespace spool::auth {

// A new token: "spool_" and 256 random bits as 43 letters. Whoever shows it is its holder; it is kept nowhere here.
absl::StatusOr<std::string> NewToken();

// What the file keeps of a token, as bytes; and as its field `sha256` has it.
std::string DigestOf(absl::string_view token);
std::string HexDigestOf(absl::string_view token);

// InvalidArgument says which field is wrong, and why.
absl::Status CheckToken(const Token& token);

// The line of the file, one JSON object, without a newline.
std::string FormatTokenLine(const Token& token);

// The file's text: one JSON object a line; empty lines, and lines that begin with '#', say nothing. InvalidArgument
// names the line and what is wrong with it: not JSON, a field that is not known or not as it should be, a token that
// another line has too. At most 1000 tokens: each call compares with all of them.
absl::StatusOr<std::vector<Token>> ParseTokenFile(absl::string_view text);

}  // namespace spool::auth

#endif  // SPOOL_SERVER_AUTH_TOKEN_LINE_H_
