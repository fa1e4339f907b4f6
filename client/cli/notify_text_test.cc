#include "client/cli/notify_text.h"

#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace spool::cli {
namespace {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(NotifyText, TargetsAndWhatIsWrongWithThem) {
  const auto targets = Parse<v1::ListTargetsResponse>(R"pb(
    targets {
      name: "mail"
      type: NOTIFICATION_TARGET_TYPE_MAIL
      destination: "ops@example.org"
      state: NOTIFICATION_TARGET_STATE_ACTIVE
      sequence: 30
    }
    targets {
      name: "ops"
      type: NOTIFICATION_TARGET_TYPE_WEBHOOK
      destination: "https://example.org"
      state: NOTIFICATION_TARGET_STATE_DISABLED
      disabled_reason: "HTTP\x1b 410"
      sequence: 10
      pending_deliveries: 3
      lost_from_sequence: 2
      lost_through_sequence: 5
    }
    head_sequence: 30
  )pb");
  EXPECT_EQ(RenderTargets(targets, {}),
            "STATE     TYPE     PENDING  BEHIND  NAME  DESTINATION\n"
            "active    mail     0        0       mail  ops@example.org\n"
            "disabled  webhook  3        20      ops   https://example.org\n"
            "ops is disabled: HTTP\\x1b 410; `spool notify test` enables it when it succeeds\n"
            "ops was not told of events 2 to 5: retention removed them before\n");
}

TEST(NotifyText, DeliveriesWithTheirLastAnswer) {
  const std::vector<v1::Delivery> deliveries = {Parse<v1::Delivery>(R"pb(
                                                  id: 12
                                                  target: "ops"
                                                  job_id: "a"
                                                  event_type: EVENT_TYPE_COMPLETED
                                                  state: DELIVERY_STATE_DELIVERED
                                                  attempts: 1
                                                  response_code: 204
                                                  created_at { seconds: 1767225600 }
                                                )pb"),
                                                Parse<v1::Delivery>(R"pb(
                                                  id: 11
                                                  target: "ops"
                                                  job_id: "b"
                                                  event_type: EVENT_TYPE_FAILED
                                                  state: DELIVERY_STATE_PENDING
                                                  attempts: 2
                                                  response_code: 503
                                                  error: "HTTP 503"
                                                  created_at { seconds: 1767225600 }
                                                )pb")};
  EXPECT_EQ(RenderDeliveryTable(deliveries, {}),
            "STATE      ID  TARGET  ATTEMPTS  CREATED AT                     EVENT      JOB  LAST ANSWER\n"
            "delivered  12  ops     1         2026-01-01T00:00:00.000+00:00  completed  a    204\n"
            "pending    11  ops     2         2026-01-01T00:00:00.000+00:00  failed     b    HTTP 503\n");
}

}  // namespace
}  // namespace spool::cli
