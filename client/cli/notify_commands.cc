// spool notify targets, deliveries, test, redeliver

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/flag_values.h"
#include "client/cli/json.h"
#include "client/cli/notify_text.h"
#include "client/cli/text.h"
#include "client/cli/usage_error.h"
#include "client/cli/values.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"

namespace spool::cli {
namespace {

constexpr int kMaxPage = 1000;
constexpr int64_t kDefaultLimit = 50;

template <typename Messages>
std::string JsonLines(const Messages& messages) {
  std::string lines;
  for (const auto& message : messages) absl::StrAppend(&lines, ToJson(message), "\n");
  return lines;
}

absl::StatusOr<ExitCode> ListTargets(Session& session, const Arguments&) {
  SPOOL_ASSIGN_OR_RETURN(const v1::ListTargetsResponse targets, session.client().ListTargets());
  session.screen().Print(session.json() ? JsonLines(targets.targets()) : RenderTargets(targets, session.style()));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> ListDeliveries(Session& session, const Arguments& arguments) {
  v1::ListDeliveriesRequest request;
  request.mutable_filter()->set_target(arguments.Get("target"));
  request.mutable_filter()->set_job_id(arguments.Get("job"));
  for (const std::string& text : arguments.GetAll("state")) {
    SPOOL_ASSIGN_OR_RETURN(const v1::DeliveryState state, ParseEnum<v1::DeliveryState>("state", text));
    request.mutable_filter()->add_states(state);
  }
  int64_t limit = kDefaultLimit;
  if (arguments.Has("limit")) {
    SPOOL_ASSIGN_OR_RETURN(limit,
                           ParseInteger("limit", arguments.Get("limit"), 1, std::numeric_limits<int32_t>::max()));
  }
  std::vector<v1::Delivery> deliveries;
  do {
    request.set_page_size(
        static_cast<int32_t>(std::min<int64_t>(kMaxPage, limit - static_cast<int64_t>(deliveries.size()))));
    SPOOL_ASSIGN_OR_RETURN(v1::ListDeliveriesResponse page, session.client().ListDeliveries(request));
    for (v1::Delivery& delivery : *page.mutable_deliveries()) deliveries.push_back(std::move(delivery));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && static_cast<int64_t>(deliveries.size()) < limit);
  session.screen().Print(session.json() ? JsonLines(deliveries) : RenderDeliveryTable(deliveries, session.style()));
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> SendTest(Session& session, const Arguments& arguments) {
  const std::string& target = arguments.positionals()[0];
  SPOOL_ASSIGN_OR_RETURN(const v1::SendTestResponse test, session.client().SendTest(target));
  const std::string code = test.response_code() > 0 ? absl::StrCat(" ", test.response_code()) : "";
  const std::string came = test.delivered() ? absl::StrCat("delivered,", code, " in ")
                                            : absl::StrCat("failed: ", Escaped(test.error()), ", after ");
  std::string text = absl::StrCat(Escaped(target), ": ", came, FormatSeconds(FromProto(test.duration())), "\n");
  if (!test.response_excerpt().empty()) absl::StrAppend(&text, Escaped(test.response_excerpt()), "\n");
  session.PrintResult(test, text);
  return test.delivered() ? ExitCode::kOk : ExitCode::kFailed;
}

absl::StatusOr<ExitCode> Redeliver(Session& session, const Arguments& arguments) {
  int64_t id = 0;
  if (!absl::SimpleAtoi(arguments.positionals()[0], &id) || id < 1) {
    return UsageError(absl::StrCat("DELIVERY ", arguments.positionals()[0], ": must be a number from the list"));
  }
  SPOOL_ASSIGN_OR_RETURN(const v1::RedeliverResponse response, session.client().Redeliver(id));
  session.PrintResult(response.delivery(),
                      absl::StrCat(id, ": is sent to ", Escaped(response.delivery().target()), " again\n"));
  return ExitCode::kOk;
}

}  // namespace

Command NotifyTargetsCommand() {
  return {
      .name = "notify targets",
      .summary = "show who is told what happens to jobs",
      .description =
          "Lists the webhooks and mail boxes that the server was configured with, how many deliveries wait for each, "
          "and how many events of the log it is behind.",
      .run = ListTargets,
  };
}

Command NotifyDeliveriesCommand() {
  return {
      .name = "notify deliveries",
      .synopsis = "[--target TARGET] [--state STATE] [--job JOB] [--limit NUMBER]",
      .summary = "list what was told to whom, newest first",
      .description = "Lists the deliveries that match all flags, with their last answer.",
      .flags = {{"target", "TARGET", "The target's name."},
                OneOfFlag<v1::DeliveryState>("state", "STATE", "", "; may be repeated."),
                {"job", "JOB", "The job's id."},
                {"limit", "NUMBER", absl::StrCat("At most so many; ", kDefaultLimit, " by default.")}},
      .examples = {"spool notify deliveries --state failed --target ops"},
      .run = ListDeliveries,
  };
}

Command NotifyTestCommand() {
  return {
      .name = "notify test",
      .positionals = {"TARGET"},
      .summary = "send a made-up notification",
      .description =
          "Sends one notification to TARGET, once, and shows its answer. The exit code is 0 only if it was taken. A "
          "target that was disabled because it was gone is enabled by it.",
      .run = SendTest,
  };
}

Command NotifyRedeliverCommand() {
  return {
      .name = "notify redeliver",
      .positionals = {"DELIVERY"},
      .summary = "send a notification again",
      .description =
          "A delivery that is finished is made again, with fresh attempts; one that waits for its next attempt is "
          "tried at once. The receiver sees the same id as before.",
      .examples = {"spool notify redeliver 17"},
      .run = Redeliver,
  };
}

}  // namespace spool::cli
