#include "tests/crash/world.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "client/cpp/channel.h"
#include "client/cpp/status.h"
#include "server/base/sha256.h"
#include "server/base/unique_fd.h"
#include "tests/crash/png.h"
#include "tests/support/media.h"

namespace spool::testing {
namespace {

constexpr int kClients = 3;
// For any job, and for short ones only.
constexpr int kSlots = 2, kShortSlots = 1;
// Far more than a life takes.
constexpr absl::Duration kLongestLife = absl::Seconds(3);
// A failpoint that is not passed until so many answers is not reached.
constexpr int kAnswersOfALife = 250;
// More than two lives make, so that this test reads all of the log.
constexpr int kRetainedEvents = 3000;
constexpr absl::Duration kLongestGoing = absl::Seconds(20);
constexpr absl::Duration kLongestEnd = absl::Minutes(2);

std::unique_ptr<grpc::ClientContext> Context() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return context;
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Waits for the end of any process. False: it is still there.
bool AwaitGone(pid_t pid) {
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return errno == ESRCH;
  pollfd gone = {pidfd.get(), POLLIN, 0};
  return poll(&gone, 1, static_cast<int>(absl::ToInt64Milliseconds(kLongestGoing))) == 1;
}

bool IsStaged(const std::string& file) { return absl::StartsWith(file, ".spool-staging/"); }

}  // namespace

void MakeThisTheReaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::vector<pid_t> OrphanedWorkers() {
  std::vector<pid_t> orphans;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    pid_t pid;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const std::string stat = Contents(entry.path() / "stat");
    const size_t name = stat.find('('), rest = stat.rfind(')');
    if (rest == std::string::npos || !absl::StartsWith(stat.substr(name + 1), "spool-worker")) continue;
    const std::vector<std::string> fields = absl::StrSplit(stat.substr(rest + 1), ' ', absl::SkipEmpty());
    pid_t parent;
    if (fields.size() < 2 || !absl::SimpleAtoi(fields[1], &parent) || parent != getpid()) continue;
    if (waitpid(pid, nullptr, WNOHANG) == 0) orphans.push_back(pid);
  }
  return orphans;
}

World::World(const std::string& name, uint64_t seed, bool forgets) : name_(name), random_(seed), forgets_(forgets) {
  flags_ = {absl::StrCat("--slots=", kSlots), absl::StrCat("--short_slots=", kShortSlots)};
  if (forgets) flags_.push_back(absl::StrCat("--retain_events=", kRetainedEvents));
  Add("make an input", MakeStill(server_.media_root() + "/a.png", 16, 16));
  std::ofstream(server_.media_root() + "/broken.png") << "this is no picture";
}

EventTypes World::event_types() const {
  EventTypes types;
  for (const v1::Event& event : log_.events()) ++types[v1::EventType_Name(event.type())];
  return types;
}

void World::Add(const std::vector<std::string>& wrong) {
  for (const std::string& what : wrong) {
    wrong_.push_back(absl::StrCat(name_, ", life ", life_, ": ", what));
    // At once: a soak is long. One cause may have many effects; the first ones tell the most.
    if (wrong_.size() <= 3) fprintf(stderr, "%s\n", wrong_.back().c_str());
  }
}

void World::Add(const std::string& where, const absl::Status& status) {
  if (!status.ok()) Add({absl::StrCat(where, ": ", status.ToString())});
}

std::string World::RandomFailPoint() {
  // A life with a failpoint is checked in the next one.
  if (life_ % 2 == 0) return "";
  const auto below = [this](int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); };
  switch (below(9)) {
    case 0:
      return absl::StrCat("before-commit:", 1 + below(60));
    case 1:
      return absl::StrCat("after-commit:", 1 + below(60));
    case 2:
      return absl::StrCat("before-answer:", 1 + below(60));
    case 3:
      return absl::StrCat("before-wake:", 1 + below(60));
    case 4:
    case 5:
      return absl::StrCat("before-complete:", 1 + below(8));
    case 6:
      return absl::StrCat("in-snapshot:", 1 + below(2));
    case 7:
      return forgets_ && log_.last() > kRetainedEvents ? "in-compaction" : "before-wake:1";
    default:
      return "";
  }
}

