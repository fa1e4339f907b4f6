#include "tests/crash/readers.h"

#include "absl/strings/str_cat.h"
#include "client/cpp/channel.h"

namespace spool::testing {
namespace {

int Below(std::mt19937_64& random, int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random); }

// That the server died is no fault of the feed's.
bool IsDeath(const absl::Status& status) {
  return status.ok() || absl::IsUnavailable(status) || absl::IsCancelled(status);
}

}  // namespace

v1::WatchEventsRequest Readers::RandomWatch(std::mt19937_64& random) const {
  v1::WatchEventsRequest request;
  request.set_on_compacted(v1::ON_COMPACTED_SNAPSHOT);
  request.set_max_batch_events(Below(random, 3) == 0 ? 1 + Below(random, 5) : 0);
  switch (Below(random, 4)) {
    case 0:
      request.set_start_at(v1::START_AT_EARLIEST);
      break;
    case 1:
      request.set_start_at(v1::START_AT_SNAPSHOT);
      break;
    case 2:
      request.set_start_at(v1::START_AT_LATEST);
      break;
    default:
      // A token of a stream with another filter.
      request.set_resume_token(lasting_.front()->watch->feed().token());
      if (request.resume_token().empty()) request.set_start_at(v1::START_AT_SNAPSHOT);
  }
  v1::EventFilter& filter = *request.mutable_filter();
  if (Below(random, 3) == 0) (*filter.mutable_labels())["shard"] = absl::StrCat(Below(random, 3));
  if (Below(random, 3) == 0) filter.add_video_ids(absl::StrCat("v", Below(random, 4)));
  if (Below(random, 4) == 0) filter.add_states(v1::JOB_STATE_COMPLETED);
  if (Below(random, 4) == 0) {
    filter.add_types(v1::EVENT_TYPE_STARTED);
    filter.add_types(v1::EVENT_TYPE_FAILED);
  }
  request.set_include_progress(Below(random, 2) == 0);
  return request;
}

void Readers::Open(Reader& reader, const v1::WatchEventsRequest& request, const std::string& address) {
  // The stub must outlive the call that was made with it, and is replaced only after that has ended.
  auto stub = v1::JobService::NewStub(client::MakeChannel(address));
  if (reader.watch == nullptr) {
    reader.watch = std::make_unique<Watch>(stub.get(), request);
  } else {
    reader.watch->Resume(stub.get());
  }
  reader.stub = std::move(stub);
  reader.end = absl::OkStatus();
  reader.thread = std::thread([raw = &reader] {
    for (int taken = 0; raw->appetite == 0 || taken < raw->appetite; ++taken) {
      raw->end = raw->watch->Next().status();
      if (!raw->end.ok()) return;
    }
  });
}

void Readers::Follow(const std::string& address, std::mt19937_64& random) {
  if (lasting_.empty()) {
    for (const char* name : {"fast", "slow"}) {
      lasting_.push_back(std::make_unique<Reader>());
      lasting_.back()->name = name;
    }
    lasting_.back()->appetite = 8;
  }
  v1::WatchEventsRequest request = FromEarliest();
  request.set_include_progress(true);
  Open(*lasting_[0], request, address);
  v1::WatchEventsRequest slow = FromEarliest();
  slow.set_max_batch_events(3);
  slow.set_on_compacted(v1::ON_COMPACTED_SNAPSHOT);
  (*slow.mutable_filter()->mutable_labels())["shard"] = "1";
  Open(*lasting_[1], slow, address);
  for (int i = 0; i < 3; ++i) {
    passing_.push_back(std::make_unique<Reader>());
    passing_.back()->name = "passing";
    v1::WatchEventsRequest passing = RandomWatch(random);
    if (i == 0) {
      passing = v1::WatchEventsRequest();
      passing.set_start_at(v1::START_AT_SNAPSHOT);
    }
    Open(*passing_.back(), passing, address);
  }
}

std::vector<std::string> Readers::Join() {
  std::vector<std::string> wrong;
  for (const auto* readers : {&lasting_, &passing_}) {
    for (const auto& reader : *readers) {
      if (reader->thread.joinable()) reader->thread.join();
      if (!IsDeath(reader->end)) {
        wrong.push_back(absl::StrCat(reader->name, " reader of {", reader->watch->feed().request().ShortDebugString(),
                                     "}: ", reader->end.ToString()));
      }
    }
  }
  return wrong;
}

std::vector<std::string> Readers::Judge(const EventLog& log, bool last) {
  std::vector<std::string> wrong;
  const auto judge = [&](const Reader& reader) {
    events_ += static_cast<int64_t>(reader.watch->feed().events().size());
    const absl::Status verdict = log.Judge(reader.watch->feed());
    if (verdict.ok()) return;
    wrong.push_back(absl::StrCat(reader.name, " reader of {", reader.watch->feed().request().ShortDebugString(),
                                 "}: ", verdict.ToString()));
  };
  for (const auto& reader : passing_) judge(*reader);
  passing_.clear();
  if (last) {
    for (const auto& reader : lasting_) judge(*reader);
  }
  return wrong;
}

std::vector<std::string> Readers::Finish(const std::string& address, int64_t sequence) {
  std::vector<std::string> wrong;
  for (const auto& reader : lasting_) {
    const auto stub = v1::JobService::NewStub(client::MakeChannel(address));
    reader->watch->Resume(stub.get());
    const absl::Status status = reader->watch->UntilCovered(sequence);
    reader->watch->Stop();
    if (!status.ok()) wrong.push_back(absl::StrCat(reader->name, " reader at the end: ", status.ToString()));
  }
  return wrong;
}

}  // namespace spool::testing
