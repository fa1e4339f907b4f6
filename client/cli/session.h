// One run of one command: its way to the server and its way to the user.

#ifndef SPOOL_CLIENT_CLI_SESSION_H_
#define SPOOL_CLIENT_CLI_SESSION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/cli/block.h"
#include "client/cli/environment.h"
#include "client/cli/screen.h"
#include "client/cpp/channel.h"
#include "client/cpp/client.h"
#include "client/cpp/event_watcher.h"
#include "google/protobuf/message.h"

namespace spool::cli {

// Results go to stdout, as JSON lines or text; everything else to stderr. Not thread-safe.
class Session {
 public:
  // `environment` must outlive this.
  Session(const Environment& environment, const std::string& server, client::ChannelOptions channel, bool json);

  const Environment& environment() const { return environment_; }
  const std::string& server() const { return server_; }
  client::Client& client() { return client_; }
  Screen& screen() { return screen_; }
  const TextStyle& style() const { return style_; }
  bool json() const { return json_; }

  // Prints one JSON line of `message`, or `text` unless --json was given.
  void PrintResult(const google::protobuf::Message& message, absl::string_view text);

  // Options of a watch that tells on stderr when its connection is lost and when it is back.
  client::EventWatcher::Options WatchOptions();

  // Shows how far a transfer is, while it runs, on a terminal; nullptr elsewhere.
  client::TransferProgress ShowTransfer(const std::string& label);

  // Width of a live line. One column less than there is: some terminals wrap when the last one is filled.
  int LiveColumns() const { return environment_.terminal_size().columns - 1; }

  // The line that tells `error` to the user, with its reason and newline.
  std::string ErrorLine(const absl::Status& error) const;

 private:
  client::Client::Options ClientOptions(client::ChannelOptions channel);

  const Environment& environment_;
  const std::string server_;
  const bool json_;
  Screen screen_;
  client::Client client_;
  TextStyle style_;
};

}  // namespace spool::cli

#endif  // SPOOL_CLIENT_CLI_SESSION_H_
