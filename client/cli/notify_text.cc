#include "client/cli/notify_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/table.h"
#include "client/cli/text.h"
#include "client/cli/values.h"
#include "server/base/proto_time.h"

namespace spool::cli {
namespace {

Colour ColourOf(v1::DeliveryState state) {
  switch (state) {
    case v1::DELIVERY_STATE_PENDING:
      return Colour::kYellow;
    case v1::DELIVERY_STATE_DELIVERED:
      return Colour::kGreen;
    case v1::DELIVERY_STATE_FAILED:
      return Colour::kRed;
    default:
      return Colour::kPlain;
  }
}

}  // namespace

std::string RenderTargets(const v1::ListTargetsResponse& targets, const TextStyle& style) {
  std::vector<TableRow> rows = {{"STATE", "TYPE", "PENDING", "BEHIND", "NAME", "DESTINATION"}};
  std::string notes;
  for (const v1::NotificationTarget& target : targets.targets()) {
    rows.push_back({EnumName(target.state()), EnumName(target.type()), absl::StrCat(target.pending_deliveries()),
                    absl::StrCat(std::max<int64_t>(0, targets.head_sequence() - target.sequence())),
                    Escaped(target.name()), Escaped(target.destination())});
    if (!target.disabled_reason().empty()) {
      absl::StrAppend(&notes, Escaped(target.name()), " is disabled: ", Escaped(target.disabled_reason()),
                      "; `spool notify test` enables it when it succeeds\n");
    }
    if (target.lost_through_sequence() > 0) {
      absl::StrAppend(&notes, Escaped(target.name()), " was not told of events ", target.lost_from_sequence(), " to ",
                      target.lost_through_sequence(), ": retention removed them before\n");
    }
  }
  const std::string table = RenderTable(rows, "", style.palette, [&](size_t row) {
    return targets.targets(static_cast<int>(row) - 1).state() == v1::NOTIFICATION_TARGET_STATE_ACTIVE ? Colour::kGreen
                                                                                                      : Colour::kRed;
  });
  return absl::StrCat(table, notes);
}

std::string RenderDeliveryTable(absl::Span<const v1::Delivery> deliveries, const TextStyle& style) {
  std::vector<TableRow> rows = {{"STATE", "ID", "TARGET", "ATTEMPTS", "CREATED AT", "EVENT", "JOB", "LAST ANSWER"}};
  for (const v1::Delivery& delivery : deliveries) {
    const std::string answer = !delivery.error().empty()      ? delivery.error()
                               : delivery.response_code() > 0 ? absl::StrCat(delivery.response_code())
                                                              : "";
    rows.push_back({EnumName(delivery.state()), absl::StrCat(delivery.id()), Escaped(delivery.target()),
                    absl::StrCat(delivery.attempts()), FormatMoment(FromProto(delivery.created_at()), style.zone),
                    EnumName(delivery.event_type()), Escaped(delivery.job_id()), Escaped(answer)});
  }
  return RenderTable(rows, "", style.palette, [&](size_t row) { return ColourOf(deliveries[row - 1].state()); });
}

}  // namespace spool::cli