bool World::Start(const std::string& failpoint) {
  std::vector<std::string> environment;
  if (!failpoint.empty()) environment.push_back("SPOOL_FAILPOINT=" + failpoint);
  const absl::Status started = server_.Start(flags_, environment);
  if (started.ok()) {
    const auto channel = client::MakeChannel(server_.address());
    jobs_ = v1::JobService::NewStub(channel);
    queue_ = v1::QueueService::NewStub(channel);
    return true;
  }
  if (failpoint.empty()) Add("start", started);
  return false;
}

bool World::LiveAndDie() {
  ++life_;
  const size_t wrong_before = wrong_.size();
  const std::string failpoint = RandomFailPoint();
  const std::string place = failpoint.substr(0, failpoint.find(':'));
  if (!Start(failpoint)) {
    ++deaths_[failpoint.empty() ? "could not start" : place];
    CheckFilesAfterDeath();
    return !failpoint.empty();
  }
  // With a failpoint the server may die at any of these checks; then they are made in the next life.
  if (failpoint.empty()) CheckAfterStart();
  if (wrong_.size() > wrong_before) return false;

  Traffic traffic(server_.address(), absl::StrCat(name_, "-", life_), random_(), &model_);
  if (failpoint.empty()) {
    std::map<std::string, bool> in_log;
    for (const auto& [id, request] : unanswered_) in_log[id] = log_.fold().jobs().count(id) > 0;
    Add(traffic.Repeat(unanswered_, in_log));
    unanswered_.clear();
  }
  readers_.Follow(server_.address(), random_);
  traffic.Start(kClients, paused_);
  if (failpoint.empty()) {
    traffic.AwaitAnswers(std::uniform_int_distribution<int>(1, 150)(random_), kLongestLife);
    Kill();
    ++deaths_["any moment"];
  } else {
    const absl::StatusOr<pid_t> zygote = server_.Zygote();
    const bool survives = traffic.AwaitAnswers(kAnswersOfALife, kLongestLife);
    const absl::StatusOr<Exit> exit = server_.WaitForExit(survives ? absl::ZeroDuration() : kLongestLife);
    if (exit.ok()) {
      ++deaths_[place];
      if (exit->signal != SIGKILL) Add({absl::StrCat("ended by itself: ", exit->error)});
      if (zygote.ok() && !AwaitGone(*zygote)) Add({"the zygote outlives its server"});
    } else {
      ++deaths_[place + ", not reached"];
      Kill();
    }
  }
  traffic.Stop();
  paused_ = traffic.paused();
  unanswered_.merge(traffic.TakeUnanswered());
  Add(traffic.TakeWrong());
  Add(readers_.Join());
  CheckNoWorkerSurvives();
  CheckFilesAfterDeath();
  return wrong_.size() == wrong_before;
}

void World::Kill() {
  // Stopped first, so that it cannot have a child made that is missed here.
  kill(server_.pid(), SIGSTOP);
  std::vector<pid_t> workers = server_.Workers();
  const absl::StatusOr<pid_t> zygote = server_.Zygote();
  if (zygote.ok()) workers.push_back(*zygote);
  server_.Kill();
  for (const pid_t pid : workers) {
    if (!AwaitGone(pid)) Add({absl::StrCat("process ", pid, " outlives its server")});
  }
}

void World::CheckNoWorkerSurvives() {
  const absl::Time longest = absl::Now() + kLongestGoing;
  for (const pid_t pid : OrphanedWorkers()) {
    if (absl::Now() < longest && !AwaitGone(pid)) Add({absl::StrCat("worker ", pid, " outlives its server")});
  }
}

void World::CheckFilesAfterDeath() {
  staged_.clear();
  for (const std::string& file : server_.OutputFiles()) {
    if (IsStaged(file)) {
      staged_.insert(file);
    } else if (whole_files_.insert(file).second && !IsWholePng(Contents(server_.output_root() + "/" + file))) {
      Add({absl::StrCat("output ", file, " is not whole")});
    }
  }
}

