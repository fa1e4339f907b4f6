#include "client/cli/help.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace spool::cli {
namespace {

constexpr size_t kColumns = 79;

// Paragraphs of `text`, filled to the page's width, each line indented by `indent`.
std::string Fill(absl::string_view text, size_t indent) {
  std::string result;
  for (const absl::string_view paragraph : absl::StrSplit(text, "\n\n")) {
    if (!result.empty()) result += "\n";
    std::string line(indent, ' ');
    for (const absl::string_view word : absl::StrSplit(paragraph, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
      const bool first = line.size() == indent;
      if (!first && line.size() + 1 + word.size() > kColumns) {
        absl::StrAppend(&result, line, "\n");
        line.assign(indent, ' ');
        line.append(word.data(), word.size());
      } else {
        absl::StrAppend(&line, first ? "" : " ", word);
      }
    }
    absl::StrAppend(&result, line, "\n");
  }
  return result;
}

std::string FlagHelp(absl::Span<const Flag> flags) {
  std::string result;
  for (const Flag& flag : flags) {
    const std::string value = flag.value.empty()     ? ""
                              : flag.TakesNextWord() ? absl::StrCat(" ", flag.value)
                                                     : absl::StrCat("[=", flag.value, "]");
    absl::StrAppend(&result, "    ", flag.letter != 0 ? absl::StrFormat("-%c, ", flag.letter) : "", "--", flag.name,
                    value, "\n", Fill(flag.help, 8));
  }
  return result;
}

constexpr absl::string_view kExitStatus =
    "    0   done; with --wait: the job completed\n"
    "    1   the job failed or was cancelled, or the server refused the call or\n"
    "        cannot be reached\n"
    "    2   the command line makes no sense\n";

}  // namespace

std::string GeneralHelp(absl::Span<const Command> commands, absl::Span<const Flag> global_flags) {
  std::string list;
  size_t widest = 0;
  for (const Command& command : commands) widest = std::max(widest, command.name.size());
  for (const Command& command : commands) {
    absl::StrAppend(&list, "    ", absl::StrFormat("%-*s", static_cast<int>(widest + 2), command.name), command.summary,
                    "\n");
  }
  return absl::StrCat("NAME\n    spool - client of the Spool media job queue\n\n",
                      "SYNOPSIS\n    spool COMMAND [arguments] [flags]\n    spool COMMAND --help\n\n", "COMMANDS\n",
                      list, "\n", "GLOBAL FLAGS\n", FlagHelp(global_flags), "\n",
                      "ENVIRONMENT\n    SPOOL_SERVER\n        The server, unless --server names one.\n",
                      "    NO_COLOR\n        Set to anything: no colours.\n\n", "EXIT STATUS\n", kExitStatus);
}

std::string CommandHelp(const Command& command, absl::Span<const Flag> global_flags) {
  std::string synopsis = absl::StrCat("spool ", command.name);
  for (const std::string& positional : command.positionals) absl::StrAppend(&synopsis, " ", positional);
  if (!command.synopsis.empty()) absl::StrAppend(&synopsis, " ", command.synopsis);
  std::string help = absl::StrCat("NAME\n    spool ", command.name, " - ", command.summary, "\n\n",  //
                                  "SYNOPSIS\n", Fill(synopsis, 4), "\n",                             //
                                  "DESCRIPTION\n", Fill(command.description, 4), "\n");
  if (!command.flags.empty()) absl::StrAppend(&help, "FLAGS\n", FlagHelp(command.flags), "\n");
  absl::StrAppend(&help, "GLOBAL FLAGS\n", FlagHelp(global_flags), "\n", "EXIT STATUS\n", kExitStatus);
  if (!command.examples.empty()) {
    absl::StrAppend(&help, "\nEXAMPLES\n    ", absl::StrJoin(command.examples, "\n    "), "\n");
  }
  return help;
}

}  // namespace spool::cli
