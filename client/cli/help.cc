#include "client/cli/help.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/base/version.h"

namespace spool::cli {
namespace {

std::string Term(const Flag& flag) {
  const std::string value = flag.value.empty()     ? ""
                            : flag.TakesNextWord() ? absl::StrCat(" ", flag.value)
                                                   : absl::StrCat("[=", flag.value, "]");
  return absl::StrCat(flag.letter != 0 ? absl::StrFormat("-%c, ", flag.letter) : "", "--", flag.name, value);
}

ManualSection FlagSection(std::string title, absl::Span<const Flag> flags) {
  ManualSection section{.title = std::move(title)};
  for (const Flag& flag : flags) section.entries.push_back({Term(flag), flag.help});
  return section;
}

std::string Synopsis(const Command& command) {
  std::string synopsis = absl::StrCat("spool ", command.name);
  for (const std::string& positional : command.positionals) absl::StrAppend(&synopsis, " ", positional);
  if (!command.synopsis.empty()) absl::StrAppend(&synopsis, " ", command.synopsis);
  return synopsis;
}

ManualSection GeneralSynopsis() {
  return {.title = "SYNOPSIS", .lines = {"spool COMMAND [arguments] [flags]", "spool COMMAND --help"}};
}

ManualSection EnvironmentSection() {
  return {.title = "ENVIRONMENT",
          .entries = {{"SPOOL_SERVER", "The server, unless --server names one."},
                      {"SPOOL_TLS_CA", "As --tls-ca, unless that is given."},
                      {"SPOOL_TOKEN", "The token, unless --token or --token-file is given."},
                      {"NO_COLOR", "Set to anything: no colours."}}};
}

ManualSection ExitStatus() {
  return {.title = "EXIT STATUS",
          .entries = {{"0", "done; with --wait: the job completed"},
                      {"1", "the job failed or was cancelled, or the server refused the call or cannot be reached"},
                      {"2", "the command line makes no sense"}},
          .layout = ManualSection::Layout::kBesideTerm};
}

// Flags that at least this many commands have stand in one place of the large page.
constexpr int kCommon = 3;

// What makes two commands' flags the same flag.
std::pair<std::string, std::string> Meaning(const Flag& flag) { return {Term(flag), flag.help}; }

}  // namespace

std::string VersionLine() { return absl::StrCat("spool ", kVersion, "\n"); }

ManualPage GeneralHelp(absl::Span<const Command> commands, absl::Span<const Flag> global_flags) {
  ManualSection list{.title = "COMMANDS", .layout = ManualSection::Layout::kBesideTerm};
  for (const Command& command : commands) list.entries.push_back({command.name, command.summary});
  return {.name = "spool",
          .summary = "client of the Spool media job queue",
          .sections = {GeneralSynopsis(),
                       list,
                       FlagSection("GLOBAL FLAGS", global_flags),
                       EnvironmentSection(),
                       ExitStatus(),
                       {.title = "SEE ALSO", .text = "`spool COMMAND --help`, spool(1), spoold(8)"}}};
}

ManualPage CommandHelp(const Command& command, absl::Span<const Flag> global_flags) {
  ManualPage page{.name = absl::StrCat("spool ", command.name), .summary = command.summary};
  page.sections = {{.title = "SYNOPSIS", .text = Synopsis(command)},
                   {.title = "DESCRIPTION", .text = command.description}};
  if (!command.flags.empty()) page.sections.push_back(FlagSection("FLAGS", command.flags));
  page.sections.push_back(FlagSection("GLOBAL FLAGS", global_flags));
  page.sections.push_back(ExitStatus());
  if (!command.examples.empty()) page.sections.push_back({.title = "EXAMPLES", .lines = command.examples});
  return page;
}

ManualPage SpoolManual(absl::Span<const Command> commands, absl::Span<const Flag> global_flags) {
  std::map<std::pair<std::string, std::string>, int> uses;
  for (const Command& command : commands) {
    for (const Flag& flag : command.flags) ++uses[Meaning(flag)];
  }
  ManualPage page = GeneralHelp(commands, global_flags);
  page.sections.pop_back();
  const auto after_list = page.sections.begin() + 2;
  std::vector<ManualSection> parts;
  std::vector<std::string> examples;
  ManualSection common{.title = "COMMON FLAGS",
                       .text =
                           "These mean the same with every command that has them; each command's section above "
                           "says which it has."};
  for (const Command& command : commands) {
    ManualSection part{.title = Synopsis(command), .text = command.description, .is_part = true};
    std::vector<std::string> names;
    for (const Flag& flag : command.flags) {
      int& count = uses[Meaning(flag)];
      if (count != 0 && count < kCommon) {
        part.entries.push_back({Term(flag), flag.help});
        continue;
      }
      names.push_back(absl::StrCat("`--", flag.name, "`"));
      // At its first command only.
      if (std::exchange(count, 0) != 0) common.entries.push_back({Term(flag), flag.help});
    }
    if (!names.empty()) absl::StrAppend(&part.text, "\n\nCommon flags: ", absl::StrJoin(names, ", "), ".");
    parts.push_back(std::move(part));
    examples.insert(examples.end(), command.examples.begin(), command.examples.end());
  }
  parts.push_back(std::move(common));
  page.sections.insert(after_list, parts.begin(), parts.end());
  page.sections.push_back({.title = "EXAMPLES", .lines = std::move(examples)});
  page.sections.push_back({.title = "SEE ALSO", .text = "spoold(8)"});
  return page;
}

}  // namespace spool::cli
