#include "tests/crash/traffic.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cpp/channel.h"
#include "client/cpp/status.h"

namespace spool::testing {
namespace {

std::unique_ptr<grpc::ClientContext> Context() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  return context;
}

int Below(std::mt19937_64& random, int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random); }

// The server said no. Anything else that is not OK leaves it open whether the call took effect.
bool IsRefusal(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return true;
    default:
      return false;
  }
}

}  // namespace

Traffic::Traffic(const std::string& address, const std::string& name, uint64_t seed, Model* model)
    : name_(name), seed_(seed), model_(model) {
  const auto channel = client::MakeChannel(address);
  jobs_ = v1::JobService::NewStub(channel);
  queue_ = v1::QueueService::NewStub(channel);
}

Traffic::~Traffic() { Stop(); }

v1::EnqueueRequest Traffic::RandomRequest(std::mt19937_64& random, const std::string& job_id) const {
  v1::EnqueueRequest request;
  request.set_job_id(job_id);
  request.set_request_id(absl::StrCat("r-", job_id));
  request.set_video_id(absl::StrCat("v", Below(random, 4)));
  // One in eight can only fail, at once, and may be retried by hand.
  request.set_input(Below(random, 8) == 0 ? "broken.png" : "a.png");
  request.mutable_resize()->set_width(8 + Below(random, 24));
  request.set_priority(Below(random, 3));
  (*request.mutable_labels())["shard"] = absl::StrCat(Below(random, 3));
  return request;
}

void Traffic::CountAnswer() {
  absl::MutexLock lock(&mu_);
  ++answers_;
}

bool Traffic::Settle(Model::Call call, const v1::EnqueueRequest& request, const grpc::Status& status,
                     const v1::EnqueueResponse& response) {
  if (status.ok()) {
    if (response.job().id() != request.job_id()) {
      absl::MutexLock lock(&mu_);
      wrong_.push_back(absl::StrCat("asked for job ", request.job_id(), ", got ", response.job().id()));
    }
    if (response.outcome() == v1::ENQUEUE_OUTCOME_CREATED) {
      model_->Done(call, response.job());
    } else {
      model_->WasSo(call, response.job());
    }
    return true;
  }
  if (IsRefusal(status)) {
    absl::MutexLock lock(&mu_);
    wrong_.push_back(absl::StrCat("an Enqueue was refused: ", client::FromGrpc(status).ToString()));
    model_->Refused(call, client::ReasonOf(client::FromGrpc(status)));
    return true;
  }
  absl::MutexLock lock(&mu_);
  unanswered_[request.job_id()] = request;
  return false;
}

std::vector<std::string> Traffic::Repeat(const Unanswered& requests, const std::map<std::string, bool>& in_log) {
  std::vector<std::string> wrong;
  for (const auto& [id, request] : requests) {
    const Model::Call call = model_->Invoke(Model::Kind::kEnqueue, id);
    v1::EnqueueResponse response;
    const grpc::Status status = jobs_->Enqueue(Context().get(), request, &response);
    if (!Settle(call, request, status, response)) continue;
    const v1::EnqueueOutcome expected = in_log.at(id) ? v1::ENQUEUE_OUTCOME_EXISTING : v1::ENQUEUE_OUTCOME_CREATED;
    if (status.ok() && response.outcome() != expected) {
      wrong.push_back(absl::StrCat("P14: a repeated request of job ", id, " answered ",
                                   v1::EnqueueOutcome_Name(response.outcome())));
    }
  }
  return wrong;
}

void Traffic::Start(int clients, PauseState paused) {
  paused_ = paused;
  {
    absl::MutexLock lock(&mu_);
    running_ = clients;
  }
  for (int i = 0; i < clients; ++i) {
    clients_.emplace_back([this, i] {
      RunClient(i, seed_ * 31 + static_cast<uint64_t>(i));
      absl::MutexLock lock(&mu_);
      --running_;
    });
  }
}

bool Traffic::AwaitAnswers(int count, absl::Duration longest) {
  absl::MutexLock lock(&mu_);
  const auto enough = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return answers_ >= count || running_ == 0; };
  mu_.AwaitWithTimeout(absl::Condition(&enough), longest);
  return answers_ >= count;
}

void Traffic::Stop() {
  stop_ = true;
  for (std::thread& client : clients_) client.join();
  clients_.clear();
}

Unanswered Traffic::TakeUnanswered() {
  absl::MutexLock lock(&mu_);
  return std::exchange(unanswered_, {});
}

std::vector<std::string> Traffic::TakeWrong() {
  absl::MutexLock lock(&mu_);
  return std::exchange(wrong_, {});
}

