#include "server/service/job_calls.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/auth/scope.h"
#include "server/base/errors.h"
#include "server/base/status_macros.h"
#include "server/feed/token.h"
#include "server/job/output_name.h"
#include "server/job/presets.h"
#include "server/job/spec.h"
#include "server/service/guarded_sink.h"
#include "server/service/limit.h"
#include "server/service/page_token.h"

namespace spool::service {
namespace {

constexpr int kMaxBatch = 10000;
constexpr int kDefaultPage = 50;
constexpr int kMaxPage = 1000;

absl::Status CheckJobId(absl::string_view job_id) {
  if (job_id.empty()) return FieldError("job_id", "is required");
  if (job_id.size() > 128) return FieldError("job_id", "is longer than 128 characters");
  return absl::OkStatus();
}

// A Done of the store's that answers the call with the job it is told of.
template <typename Response>
store::Done<v1::Job> AnswerWithJob(Response* response, Done done) {
  return [response, done = std::move(done)](absl::StatusOr<v1::Job> job) mutable {
    if (job.ok()) *response->mutable_job() = std::move(*job);
    done(job.status());
  };
}

// For the audit log. Requests and responses live until their calls are over.
template <typename Request>
AuditedIds IdOf(const Request& request) {
  return [&request] { return std::vector<std::string>{request.job_id()}; };
}

AuditedIds IdOf(const v1::EnqueueRequest& request, const v1::EnqueueResponse& response) {
  return [&request, &response] {
    const std::string& id = response.has_job() ? response.job().id() : request.job_id();
    return id.empty() ? std::vector<std::string>{} : std::vector<std::string>{id};
  };
}

AuditedIds IdsOf(const v1::EnqueueBatchResponse& response) {
  return [&response] {
    std::vector<std::string> ids;
    for (const v1::EnqueueBatchResult& result : response.results()) {
      if (result.has_response()) ids.push_back(result.response().job().id());
    }
    return ids;
  };
}

absl::Status CheckJobFilter(const v1::JobFilter& filter) {
  for (const int state : filter.states()) {
    if (!v1::JobState_IsValid(state) || state == v1::JOB_STATE_UNSPECIFIED) {
      return FieldError("filter.states", "has a value that is not known");
    }
  }
  for (const int type : filter.types()) {
    if (!v1::JobType_IsValid(type) || type == v1::JOB_TYPE_UNSPECIFIED) {
      return FieldError("filter.types", "has a value that is not known");
    }
  }
  if (filter.video_ids_size() > 1000) return FieldError("filter.video_ids", "has more than 1000 entries");
  if (filter.job_ids_size() > 1000) return FieldError("filter.job_ids", "has more than 1000 entries");
  if (filter.labels().size() > 32) return FieldError("filter.labels", "has more than 32 entries");
  return absl::OkStatus();
}

// Answers a ListEvents call with the one page that its subscription sends.
class PageSink : public feed::Sink {
 public:
  PageSink(v1::ListEventsResponse* response, Done done) : response_(response), done_(std::move(done)) {}

  void Send(feed::Update update) override {
    std::string events;
    for (const feed::Run& run : update.events) events.append(run.chunk->bytes(), run.begin, run.end - run.begin);
    // Field 1 is the same repeated Event in both responses.
    response_->ParseFromString(events);
    *response_->mutable_coverage() = update.rest.coverage();
  }
  void Finish(absl::Status status) override { done_(std::move(status)); }

