// The ground of tests of notifications: a real server with a configuration, and what it says of its deliveries.

#ifndef SPOOL_TESTS_NOTIFY_NOTIFY_TEST_H_
#define SPOOL_TESTS_NOTIFY_NOTIFY_TEST_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/support/spoold_test.h"

namespace spool::testing {

class NotifyTest : public SpooldTest {
 protected:
  std::string config_path() { return server().folder() + "/notify.textproto"; }
  // Writes the file and starts the server with it.
  void StartNotifying(const std::string& config);

  v1::ListTargetsResponse Targets();
  // All that are in one of these states, newest first; no states: all.
  std::vector<v1::Delivery> Deliveries(const std::vector<v1::DeliveryState>& states = {});
  // Waits until `met` holds; `what` is what is waited for.
  static void Await(const std::string& what, const std::function<bool()>& met);
  // Waits until the only target has been told of the whole log.
  void AwaitAllTold();
};

}  // namespace spool::testing

#endif  // SPOOL_TESTS_NOTIFY_NOTIFY_TEST_H_
