// What a history says: folds events into the jobs that they tell of, and refuses what cannot have happened.

#ifndef SPOOL_TESTS_SUPPORT_EVENT_FOLD_H_
#define SPOOL_TESTS_SUPPORT_EVENT_FOLD_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "spool/v1/event.pb.h"
#include "spool/v1/job.pb.h"

namespace spool::testing {

// Checks each event against those before it: sequences go up, the revisions of a job have no hole, and the move is one
// that the state diagram has. It knows that diagram from the API's comments and shares no code with the server, so that
// a mistake there is not made here too. Copyable: a copy is the history up to that moment. Not thread-safe.
class EventFold {
 public:
  // The next event. FailedPrecondition says what is wrong with it; it is then not taken.
  absl::Status Add(const v1::Event& event);

  // A job as a snapshot shows it: its history goes on from there.
  void Adopt(const v1::Job& job);

  // OK when `job` is what the events say, in every field that events tell of; Internal with the difference otherwise.
  absl::Status Check(const v1::Job& job) const;

  // All jobs that exist, by id, with the fields that events tell of.
  const std::map<std::string, v1::Job>& jobs() const { return jobs_; }
  // Of the last event; 0 before the first.
  int64_t sequence() const { return sequence_; }

 private:
  int64_t sequence_ = 0;
  std::map<std::string, v1::Job> jobs_;
};

// The fields of a job that its events tell of; all others are cleared.
v1::Job WhatEventsTell(v1::Job job);

}  // namespace spool::testing

#endif  // SPOOL_TESTS_SUPPORT_EVENT_FOLD_H_