 private:
  v1::ListEventsResponse* const response_;
  Done done_;
};

}  // namespace

absl::Status JobCalls::CheckWritable() const {
  if (!draining_) return absl::OkStatus();
  return WithRetryDelay(Error(absl::StatusCode::kUnavailable, "SERVER_DRAINING", "the server is stopping"),
                        absl::Seconds(1));
}

std::string JobCalls::TokenAt(int64_t sequence) const { return feed::EncodeToken({feed_->Range().log_id, sequence}); }

absl::StatusOr<job::NewJob> JobCalls::MakeJob(const auth::Caller& caller, const v1::EnqueueRequest& request,
                                              Purpose purpose) {
  SPOOL_ASSIGN_OR_RETURN(job::NewJob made, job::MakeJob(request, clock_->Now(), ulids_));
  SPOOL_RETURN_IF_ERROR(purpose == Purpose::kEnqueue ? CheckNewJob(caller, request, made.job)
                                                     : CheckFiles(caller, made.job));
  SPOOL_RETURN_IF_ERROR(files_->CheckInput(made.job.input()));
  const std::vector<v1::OutputSpec> outputs = job::OutputsOf(made.job);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string& path = outputs[i].output();
    if (path.empty()) continue;
    const std::string field = made.job.has_outputs() ? absl::StrCat("outputs.outputs[", i, "].output") : "output";
    SPOOL_RETURN_IF_ERROR(files_->CheckOutput(path, field));
    if (outputs[i].has_sprite_sheet()) SPOOL_RETURN_IF_ERROR(files_->CheckOutput(job::VttPathOf(path), field));
  }
  return made;
}

void JobCalls::IfSeen(const auth::Caller& caller, const std::string& job_id, Done done,
                      absl::AnyInvocable<void(Done) &&> write) {
  if (!caller.limited()) return std::move(write)(std::move(done));
  pool_->Post([this, caller, job_id, done = std::move(done), write = std::move(write)]() mutable {
    const absl::StatusOr<store::StoredJob> stored = store_->GetJob(job_id);
    if (!stored.ok()) return done(stored.status());
    if (!caller.MaySee(stored->job)) return done(JobNotFound(job_id));
    std::move(write)(std::move(done));
  });
}

void JobCalls::Enqueue(const auth::Caller& caller, const v1::EnqueueRequest& request, v1::EnqueueResponse* response,
                       Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.Enqueue");
  done = audit_->Follow(caller, method, IdOf(request, *response), std::move(done));
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (absl::Status status = CheckWritable(); !status.ok()) return done(status);
  absl::StatusOr<job::NewJob> made = MakeJob(caller, request, Purpose::kEnqueue);
  if (!made.ok()) return done(made.status());
  std::vector<job::NewJob> jobs;
  jobs.push_back(*std::move(made));
  using Results = absl::StatusOr<std::vector<absl::StatusOr<store::EnqueuedJob>>>;
  store_->Enqueue(std::move(jobs),
                  On<Results>(answers_, [this, caller, response, done = std::move(done)](Results results) mutable {
                    absl::Status status = results.status();
                    if (status.ok()) status = (*results)[0].status();
                    if (status.ok()) {
                      store::EnqueuedJob& enqueued = *(*results)[0];
                      response->set_outcome(enqueued.outcome);
                      response->set_sequence(enqueued.job.sequence());
                      response->set_resume_token(TokenAt(enqueued.job.sequence()));
                      *response->mutable_job() = std::move(enqueued.job);
                    }
                    done(WithoutForeignJob(caller, std::move(status)));
                  }));
}

