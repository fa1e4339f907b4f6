#include "client/cli/spool.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/arguments.h"
#include "client/cli/commands.h"
#include "client/cli/connection.h"
#include "client/cli/help.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/usage_error.h"
#include "server/base/manual_page.h"
#include "server/base/version.h"

namespace spool::cli {
namespace {

// Tells of a mistake in the command line of `command`, which may be empty.
ExitCode Misused(const Environment& environment, absl::string_view command, absl::string_view message) {
  *environment.err << "spool: " << Escaped(message) << "\nTry 'spool " << command << (command.empty() ? "" : " ")
                   << "--help'.\n"
                   << std::flush;
  return ExitCode::kUsage;
}

bool AsksForText(const Arguments& arguments) { return arguments.Has("help") || arguments.Has("version"); }

// What --help, --help=man or --version ask for; `help` is the page of the place where they stand.
ExitCode PrintText(const Arguments& arguments, const ManualPage& help, const Environment& environment) {
  const std::string format = arguments.Get("help");
  if (!arguments.Has("help")) {
    *environment.out << VersionLine();
  } else if (format.empty()) {
    *environment.out << ManualText(help);
  } else if (format == "man") {
    *environment.out << ManualSource(SpoolManual(AllCommands(), GlobalFlags()), kVersion);
  } else {
    return Misused(environment, "", absl::StrCat("--help=", format, ": must be man, or nothing"));
  }
  return ExitCode::kOk;
}

ExitCode RunCommand(const Command& command, absl::Span<const std::string> words, const Environment& environment) {
  std::vector<Flag> flags = command.flags;
  for (const Flag& flag : GlobalFlags()) flags.push_back(flag);
  const absl::StatusOr<Arguments> arguments = ParseArguments(flags, words);
  if (!arguments.ok()) return Misused(environment, command.name, arguments.status().message());
  if (AsksForText(*arguments)) return PrintText(*arguments, CommandHelp(command, GlobalFlags()), environment);
  const std::vector<std::string>& given = arguments->positionals();
  if (given.size() < command.positionals.size()) {
    return Misused(environment, command.name, absl::StrCat(command.positionals[given.size()], " is missing"));
  }
  if (given.size() > command.positionals.size()) {
    return Misused(environment, command.name,
                   absl::StrCat("one argument too many: ", given[command.positionals.size()]));
  }
  const absl::StatusOr<client::ChannelOptions> channel = ChannelOf(*arguments, environment);
  if (!channel.ok()) return Misused(environment, command.name, channel.status().message());
  Session session(environment, ServerAddress(*arguments, environment), *channel, arguments->Has("json"));
  const absl::StatusOr<ExitCode> exit = command.run(session, *arguments);
  if (exit.ok()) return *exit;
  session.screen().SetLive({});
  if (IsUsageError(exit.status())) return Misused(environment, command.name, exit.status().message());
  session.screen().PrintError(session.ErrorLine(exit.status()));
  return ExitCode::kFailed;
}

// `spool`, `spool --help`, `spool help [COMMAND]`: words without a command of their own.
ExitCode RunWithoutCommand(absl::Span<const std::string> words, const Environment& environment) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(GlobalFlags(), words);
  if (!arguments.ok()) return Misused(environment, "", arguments.status().message());
  if (!AsksForText(*arguments)) return Misused(environment, "", "no command");
  return PrintText(*arguments, GeneralHelp(AllCommands(), GlobalFlags()), environment);
}

}  // namespace

std::vector<Command> AllCommands() {
  return {ResizeCommand(),    ConvertCommand(),    ThumbnailCommand(), SpriteCommand(), PreviewCommand(),
          RunPresetCommand(), PlanCommand(),       PresetsCommand(),   WatchCommand(),  GetCommand(),
          ListCommand(),      CancelCommand(),     RetryCommand(),     DeleteCommand(), UploadCommand(),
          DownloadCommand(),  ProbeCommand(),      StatsCommand(),     PauseCommand(),  ResumeCommand(),
          TokenCommand(),     CompletionCommand(), VersionCommand()};
}

std::vector<Flag> GlobalFlags() {
  std::vector<Flag> flags = ConnectionFlags();
  flags.push_back({"json", "", "Print JSON, one object a line, for programs."});
  flags.push_back({"help", "man", "Show help. As --help=man: print the source of the manual page spool(1).", 'h',
                   Flag::Value::kOptional});
  flags.push_back({"version", "", "Show the version of this program."});
  return flags;
}

ExitCode RunSpool(absl::Span<const std::string> words, const Environment& environment) {
  std::vector<std::string> rest(words.begin(), words.end());
  size_t at = FindCommand(GlobalFlags(), words);
  if (at < rest.size() && rest[at] == "help") {
    // `spool help resize` is `spool resize --help`.
    rest[at] = "--help";
    at = FindCommand(GlobalFlags(), rest);
  }
  if (at == rest.size()) return RunWithoutCommand(rest, environment);
  const std::string name = rest[at];
  rest.erase(rest.begin() + at);
  const std::vector<Command> commands = AllCommands();
  const auto command =
      std::find_if(commands.begin(), commands.end(), [&](const Command& candidate) { return candidate.name == name; });
  if (command == commands.end()) return Misused(environment, "", absl::StrCat("unknown command ", name));
  return RunCommand(*command, rest, environment);
}

}  // namespace spool::cli