void World::CheckAfterStart() {
  for (const std::string& file : server_.OutputFiles()) {
    if (staged_.count(file) > 0) Add({absl::StrCat("staged file ", file, " survives a start")});
  }
  v1::WatchEventsRequest request;
  request.set_start_at(v1::START_AT_SNAPSHOT);
  Watch snapshot(jobs_.get(), request);
  while (snapshot.feed().snapshots().empty()) {
    const auto response = snapshot.Next();
    if (!response.ok()) return Add("read a snapshot", response.status());
  }
  const absl::Status read = log_.ReadOn(jobs_.get(), life_ % 16 == 0 ? EventLog::Again::kAll : EventLog::Again::kSome);
  // Without the log everything would seem to be wrong.
  if (!read.ok()) return Add("read the log", read);
  if (log_.first() != 1) return Add({"this test has read the log too late: retention was quicker"});
  Add("judge the snapshot", log_.Judge(snapshot.feed()));
  Add(readers_.Judge(log_, false));
  Add(model_.Judge(log_.events()));
  // Whether somebody asked for a deletion is the model's to judge.
  std::set<std::string> deleted;
  for (const v1::Event& event : log_.events()) {
    if (event.has_deleted()) deleted.insert(event.job_id());
  }
  for (const std::string& id : model_.AcknowledgedJobs()) {
    const bool is_there = log_.fold().jobs().count(id) > 0;
    if (is_there == (deleted.count(id) > 0)) {
      Add({absl::StrCat("job ", id, is_there ? " was deleted and is there" : " was acknowledged and is gone")});
    }
  }
  CheckOutputs();
  v1::GetQueueStatsResponse stats;
  const grpc::Status status = queue_->GetQueueStats(Context().get(), {}, &stats);
  if (!status.ok()) return Add("stats", client::FromGrpc(status));
  if (stats.paused() ? !paused_.may_be_paused : !paused_.may_run) {
    Add({absl::StrCat("the queue is ", stats.paused() ? "paused" : "running", ", which nobody asked for")});
  }
  paused_ = {stats.paused(), !stats.paused()};
  if (stats.jobs().running() > kSlots + kShortSlots)
    Add({absl::StrCat(stats.jobs().running(), " jobs run, more than there are slots")});
}

void World::CheckOutputs() {
  for (; outputs_checked_ < static_cast<int64_t>(log_.events().size()); ++outputs_checked_) {
    const v1::Event& event = log_.events()[outputs_checked_];
    if (!event.has_completed()) continue;
    const v1::JobResult& result = event.completed().result();
    const std::string bytes = Contents(server_.output_root() + "/" + result.output());
    if (absl::BytesToHexString(Sha256Of(bytes)) != result.sha256()) {
      Add({absl::StrCat("the output of ", event.ShortDebugString(), " is missing or another")});
    }
  }
}

std::vector<std::string> World::End(const std::function<void(int64_t head)>& last) {
  ++life_;
  if (!wrong_.empty() || !Start("")) return wrong_;
  CheckAfterStart();
  v1::ResumeQueueResponse resumed;
  Add("resume", client::FromGrpc(queue_->ResumeQueue(Context().get(), {}, &resumed)));
  paused_ = {false, true};
  v1::GetQueueStatsResponse stats;
  const absl::Time longest = absl::Now() + kLongestEnd;
  for (bool idle = false; !idle;) {
    const grpc::Status status = queue_->GetQueueStats(Context().get(), {}, &stats);
    if (!status.ok() || absl::Now() > longest) {
      Add({absl::StrCat("the jobs do not come to an end: ", stats.ShortDebugString())});
      return wrong_;
    }
    idle = stats.jobs().scheduled() + stats.jobs().queued() + stats.jobs().running() == 0;
  }
  CheckAfterStart();
  Add("read the whole log", log_.ReadOn(jobs_.get(), EventLog::Again::kAll));
  Add(readers_.Finish(server_.address(), log_.last()));
  Add(readers_.Judge(log_, true));
  Add(model_.Judge(log_.events()));
  for (const auto& [id, job] : log_.fold().jobs()) {
    const bool ended = job.state() == v1::JOB_STATE_COMPLETED || job.state() == v1::JOB_STATE_FAILED ||
                       job.state() == v1::JOB_STATE_CANCELLED;
    if (!ended) Add({absl::StrCat("job ", id, " has not ended: ", v1::JobState_Name(job.state()))});
  }
  for (const std::string& file : server_.OutputFiles()) {
    if (IsStaged(file)) Add({absl::StrCat("staged file ", file, " is left when nothing runs")});
  }
  if (last) last(log_.last());
  Kill();
  CheckNoWorkerSurvives();
  return wrong_;
}

}  // namespace spool::testing