void JobCalls::EnqueueBatch(const auth::Caller& caller, const v1::EnqueueBatchRequest& request,
                            v1::EnqueueBatchResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.EnqueueBatch");
  done = audit_->Follow(caller, method, IdsOf(*response), std::move(done));
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (absl::Status status = CheckWritable(); !status.ok()) return done(status);
  if (request.requests().empty() || request.requests_size() > kMaxBatch) {
    return done(FieldError("requests", absl::StrCat("must have 1 to ", kMaxBatch, " entries")));
  }
  const auto fail = [](v1::EnqueueBatchResult* result, const absl::Status& status) {
    v1::EnqueueFailure* failure = result->mutable_failure();
    failure->set_code(static_cast<int>(status.code()));
    failure->set_reason(ErrorInfoOf(status).reason());
    failure->set_message(std::string(status.message()));
    const google::rpc::BadRequest bad = BadRequestOf(status);
    if (bad.field_violations_size() > 0) failure->set_field(bad.field_violations(0).field());
  };
  // Which request each job that reaches the store came from.
  std::vector<int> origin;
  std::vector<job::NewJob> jobs;
  for (int i = 0; i < request.requests_size(); ++i) {
    v1::EnqueueBatchResult* const result = response->add_results();
    absl::StatusOr<job::NewJob> made = MakeJob(caller, request.requests(i), Purpose::kEnqueue);
    if (!made.ok()) {
      fail(result, made.status());
      continue;
    }
    origin.push_back(i);
    jobs.push_back(*std::move(made));
  }
  using Results = absl::StatusOr<std::vector<absl::StatusOr<store::EnqueuedJob>>>;
  store_->Enqueue(std::move(jobs), On<Results>(answers_, [this, caller, response, fail, origin = std::move(origin),
                                                          done = std::move(done)](Results results) mutable {
                    if (!results.ok()) {
                      done(results.status());
                      return;
                    }
                    int64_t last = 0;
                    for (size_t i = 0; i < results->size(); ++i) {
                      v1::EnqueueBatchResult* const result = response->mutable_results(origin[i]);
                      if (!(*results)[i].ok()) {
                        fail(result, WithoutForeignJob(caller, (*results)[i].status()));
                        continue;
                      }
                      const store::EnqueuedJob& enqueued = *(*results)[i];
                      result->mutable_response()->set_outcome(enqueued.outcome);
                      result->mutable_response()->set_sequence(enqueued.job.sequence());
                      v1::Job* job = result->mutable_response()->mutable_job();
                      job->set_id(enqueued.job.id());
                      job->set_video_id(enqueued.job.video_id());
                      job->set_type(enqueued.job.type());
                      job->set_state(enqueued.job.state());
                      *job->mutable_queued_at() = enqueued.job.queued_at();
                      job->set_revision(enqueued.job.revision());
                      job->set_sequence(enqueued.job.sequence());
                      job->set_queue_position(enqueued.job.queue_position());
                      last = std::max(last, enqueued.job.sequence());
                    }
                    response->set_resume_token(TokenAt(last > 0 ? last : feed_->Range().head));
                    done(absl::OkStatus());
                  }));
}

void JobCalls::GetJob(const auth::Caller& caller, const v1::GetJobRequest& request, v1::GetJobResponse* response,
                      Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.GetJob");
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (absl::Status status = CheckJobId(request.job_id()); !status.ok()) return done(status);
  pool_->Post([this, caller, &request, response, done = std::move(done)]() mutable {
    absl::StatusOr<store::StoredJob> stored = store_->GetJob(request.job_id());
    if (stored.ok() && !caller.MaySee(stored->job)) stored = JobNotFound(request.job_id());
    if (stored.ok()) {
      *response->mutable_job() = std::move(stored->job);
      if (response->job().state() == v1::JOB_STATE_RUNNING) {
        if (auto progress = feed_->progress().Latest(request.job_id()); progress.has_value()) {
          *response->mutable_job()->mutable_progress() = std::move(*progress);
        }
      }
      response->set_sequence(stored->head);
      response->set_resume_token(TokenAt(stored->head));
    }
    done(stored.status());
  });
}

void JobCalls::ListJobs(const auth::Caller& caller, const v1::ListJobsRequest& request, v1::ListJobsResponse* response,
                        Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.ListJobs");
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (request.page_size() < 0) return done(FieldError("page_size", "must not be negative"));
  if (absl::Status status = CheckJobFilter(request.filter()); !status.ok()) return done(status);
  v1::JobFilter filter = request.filter();
  caller.Narrow(&filter);
  const absl::StatusOr<int64_t> before = DecodePageToken(request.page_token(), filter);
  if (!before.ok()) return done(before.status());
  const int limit = request.page_size() == 0 ? kDefaultPage : std::min(request.page_size(), kMaxPage);
  pool_->Post([this, filter = std::move(filter), response, limit, before = *before, done = std::move(done)]() mutable {
    absl::StatusOr<store::JobPage> page = store_->ListJobs(filter, limit, before);
    if (page.ok()) {
      for (v1::Job& job : page->jobs) *response->add_jobs() = std::move(job);
      response->set_next_page_token(EncodePageToken(page->next, filter));
    }
    done(page.status());
  });
}

