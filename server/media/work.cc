#include "server/media/work.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/av/error.h"
#include "server/av/failure.h"
#include "server/base/proto_time.h"
#include "server/base/status_macros.h"
#include "server/media/check.h"
#include "server/media/key_frames.h"
#include "server/media/loudness.h"
#include "server/media/passes.h"
#include "server/media/probe.h"
#include "server/media/sheet_vtt.h"

namespace spool::media {
namespace {

// Of the whole work; a first pass and a hearing cost less than what they prepare.
constexpr double kHearWeight = 0.1, kLookWeight = 0.6, kMakeWeight = 1;

// Whether it may be that nothing needs to be encoded. Judged by what is asked only.
bool MayBeCopied(const Task& task) {
  const auto* convert = std::get_if<v1::ConvertSpec>(&task.spec);
  if (convert == nullptr || convert->has_trim()) return false;
  const v1::Container container =
      convert->container() != v1::CONTAINER_UNSPECIFIED ? convert->container() : task.container_hint;
  return !FactsOf(container).is_image;
}

// Lengths are not judged here: headers claim all kinds. What is written is counted.
absl::Status CheckPlan(const Plan& plan, const RunLimits& limits) {
  const VideoTarget* video = plan.video();
  if (video != nullptr && limits.max_pixels > 0 &&
      int64_t{video->frame().width} * video->frame().height > limits.max_pixels) {
    return av::Failure(av::Reason::kLimitExceeded,
                       absl::StrCat("the output would be ", video->frame().width, "x", video->frame().height,
                                    ", more than ", limits.max_pixels, " pixels"));
  }
  return absl::OkStatus();
}

bool MakesOnePicture(const Plan& plan) { return plan.video() != nullptr && plan.video()->one_frame; }

// What is worth a second look at the input before it is planned: whether a trimmed stream could be copied.
void AddKeyFrames(const std::vector<Task>& tasks, int fd, const RunOptions& options, InputFacts& facts) {
  std::set<absl::Duration> times;
  for (const Task& task : tasks) {
    const auto* convert = std::get_if<v1::ConvertSpec>(&task.spec);
    if (convert == nullptr || !convert->has_trim()) continue;
    const absl::Duration start = FromProto(convert->trim().start());
    times.insert(start);
    if (convert->trim().has_duration()) times.insert(start + FromProto(convert->trim().duration()));
  }
  for (int i = 0; !times.empty() && i < facts.info.streams_size(); ++i) {
    if (facts.info.streams(i).kind() != "video" || facts.info.streams(i).attached_picture()) continue;
    absl::StatusOr<std::unique_ptr<av::Input>> input = OpenInput(fd, options);
    if (!input.ok()) return;
    facts.streams[i].key_frames = KeyFramesAmong(**input, i, times);
  }
}

// A file that promised more than it held was cut short on its way here.
void NoteShortfall(absl::Duration expected, absl::Duration actual, Damage& damage) {
  // Containers round, and estimate; of a short clip a second may be all there is.
  const absl::Duration slack = std::max(std::min(absl::Seconds(1), expected / 3), expected * 0.05);
  if (expected <= absl::ZeroDuration() || actual >= expected - slack) return;
  damage.Add(absl::StrFormat("the input says that it lasts %s, but only %s of it (%.0f %%) could be read",
                             absl::FormatDuration(expected), absl::FormatDuration(actual),
                             100 * absl::FDivDuration(actual, expected)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<av::Input>> OpenInput(int fd, const RunOptions& options, av::Look look) {
  if (options.limits.max_alloc_bytes > 0) av_max_alloc(options.limits.max_alloc_bytes);
  av::InputOptions input;
  input.extension = options.input_extension;
  input.max_pixels = options.limits.max_pixels;
  input.max_streams = options.limits.max_streams;
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<av::Input> opened, av::Input::Open(fd, input, look));
  opened->LookAtFirstPackets(input);
  return opened;
}

absl::Status Work::Look() {
  if (std::all_of(tasks_.begin(), tasks_.end(), &MayBeCopied)) {
    SPOOL_ASSIGN_OR_RETURN(input_, OpenInput(input_fd_, options_, av::Look::kAtHeader));
    SPOOL_ASSIGN_OR_RETURN(facts_, Probe(*input_, input_fd_));
    const bool copies = std::all_of(tasks_.begin(), tasks_.end(), [this](const Task& task) {
      const absl::StatusOr<Plan> plan = MakePlan(facts_, task);
      return plan.ok() && !plan->encodes();
    });
    if (copies || !input_->is_at_header()) return absl::OkStatus();
  }
  SPOOL_ASSIGN_OR_RETURN(input_, OpenInput(input_fd_, options_));
  SPOOL_ASSIGN_OR_RETURN(facts_, Probe(*input_, input_fd_));
  return absl::OkStatus();
}

absl::Status Work::MakePlans() {
  SPOOL_RETURN_IF_ERROR(Look());
  AddKeyFrames(tasks_, input_fd_, options_, facts_);
  plans_.resize(tasks_.size());
  told_plans_.resize(tasks_.size());
  pass_logs_.resize(tasks_.size());
  for (size_t i = 0; i < tasks_.size(); ++i) {
    absl::StatusOr<Plan> plan = MakePlan(facts_, tasks_[i]);
    absl::Status status = plan.ok() ? CheckPlan(*plan, options_.limits) : plan.status();
    if (!status.ok() && EndsAll()) return status;
    if (status.ok()) {
      told_plans_[i] = Describe(*plan, facts_);
      plans_[i] = *std::move(plan);
    } else {
      told_plans_[i].set_error(std::string(status.message()));
    }
    told_plans_[i].set_name(tasks_[i].name);
    events_.on_planned(static_cast<int>(i), told_plans_[i]);
    if (!status.ok() && !output_fds_.empty()) events_.on_ended(static_cast<int>(i), std::move(status));
  }
  return absl::OkStatus();
}

std::vector<std::vector<int>> Work::Groups() const {
  std::vector<std::vector<int>> groups;
  for (int i = 0; i < static_cast<int>(plans_.size()); ++i) {
    if (!plans_[i].has_value()) continue;
    const auto shares = [&](const std::vector<int>& group) {
      const Plan& other = *plans_[group[0]];
      return other.range == plans_[i]->range && !MakesOnePicture(other) && !MakesOnePicture(*plans_[i]);
    };
    const auto found = std::find_if(groups.begin(), groups.end(), shares);
    if (found != groups.end()) {
      found->push_back(i);
    } else {
      groups.push_back({i});
    }
  }
  return groups;
}

RunSummary Work::Summary() && {
  RunSummary summary;
  for (const std::vector<int>& group : Groups()) {
    double most = 0;
    for (const int output : group) most = std::max(most, DecodedMegapixels(*plans_[output], facts_));
    summary.decoded_megapixels += most;
  }
  summary.media = std::move(facts_.info);
  return summary;
}

double Work::TotalWeight() const {
  double weight = 0;
  for (const std::optional<Plan>& plan : plans_) {
    if (!plan.has_value()) continue;
    for (const StreamPlan& stream : plan->streams) {
      const auto* audio = std::get_if<AudioTarget>(&stream.target);
      if (audio != nullptr && audio->loudness.has_value()) weight += kHearWeight;
    }
    if (plan->video() != nullptr && plan->video()->passes == 2) weight += kLookWeight;
  }
  return weight + kMakeWeight * static_cast<double>(Groups().size());
}

ProgressMeter::Whole Work::WholeOf(const Plan& plan) const {
  ProgressMeter::Whole whole;
  whole.bytes = facts_.info.bytes();
  if (facts_.info.still_image() || MakesOnePicture(plan)) {
    whole.frames = 1;
  } else {
    whole.duration = plan.duration;
    if (plan.main_video >= 0) whole.frames = facts_.streams[plan.main_video].frames;
  }
  return whole;
}

void Work::BeginStep(const ProgressMeter::Whole& whole, double weight, ProgressMeter::Writes writes) {
  const ProgressMeter::Share share = {weight_done_ / weight_, std::min(1.0, (weight_done_ + weight) / weight_)};
  weight_done_ = std::min(weight_, weight_done_ + weight);
  {
    MutexLock lock(&mu_);
    done_ = {};
  }
  progress_->Begin(whole, share, writes);
}

void Work::Pulse(const av::Input& input) {
  ProgressMeter::Done done;
  {
    MutexLock lock(&mu_);
    done_.bytes_read = input.io().read_through();
    done = done_;
  }
  progress_->Update(done);
}

void Work::Tell(const Pipeline& pipeline, const std::vector<int>& group) {
  ProgressMeter::Done done;
  absl::Duration least = absl::InfiniteDuration();
  for (size_t i = 0; i < group.size(); ++i) {
    const Muxer::Progress line = pipeline.line(static_cast<int>(i)).progress();
    if (pipeline.outcome(static_cast<int>(i)).ok()) least = std::min(least, line.media_time);
    done.frames += line.frames;
    done.bytes_written += line.bytes;
    if (tasks_.size() == 1) continue;
    v1::OutputProgress& output = done.outputs.emplace_back();
    output.set_name(tasks_[group[i]].name);
    const absl::Duration whole = plans_[group[i]].has_value() ? plans_[group[i]]->duration : absl::ZeroDuration();
    // Complete only when it is checked.
    constexpr double kMostBeforeCheck = 0.99;
    if (whole > absl::ZeroDuration()) {
      output.set_fraction(std::clamp(absl::FDivDuration(line.media_time, whole), 0.0, kMostBeforeCheck));
    }
    output.set_frames(line.frames);
    *output.mutable_media_time() = ToProto(line.media_time);
    output.set_bytes(line.bytes);
  }
  done.media_time = least == absl::InfiniteDuration() ? absl::ZeroDuration() : least;
  {
    MutexLock lock(&mu_);
    done.bytes_read = done_.bytes_read;
    done_ = done;
  }
  progress_->Update(done);
}

absl::StatusOr<std::unique_ptr<av::Input>> Work::TakeInput() {
  // The first reading goes on where the look at the input left off.
  if (input_ != nullptr) return std::move(input_);
  return OpenInput(input_fd_, options_);
}

absl::Status Work::HearFirst(int output, LineOrder& order) {
  for (const StreamPlan& stream : order.plan->streams) {
    const auto* audio = std::get_if<AudioTarget>(&stream.target);
    if (audio == nullptr || !audio->loudness.has_value()) continue;
    const int index = stream.outcome.input_index();
    BeginStep(WholeOf(*order.plan), kHearWeight, ProgressMeter::Writes::kNo);
    SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<av::Input> input, TakeInput());
    SPOOL_ASSIGN_OR_RETURN(const MeasuredLoudness measured,
                           Hear(input.get(), index, order.plan->range, [&](absl::Duration media_time) {
                             progress_->Update({media_time, 0, input->io().read_through(), 0, {}});
                           }));
    measured_lufs_.emplace(output, measured.integrated_lufs);
    order.loudness[index] = LoudnessChain(measured, *audio->loudness);
  }
  return absl::OkStatus();
}

absl::Status Work::LookFirst(int output, LineOrder& order) {
  const VideoTarget* video = order.plan->video();
  if (video == nullptr || video->passes < 2) return absl::OkStatus();
  pass_logs_[output] = absl::StrCat("pass-", output);
  order.pass_log = &pass_logs_[output];
  BeginStep(WholeOf(*order.plan), kLookWeight, ProgressMeter::Writes::kNo);
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<av::Input> input, TakeInput());
  return RunFirstPass(input.get(), facts_, *order.plan, options_, order.pass_log,
                      [&](int64_t frames, absl::Duration media_time) {
                        progress_->Update({media_time, frames, 0, 0, {}});
                      });
}

absl::Status Work::Prepare(int output, LineOrder& order) {
  SPOOL_RETURN_IF_ERROR(HearFirst(output, order));
  return LookFirst(output, order);
}

absl::Status Work::End(int output, absl::Status why) {
  if (EndsAll()) return why;
  plans_[output].reset();
  events_.on_ended(output, std::move(why));
  return absl::OkStatus();
}

absl::Status Work::RunGroup(const std::vector<int>& group) {
  std::vector<int> outputs;
  std::vector<LineOrder> orders;
  for (const int output : group) {
    LineOrder order;
    order.plan = &*plans_[output];
    order.fd = output_fds_[output];
    if (absl::Status prepared = Prepare(output, order); !prepared.ok()) {
      SPOOL_RETURN_IF_ERROR(End(output, std::move(prepared)));
      continue;
    }
    outputs.push_back(output);
    orders.push_back(std::move(order));
  }
  if (outputs.empty()) return absl::OkStatus();
  BeginStep(WholeOf(*orders[0].plan), kMakeWeight, ProgressMeter::Writes::kYes);
  SPOOL_ASSIGN_OR_RETURN(const std::unique_ptr<av::Input> input, TakeInput());
  Damage damage;
  std::vector<std::optional<Plan>> again(outputs.size());
  {
    Pipeline pipeline(
        input.get(), facts_, orders, options_, EndsAll() ? Pipeline::OnFailure::kEndAll : Pipeline::OnFailure::kGoOn,
        [&] { Pulse(*input); }, &damage);
    SPOOL_RETURN_IF_ERROR(pipeline.Run([&] { Tell(pipeline, outputs); }));
    for (size_t i = 0; i < outputs.size(); ++i) {
      const int line = static_cast<int>(i);
      absl::Status status = pipeline.outcome(line);
      if (status.ok()) {
        absl::StatusOr<std::optional<Plan>> finished = Finish(outputs[i], pipeline.line(line), damage);
        status = finished.status();
        if (status.ok()) again[i] = *std::move(finished);
      }
      if (!status.ok()) SPOOL_RETURN_IF_ERROR(End(outputs[i], std::move(status)));
    }
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (again[i].has_value()) SPOOL_RETURN_IF_ERROR(MakeAgain(outputs[i], *std::move(again[i])));
  }
  return absl::OkStatus();
}

absl::Status Work::MakeAgain(int output, Plan plan) {
  if (ftruncate(output_fds_[output], 0) != 0) {
    return av::AvError(AVERROR(errno), "empty an output to make it anew", av::Reason::kIoError);
  }
  ++again_[output];
  plans_[output] = std::move(plan);
  told_plans_[output] = Describe(*plans_[output], facts_);
  told_plans_[output].set_name(tasks_[output].name);
  return RunGroup({output});
}

std::optional<Plan> Work::CopyInstead(int output, int64_t bytes) {
  const Plan& plan = *plans_[output];
  const auto* asked = std::get_if<v1::ConvertSpec>(&tasks_[output].spec);
  if (!plan.never_larger || !plan.encodes() || asked == nullptr) return std::nullopt;
  Task task = tasks_[output];
  v1::ConvertSpec convert = *asked;
  convert.set_container(plan.container);
  convert.clear_video();
  convert.clear_audio();
  convert.mutable_video()->set_codec(v1::VIDEO_CODEC_COPY);
  if (asked->audio().mute()) {
    convert.mutable_audio()->set_mute(true);
  } else {
    convert.mutable_audio()->set_codec(v1::AUDIO_CODEC_COPY);
  }
  task.spec = convert;
  absl::StatusOr<Plan> copy = MakePlan(facts_, task);
  if (!copy.ok()) return std::nullopt;
  copy->warnings.push_back(absl::StrCat("encoded, it came to ", bytes, " bytes, more than the input's ",
                                        facts_.info.bytes(), ", so its streams were copied instead"));
  copy->never_larger = false;
  return *std::move(copy);
}

std::optional<Plan> Work::SmallerBitrate(int output, int64_t bytes) {
  constexpr int kMostTries = 3;
  const Plan& plan = *plans_[output];
  if (plan.target_bytes == 0 || bytes <= plan.target_bytes || again_[output] >= kMostTries) return std::nullopt;
  Plan smaller = plan;
  auto& video = std::get<VideoTarget>(smaller.streams[smaller.main_video].target);
  // A little below, or the next try would miss as well.
  constexpr double kBelow = 0.98;
  video.bitrate_bps = static_cast<int64_t>(static_cast<double>(video.bitrate_bps) * kBelow *
                                           static_cast<double>(plan.target_bytes) / static_cast<double>(bytes));
  return smaller;
}

absl::StatusOr<std::optional<Plan>> Work::Finish(int output, const OutputLine& line, Damage& damage) {
  const Plan& plan = *plans_[output];
  const VideoTarget* video = plan.video();
  const Muxer::Progress written = line.progress();
  Expected expected;
  SPOOL_ASSIGN_OR_RETURN(expected.streams, line.WrittenStreams());
  if (video != nullptr) expected.size = video->frame();
  expected.duration = written.media_time;
  SPOOL_ASSIGN_OR_RETURN(v1::JobResult result, CheckOutput(output_fds_[output], plan.container, expected));
  if (std::optional<Plan> smaller = SmallerBitrate(output, result.bytes()); smaller.has_value()) return smaller;
  const bool is_larger = result.bytes() > facts_.info.bytes() && plan.encodes() && plan.range.is_all();
  if (is_larger) {
    if (std::optional<Plan> copy = CopyInstead(output, result.bytes()); copy.has_value()) return copy;
  }
  // The encoder of WebP gives a whole animation as one packet, which does not tell how long it lasts.
  const absl::Duration lasts = plan.container == v1::CONTAINER_WEBP ? FromProto(result.duration()) : written.media_time;
  if (!MakesOnePicture(plan)) NoteShortfall(plan.duration, lasts, damage);
  if (plan.fail_on_damage && damage.any()) {
    return av::Failure(av::Reason::kInvalidMedia, absl::StrCat("the input is damaged: ", damage.Warnings().back()));
  }
  if (result.frames() == 0) result.set_frames(written.frames);
  for (const v1::StreamOutcome& outcome : line.outcomes()) *result.add_streams() = outcome;
  for (const std::string& warning : plan.warnings) result.add_warnings(warning);
  for (std::string& warning : damage.Warnings()) result.add_warnings(std::move(warning));
  if (plan.target_bytes > 0 && result.bytes() > plan.target_bytes) {
    result.add_warnings(absl::StrCat("the output came to ", result.bytes(), " bytes, more than the ", plan.target_bytes,
                                     " that were asked for"));
  }
  if (is_larger && !facts_.info.still_image()) {
    result.add_warnings(
        absl::StrCat("the output is larger than the input: ", result.bytes(), " bytes against ", facts_.info.bytes()));
  }
  if (const auto measured = measured_lufs_.find(output); measured != measured_lufs_.end()) {
    result.set_measured_lufs(measured->second);
  }
  *result.mutable_plan()->add_outputs() = told_plans_[output];

  Made made;
  if (video != nullptr && video->sheet.has_value()) {
    const absl::Duration length = facts_.info.has_duration() ? FromProto(facts_.info.duration()) : absl::ZeroDuration();
    made.vtt = SheetVtt(*video->sheet, video->size, length);
  }
  made.result = std::move(result);
  events_.on_ended(output, std::move(made));
  return std::nullopt;
}

absl::Status Work::Run() {
  weight_ = TotalWeight();
  const std::vector<std::vector<int>> groups = Groups();
  if (groups.empty()) return absl::OkStatus();
  progress_ = std::make_unique<ProgressMeter>(WholeOf(*plans_[groups[0][0]]), std::move(events_.stopwatch),
                                              std::move(events_.on_progress));
  for (const std::vector<int>& group : groups) SPOOL_RETURN_IF_ERROR(RunGroup(group));
  ProgressMeter::Done done;
  {
    MutexLock lock(&mu_);
    done = done_;
  }
  for (size_t i = 0; i < tasks_.size() && tasks_.size() > 1; ++i) {
    if (!plans_[i].has_value()) continue;
    const auto known = std::find_if(done.outputs.begin(), done.outputs.end(),
                                    [&](const v1::OutputProgress& output) { return output.name() == tasks_[i].name; });
    v1::OutputProgress& output = known != done.outputs.end() ? *known : done.outputs.emplace_back();
    output.set_name(tasks_[i].name);
    output.set_fraction(1);
  }
  progress_->Finish(done);
  return absl::OkStatus();
}

}  // namespace spool::media