void Traffic::RunClient(int number, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int turn = 0; !stop_; ++turn) {
    const std::string prefix = absl::StrCat(name_, "-c", number, "-", turn);
    const int dice = Below(random, 100);
    bool answered;
    if (dice < 45) {
      answered = EnqueueOne(random, prefix);
    } else if (dice < 55) {
      answered = EnqueueMany(random, prefix);
    } else if (dice < 72) {
      answered = CancelOne(random);
    } else if (dice < 79) {
      answered = DeleteOne(random);
    } else if (dice < 90 || number != 0) {
      answered = RetryOne(random);
    } else {
      answered = TurnPause(random);
    }
    if (!answered) return;
    CountAnswer();
  }
}

bool Traffic::EnqueueOne(std::mt19937_64& random, const std::string& prefix) {
  const v1::EnqueueRequest request = RandomRequest(random, prefix);
  const Model::Call call = model_->Invoke(Model::Kind::kEnqueue, request.job_id());
  v1::EnqueueResponse response;
  const grpc::Status status = jobs_->Enqueue(Context().get(), request, &response);
  return Settle(call, request, status, response);
}

bool Traffic::EnqueueMany(std::mt19937_64& random, const std::string& prefix) {
  v1::EnqueueBatchRequest batch;
  std::vector<Model::Call> calls;
  for (int i = 2 + Below(random, 6); i > 0; --i) {
    *batch.add_requests() = RandomRequest(random, absl::StrCat(prefix, "-b", i));
    calls.push_back(model_->Invoke(Model::Kind::kEnqueue, batch.requests().rbegin()->job_id()));
  }
  v1::EnqueueBatchResponse response;
  const grpc::Status status = jobs_->EnqueueBatch(Context().get(), batch, &response);
  bool answered = true;
  for (int i = 0; i < batch.requests_size(); ++i) {
    // A batch that was answered has an answer for each.
    const bool has_result = status.ok() && i < response.results_size() && response.results(i).has_response();
    const grpc::Status own =
        status.ok() && !has_result ? grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no result in a batch") : status;
    answered =
        Settle(calls[i], batch.requests(i), own, has_result ? response.results(i).response() : v1::EnqueueResponse()) &&
        answered;
  }
  return answered;
}

bool Traffic::CancelOne(std::mt19937_64& random) {
  v1::CancelJobRequest request;
  request.set_job_id(model_->AnyJob(random()));
  if (request.job_id().empty()) return true;
  const Model::Call call = model_->Invoke(Model::Kind::kCancel, request.job_id());
  v1::CancelJobResponse response;
  const grpc::Status status = jobs_->CancelJob(Context().get(), request, &response);
  if (status.ok()) {
    // A second cancel of the same attempt changes nothing, and its answer does not tell which one it was.
    model_->WasSo(call, response.job());
    return true;
  }
  if (!IsRefusal(status)) return false;
  model_->Refused(call, client::ReasonOf(client::FromGrpc(status)));
  return true;
}

bool Traffic::RetryOne(std::mt19937_64& random) {
  v1::RetryJobRequest request;
  request.set_job_id(model_->AnyJob(random()));
  if (request.job_id().empty()) return true;
  const Model::Call call = model_->Invoke(Model::Kind::kRetry, request.job_id());
  v1::RetryJobResponse response;
  const grpc::Status status = jobs_->RetryJob(Context().get(), request, &response);
  if (status.ok()) {
    model_->Done(call, response.job());
    return true;
  }
  if (!IsRefusal(status)) return false;
  model_->Refused(call, client::ReasonOf(client::FromGrpc(status)));
  return true;
}

bool Traffic::DeleteOne(std::mt19937_64& random) {
  v1::DeleteJobRequest request;
  // Not one that will be sent again: once it is deleted, its ids are free, and that would make another job of them.
  request.set_job_id(model_->AnyEnqueuedJob(random()));
  if (request.job_id().empty()) return true;
  const Model::Call call = model_->Invoke(Model::Kind::kDelete, request.job_id());
  v1::DeleteJobResponse response;
  const grpc::Status status = jobs_->DeleteJob(Context().get(), request, &response);
  if (status.ok()) {
    model_->Deleted(call);
    return true;
  }
  if (!IsRefusal(status)) return false;
  model_->Refused(call, client::ReasonOf(client::FromGrpc(status)));
  return true;
}

bool Traffic::TurnPause(std::mt19937_64& random) {
  // Mostly running, or nothing would happen.
  const bool pause = Below(random, 4) == 0;
  grpc::Status status;
  if (pause) {
    v1::PauseQueueResponse response;
    status = queue_->PauseQueue(Context().get(), {}, &response);
  } else {
    v1::ResumeQueueResponse response;
    status = queue_->ResumeQueue(Context().get(), {}, &response);
  }
  if (status.ok()) {
    paused_ = {pause, !pause};
  } else {
    paused_.may_be_paused = paused_.may_be_paused || pause;
    paused_.may_run = paused_.may_run || !pause;
  }
  return status.ok();
}

}  // namespace spool::testing
