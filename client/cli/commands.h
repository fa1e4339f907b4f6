// The commands of `spool`, one function for each; the files are by what they are about.

#ifndef SPOOL_CLIENT_CLI_COMMANDS_H_
#define SPOOL_CLIENT_CLI_COMMANDS_H_

#include <vector>

#include "client/cli/command.h"

namespace spool::cli {

// enqueue_commands.cc
Command ResizeCommand();
Command ConvertCommand();
Command ThumbnailCommand();
Command SpriteCommand();
Command PreviewCommand();
Command RunPresetCommand();

// plan_commands.cc
Command PlanCommand();
Command PresetsCommand();

// job_commands.cc
Command GetCommand();
Command ListCommand();
Command CancelCommand();
Command RetryCommand();
Command DeleteCommand();

// watch_command.cc
Command WatchCommand();

// media_commands.cc
Command UploadCommand();
Command DownloadCommand();
Command ProbeCommand();

// queue_commands.cc
Command StatsCommand();
Command PauseCommand();
Command ResumeCommand();

// token_commands.cc
Command TokenCommand();

// program_commands.cc
Command CompletionCommand();
Command VersionCommand();

// All of them, in the order of the help page.
std::vector<Command> AllCommands();

// The flags that every command takes.
std::vector<Flag> GlobalFlags();

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_COMMANDS_H_
