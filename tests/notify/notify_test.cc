#include "tests/notify/notify_test.h"

#include <fstream>

#include "absl/time/clock.h"

namespace spool::testing {
namespace {

// Longer than anything here takes.
constexpr absl::Duration kPatience = absl::Seconds(120);

}  // namespace

void NotifyTest::StartNotifying(const std::string& config) {
  std::ofstream(config_path()) << config;
  StartServer({"--notify_config=" + config_path()});
}

v1::ListTargetsResponse NotifyTest::Targets() {
  const auto targets = client().ListTargets();
  EXPECT_OK(targets);
  return targets.ok() ? *targets : v1::ListTargetsResponse();
}

std::vector<v1::Delivery> NotifyTest::Deliveries(const std::vector<v1::DeliveryState>& states) {
  v1::ListDeliveriesRequest request;
  for (const v1::DeliveryState state : states) request.mutable_filter()->add_states(state);
  // Small, so that there are pages.
  request.set_page_size(7);
  std::vector<v1::Delivery> all;
  do {
    const auto page = client().ListDeliveries(request);
    EXPECT_OK(page);
    if (!page.ok()) return all;
    all.insert(all.end(), page->deliveries().begin(), page->deliveries().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return all;
}

void NotifyTest::Await(const std::string& what, const std::function<bool()>& met) {
  const absl::Time give_up = absl::Now() + kPatience;
  while (!met()) {
    ASSERT_LT(absl::Now(), give_up) << "waited for " << what;
    absl::SleepFor(absl::Milliseconds(10));
  }
}

void NotifyTest::AwaitAllTold() {
  Await("the target to be told of the whole log", [&] {
    const v1::ListTargetsResponse targets = Targets();
    return targets.targets_size() == 1 && targets.targets(0).pending_deliveries() == 0 &&
           targets.targets(0).sequence() == targets.head_sequence();
  });
}

}  // namespace spool::testing
