#include "server/job/transition.h"

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::job {
namespace {

using S = v1::JobState;

// Written by hand, apart from the table under test.
const std::map<std::pair<S, Trigger>, S> kExpected = {
    {{v1::JOB_STATE_SCHEDULED, Trigger::kComeDue}, v1::JOB_STATE_QUEUED},
    {{v1::JOB_STATE_SCHEDULED, Trigger::kCancel}, v1::JOB_STATE_CANCELLED},
    {{v1::JOB_STATE_SCHEDULED, Trigger::kFail}, v1::JOB_STATE_FAILED},
    {{v1::JOB_STATE_QUEUED, Trigger::kTake}, v1::JOB_STATE_RUNNING},
    {{v1::JOB_STATE_QUEUED, Trigger::kCancel}, v1::JOB_STATE_CANCELLED},
    {{v1::JOB_STATE_QUEUED, Trigger::kFail}, v1::JOB_STATE_FAILED},
    {{v1::JOB_STATE_RUNNING, Trigger::kComplete}, v1::JOB_STATE_COMPLETED},
    {{v1::JOB_STATE_RUNNING, Trigger::kFail}, v1::JOB_STATE_FAILED},
    {{v1::JOB_STATE_RUNNING, Trigger::kBackOff}, v1::JOB_STATE_SCHEDULED},
    {{v1::JOB_STATE_RUNNING, Trigger::kHandBack}, v1::JOB_STATE_QUEUED},
    {{v1::JOB_STATE_RUNNING, Trigger::kCancel}, v1::JOB_STATE_CANCELLED},
    {{v1::JOB_STATE_FAILED, Trigger::kRetry}, v1::JOB_STATE_QUEUED},
    {{v1::JOB_STATE_CANCELLED, Trigger::kRetry}, v1::JOB_STATE_QUEUED},
};

TEST(Transition, EveryStateWithEveryTrigger) {
  int legal = 0;
  for (int state = v1::JobState_MIN; state <= v1::JobState_MAX; ++state) {
    for (const Trigger trigger : kAllTriggers) {
      const S from = static_cast<S>(state);
      const auto expected = kExpected.find({from, trigger});
      const auto next = Next(from, trigger);
      if (expected == kExpected.end()) {
        EXPECT_THAT(next, StatusIs(absl::StatusCode::kFailedPrecondition)) << NameOf(from) << " " << NameOf(trigger);
      } else {
        ASSERT_OK(next) << NameOf(from) << " " << NameOf(trigger);
        EXPECT_EQ(*next, expected->second);
        ++legal;
      }
    }
  }
  EXPECT_EQ(legal, kExpected.size());
}

TEST(Transition, RefusalNamesBoth) {
  EXPECT_THAT(Next(v1::JOB_STATE_COMPLETED, Trigger::kCancel),
              StatusIs(absl::StatusCode::kFailedPrecondition, "a COMPLETED job cannot be cancelled"));
}

TEST(Transition, OnlyRetryLeadsOutOfATerminalState) {
  for (const Transition& t : kTransitions) {
    if (IsTerminal(t.from)) {
      EXPECT_EQ(t.trigger, Trigger::kRetry);
    }
  }
  EXPECT_TRUE(IsTerminal(v1::JOB_STATE_COMPLETED));
  EXPECT_FALSE(IsTerminal(v1::JOB_STATE_RUNNING));
  EXPECT_FALSE(IsTerminal(v1::JOB_STATE_UNSPECIFIED));
}

TEST(Transition, ThePictureInTheReadmeIsTheTable) {
  std::ifstream readme("server/README.md");
  ASSERT_TRUE(readme.is_open());
  std::set<std::string> drawn, legal;
  for (std::string line; std::getline(readme, line);) {
    if (absl::StrContains(line, " --> ")) drawn.insert(std::string(absl::StripAsciiWhitespace(line)));
  }
  for (const Transition& t : kTransitions) {
    legal.insert(absl::StrCat(NameOf(t.from), " --> ", NameOf(t.to), " : ", NameOf(t.trigger)));
  }
  EXPECT_EQ(drawn, legal);
}

}  // namespace
}  // namespace spool::job