void JobCalls::CancelJob(const auth::Caller& caller, const v1::CancelJobRequest& request,
                         v1::CancelJobResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.CancelJob");
  done = audit_->Follow(caller, method, IdOf(request), std::move(done));
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (absl::Status status = CheckWritable(); !status.ok()) return done(status);
  if (absl::Status status = CheckJobId(request.job_id()); !status.ok()) return done(status);
  IfSeen(caller, request.job_id(), std::move(done), [this, &request, response](Done then) {
    store_->Cancel(request.job_id(), On(answers_, AnswerWithJob(response, std::move(then))));
  });
}

void JobCalls::RetryJob(const auth::Caller& caller, const v1::RetryJobRequest& request, v1::RetryJobResponse* response,
                        Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.RetryJob");
  done = audit_->Follow(caller, method, IdOf(request), std::move(done));
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (absl::Status status = CheckWritable(); !status.ok()) return done(status);
  if (absl::Status status = CheckJobId(request.job_id()); !status.ok()) return done(status);
  IfSeen(caller, request.job_id(), std::move(done), [this, &request, response](Done then) {
    store_->Retry(request.job_id(), On(answers_, AnswerWithJob(response, std::move(then))));
  });
}

void JobCalls::DeleteJob(const auth::Caller& caller, const v1::DeleteJobRequest& request, v1::DeleteJobResponse*,
                         Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.DeleteJob");
  done = audit_->Follow(caller, method, IdOf(request), std::move(done));
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  if (absl::Status status = CheckWritable(); !status.ok()) return done(status);
  if (absl::Status status = CheckJobId(request.job_id()); !status.ok()) return done(status);
  IfSeen(caller, request.job_id(), std::move(done), [this, &request](Done then) {
    store_->Delete(request.job_id(),
                   On<absl::StatusOr<v1::Job>>(answers_, [then = std::move(then)](absl::StatusOr<v1::Job> job) mutable {
                     then(job.status());
                   }));
  });
}

void JobCalls::PlanJob(const auth::Caller& caller, const v1::PlanJobRequest& request, v1::PlanJobResponse* response,
                       Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.PlanJob");
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  absl::StatusOr<job::NewJob> made = MakeJob(caller, request.job(), Purpose::kPlan);
  if (!made.ok()) return done(made.status());
  if (plans_.fetch_add(1) >= kMaxPlans) {
    --plans_;
    return done(
        WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, "PROBE_LIMIT", "too many files are being looked at"),
                       absl::Seconds(1)));
  }
  plan_pool_.Post([this, response, job = std::move(made->job), done = std::move(done)]() mutable {
    absl::StatusOr<v1::PlanJobResponse> planned = executor_->Plan(job);
    if (planned.ok()) *response = std::move(*planned);
    --plans_;
    done(planned.status());
  });
}

void JobCalls::ListPresets(const auth::Caller& caller, const v1::ListPresetsRequest&, v1::ListPresetsResponse* response,
                           Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.ListPresets");
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  for (const v1::Preset& preset : job::AllPresets()) *response->add_presets() = preset;
  done(absl::OkStatus());
}

void JobCalls::ListEvents(const auth::Caller& caller, const v1::ListEventsRequest& request,
                          v1::ListEventsResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.ListEvents");
  if (absl::Status status = caller.Check(method); !status.ok()) return done(status);
  const auto sink = std::make_shared<PageSink>(response, std::move(done));
  v1::ListEventsRequest narrowed = request;
  caller.Narrow(narrowed.mutable_filter());
  if (const auto page = feed_->Page(narrowed, sink); !page.ok()) sink->Finish(page.status());
}

absl::StatusOr<std::shared_ptr<feed::Subscription>> JobCalls::WatchEvents(const auth::Caller& caller,
                                                                          const v1::WatchEventsRequest& request,
                                                                          std::shared_ptr<feed::Sink> sink) {
  static const auto& method = auth::MethodNamed("spool.v1.JobService.WatchEvents");
  SPOOL_RETURN_IF_ERROR(caller.Check(method));
  v1::WatchEventsRequest narrowed = request;
  caller.Narrow(narrowed.mutable_filter());
  const auto guarded = std::make_shared<GuardedSink>(caller, std::move(sink));
  absl::StatusOr<std::shared_ptr<feed::Subscription>> watch = feed_->Watch(narrowed, guarded);
  if (watch.ok()) guarded->Guard(*watch);
  return watch;
}

}  // namespace spool::service
