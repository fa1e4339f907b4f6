#include "server/notify/mail_message.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace spool::notify {
namespace {

constexpr size_t kMaxSubjectBytes = 300;
// RFC 2047: an encoded word has at most 75 characters, of which "=?UTF-8?B?" and "?=" are 12, and base64 comes in
// fours.
constexpr size_t kWordBytes = 45;
// RFC 2045: a line of quoted-printable, without its CRLF.
constexpr size_t kLineBytes = 76;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The longest beginning of `text` that has at most `max_bytes` and ends with a whole character.
absl::string_view Beginning(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && IsContinuation(text[max_bytes])) --max_bytes;
  return text.substr(0, max_bytes);
}

bool IsPlain(absl::string_view text) {
  // "=?" would begin an encoded word.
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isprint(c); }) &&
         text.find("=?") == absl::string_view::npos;
}

std::string EncodedSubject(absl::string_view subject) {
  const std::string line = OneLine(subject, kMaxSubjectBytes);
  if (IsPlain(line)) return line;
  std::vector<std::string> words;
  for (absl::string_view rest = line; !rest.empty();) {
    absl::string_view word = Beginning(rest, kWordBytes);
    // Not UTF-8 at all: bytes are as good as characters.
    if (word.empty()) word = rest.substr(0, kWordBytes);
    words.push_back(absl::StrCat("=?UTF-8?B?", absl::Base64Escape(word), "?="));
    rest.remove_prefix(word.size());
  }
  return absl::StrJoin(words, "\r\n ");
}

void AppendQuotedPrintable(absl::string_view line, std::string& out) {
  size_t column = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool last = i + 1 == line.size();
    const bool blank = c == ' ' || c == '\t';
    const bool plain = (absl::ascii_isgraph(c) && c != '=') || (blank && !last);
    const size_t size = plain ? 1 : 3;
    // One place is kept for the mark of a line that goes on.
    if (column + size > kLineBytes - (last ? 0 : 1)) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
    } else {
      absl::StrAppendFormat(&out, "=%02X", static_cast<unsigned char>(c));
    }
    column += size;
  }
  out += "\r\n";
}

}  // namespace

std::string OneLine(absl::string_view text, size_t max_bytes) {
  const absl::string_view beginning = Beginning(text, max_bytes);
  std::string line(beginning);
  for (char& c : line) {
    if (absl::ascii_iscntrl(c)) c = ' ';
  }
  if (beginning.size() < text.size()) line += "…";
  return line;
}

std::string EncodeMail(const MailMessage& message) {
  const size_t at = message.from.rfind('@');
  const std::string headers[] = {
      absl::StrCat("Date: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", message.date, absl::UTCTimeZone())),
      absl::StrCat("From: ", message.from),
      absl::StrCat("To: ", absl::StrJoin(message.to, ",\r\n ")),
      absl::StrCat("Subject: ", EncodedSubject(message.subject)),
      absl::StrCat("Message-ID: <", message.id, "@", message.from.substr(at + 1), ">"),
      // RFC 3834: so that nobody's vacation answers.
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
  };
  std::string mail = absl::StrCat(absl::StrJoin(headers, "\r\n"), "\r\n\r\n");
  std::vector<absl::string_view> lines = absl::StrSplit(message.text, '\n');
  if (lines.back().empty()) lines.pop_back();
  for (const absl::string_view line : lines) AppendQuotedPrintable(OneLine(line, line.size()), mail);
  return mail;
}

}  // namespace spool::notify
