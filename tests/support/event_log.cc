#include "tests/support/event_log.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/status.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/base/status_macros.h"

namespace spool::testing {
namespace {

constexpr int64_t kOverlap = 500;

absl::Status Broken(absl::string_view what, const v1::Event& event) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", event.ShortDebugString().substr(0, 600)));
}

// The labels' order is not fixed otherwise.
std::string BytesOf(const v1::Event& event) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  event.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

absl::Status ListEvents(v1::JobService::StubInterface* stub, const v1::ListEventsRequest& request,
                        v1::ListEventsResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return client::FromGrpc(stub->ListEvents(&context, request, response));
}

}  // namespace

absl::Status EventLog::Take(const v1::Event& event) {
  if (event.sequence() <= last()) {
    if (event.sequence() < first()) return Broken("what was gone is back", event);
    const v1::Event& known = events_[event.sequence() - first()];
    if (BytesOf(known) != BytesOf(event)) return Broken(absl::StrCat("was ", known.ShortDebugString()), event);
    return absl::OkStatus();
  }
  if (!events_.empty() && event.sequence() != last() + 1)
    return Broken(absl::StrCat("does not follow ", last()), event);
  events_.push_back(event);
  return first() == 1 ? fold_.Add(event) : absl::OkStatus();
}

absl::Status EventLog::ReadOn(v1::JobService::StubInterface* stub, Again again) {
  v1::ListEventsRequest request;
  request.set_page_size(4096);
  if (again == Again::kAll || events_.empty()) {
    request.set_start_at(v1::START_AT_EARLIEST);
  } else {
    request.set_after_sequence(std::max(first() - 1, last() - kOverlap));
  }
  for (;;) {
    v1::ListEventsResponse page;
    const absl::Status status = ListEvents(stub, request, &page);
    if (absl::IsOutOfRange(status) && client::ReasonOf(status) == "EVENTS_COMPACTED") {
      int64_t earliest = 0;
      if (!absl::SimpleAtoi(client::ErrorInfoOf(status)->metadata().at("earliestSequence"), &earliest)) return status;
      if (!events_.empty() && earliest > last() + 1)
        return absl::FailedPreconditionError("read too seldom for retention");
      request.set_after_sequence(earliest - 1);
      continue;
    }
    SPOOL_RETURN_IF_ERROR(status);
    const v1::Coverage& coverage = page.coverage();
    int64_t expected = coverage.after();
    for (const v1::Event& event : page.events()) {
      if (event.sequence() != ++expected) return Broken("a hole in a page", event);
      SPOOL_RETURN_IF_ERROR(Take(event));
    }
    if (expected != coverage.through()) {
      return absl::FailedPreconditionError(absl::StrCat("a page ends at ", expected, ", not at ", coverage.through()));
    }
    if (coverage.through() >= coverage.head()) {
      // Whatever was read once was durable.
      if (coverage.through() >= last()) break;
      return absl::FailedPreconditionError(absl::StrCat("event ", last(), " is gone from the end of the log"));
    }
    request.set_after_sequence(coverage.through());
  }
  return absl::OkStatus();
}

absl::Status EventLog::Judge(const FeedValidator& feed) const {
  auto brought = feed.events().begin();
  const auto end = feed.events().end();
  for (const FeedValidator::Stretch& stretch : feed.stretches()) {
    if (stretch.through > last()) {
      return absl::FailedPreconditionError(
          absl::StrCat("covered up to ", stretch.through, ", but the log ends at ", last()));
    }
    while (brought != end && brought->sequence() < std::min(first(), stretch.through + 1)) ++brought;
    for (int64_t sequence = std::max(first(), stretch.after + 1); sequence <= stretch.through; ++sequence) {
      const v1::Event& event = events_[sequence - first()];
      const bool here = brought != end && brought->sequence() == sequence;
      if (Matches(feed.request().filter(), event) != here) {
        return Broken(here ? "was brought and does not match" : "matches and was not brought", event);
      }
      if (!here) continue;
      if (BytesOf(*brought) != BytesOf(event)) return Broken("was brought otherwise", *brought);
      ++brought;
    }
  }
  if (brought != end) return Broken("lies outside of all coverage", *brought);
  for (const FeedValidator::Snapshot& snapshot : feed.snapshots()) SPOOL_RETURN_IF_ERROR(JudgeSnapshot(feed, snapshot));
  return absl::OkStatus();
}

absl::Status EventLog::JudgeSnapshot(const FeedValidator& feed, const FeedValidator::Snapshot& snapshot) const {
  if (first() != 1) return absl::OkStatus();
  if (snapshot.through > last()) return absl::FailedPreconditionError("a snapshot of what is not in the log");
  EventFold fold = earlier_.sequence() <= snapshot.through ? earlier_ : EventFold();
  while (fold.sequence() < snapshot.through) SPOOL_RETURN_IF_ERROR(fold.Add(events_[fold.sequence()]));
  size_t expected = 0;
  for (const auto& [id, told] : fold.jobs()) {
    if (!Matches(feed.request().filter(), told)) continue;
    ++expected;
    const auto shown = snapshot.jobs.find(id);
    if (shown == snapshot.jobs.end()) {
      return absl::FailedPreconditionError(
          absl::StrCat("job ", id, " is missing in the snapshot of ", snapshot.through));
    }
    SPOOL_RETURN_IF_ERROR(fold.Check(shown->second));
  }
  if (expected != snapshot.jobs.size()) {
    return absl::FailedPreconditionError(absl::StrCat("the snapshot of ", snapshot.through, " has ",
                                                      snapshot.jobs.size(), " jobs, the log ", expected,
                                                      " that match"));
  }
  earlier_ = std::move(fold);
  return absl::OkStatus();
}

absl::Status EventLog::Judge(const v1::Job& job) const {
  if (first() != 1 || job.sequence() > last()) return absl::OkStatus();
  return fold_.Check(job);
}

}  // namespace spool::testing
