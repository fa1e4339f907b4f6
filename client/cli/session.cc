#include "client/cli/session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/json.h"
#include "client/cli/progress_text.h"
#include "client/cli/text.h"
#include "client/cpp/status.h"

namespace spool::cli {

Session::Session(const Environment& environment, const std::string& server, client::ChannelOptions channel, bool json)
    : environment_(environment),
      server_(server),
      json_(json),
      screen_(environment.out, environment.err, environment.out_is_terminal && !json),
      client_(server, ClientOptions(std::move(channel))) {
  // https://no-color.org: any value but the empty one.
  style_.palette = Palette(environment.out_is_terminal && environment.variable("NO_COLOR").empty());
  style_.zone = environment.zone;
}

client::Client::Options Session::ClientOptions(client::ChannelOptions channel) {
  client::Client::Options options = environment_.client;
  options.channel = std::move(channel);
  options.on_retry = [this, told = false](const absl::Status&) mutable {
    if (!std::exchange(told, true)) screen_.PrintError("spool: the server is away, trying again…\n");
  };
  return options;
}

void Session::PrintResult(const google::protobuf::Message& message, absl::string_view text) {
  screen_.Print(json_ ? ToJson(message) + "\n" : std::string(text));
}

client::EventWatcher::Options Session::WatchOptions() {
  client::EventWatcher::Options options;
  options.backoff = environment_.watch_backoff;
  options.on_lost = [this](const absl::Status&) { screen_.PrintError("spool: connection lost, resuming…\n"); };
  options.on_resumed = [this] { screen_.PrintError("spool: resumed\n"); };
  return options;
}

client::TransferProgress Session::ShowTransfer(const std::string& label) {
  if (!screen_.live()) return nullptr;
  return [this, label](int64_t done, int64_t total) {
    screen_.SetLive({RenderTransfer(label, done, total, LiveColumns())});
  };
}

std::string Session::ErrorLine(const absl::Status& error) const {
  const std::string reason = client::ReasonOf(error);
  const bool unreachable = absl::IsUnavailable(error) && reason.empty();
  return absl::StrCat("spool: ", unreachable ? absl::StrCat("cannot reach ", Escaped(server_), ": ") : "",
                      error.message().empty() ? absl::StatusCodeToString(error.code()) : Escaped(error.message()),
                      reason.empty() ? "" : absl::StrCat(" (", Escaped(reason), ")"), "\n");
}

}  // namespace spool::cli
