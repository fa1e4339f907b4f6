#include "server/media/pipeline.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "server/av/failure.h"
#include "server/base/status_macros.h"
#include "server/media/tee.h"
#include "server/media/thread_stage.h"

namespace spool::media {
namespace {

// Decoded frames that may wait for filters.
constexpr size_t kFramesAhead = 8;

// How far a JPEG may be shrunk while it is decoded, which is nearly free: to no less than the size that is wanted.
int ShrinkFor(const StreamFacts& facts, const VideoTarget& target) {
  if (facts.codec != AV_CODEC_ID_MJPEG || !target.one_frame) return 0;
  const Size size = UprightSize(facts.picture);
  const double ratio = std::min(static_cast<double>(size.width) / target.size.width,
                                static_cast<double>(size.height) / target.size.height);
  return ratio < 2 ? 0 : std::min(3, static_cast<int>(std::log2(ratio)));
}

// x264 with one thread keeps up with a decoder of much larger pictures; then a second one only makes it unrepeatable.
bool IsLightEncode(const VideoTarget& target, const Size& input) {
  const int64_t in = int64_t{input.width} * input.height;
  const int64_t out = int64_t{target.size.width} * target.size.height;
  return target.encoder->codec == v1::VIDEO_CODEC_H264 && absl::EndsWith(target.preset, "fast") &&
         target.preset != "fast" && out * 3 <= in;
}

}  // namespace

DecoderOptions PictureDecoderOptions(const StreamFacts& facts, const Plan& plan, const RunOptions& options) {
  const VideoTarget& target = *plan.video();
  DecoderOptions decoder;
  decoder.threads = options.threads;
  decoder.max_pixels = options.limits.max_pixels;
  decoder.want_alpha = facts.has_alpha;
  decoder.range = plan.range;
  decoder.one_frame = target.one_frame && !target.typical && !target.sheet.has_value();
  decoder.shrink = ShrinkFor(facts, target);
  return decoder;
}

LineThreads ThreadsFor(const Plan& plan, const InputFacts& facts, int cores, int lines) {
  LineThreads threads;
  const VideoTarget* video = plan.video();
  if (cores <= 1 || video == nullptr || video->one_frame) return threads;
  threads.own = true;
  threads.filter = lines > 1 ? 1 : cores;
  const bool alone = lines == 1 && !IsLightEncode(*video, facts.streams[plan.main_video].picture.stored);
  threads.encoder = alone ? cores : 1;
  return threads;
}

Pipeline::Pipeline(av::Input* input, const InputFacts& facts, const std::vector<LineOrder>& orders,
                   const RunOptions& options, OnFailure on_failure, absl::AnyInvocable<void()> pulse, Damage* damage)
    : input_(input),
      facts_(facts),
      orders_(orders),
      options_(options),
      on_failure_(on_failure),
      damage_(damage),
      demuxer_(input, damage, std::move(pulse)),
      outcomes_(orders.size()),
      active_(orders.size(), true) {
  for (const LineOrder& order : orders_) {
    const LineThreads threads = ThreadsFor(*order.plan, facts, options.threads, static_cast<int>(orders.size()));
    lines_.push_back(std::make_unique<OutputLine>(input, facts, options, order, threads, &demuxer_, damage));
  }
}

absl::StatusOr<std::vector<std::unique_ptr<FrameSource>>> Pipeline::Pictures() {
  std::vector<std::unique_ptr<FrameSource>> pictures(orders_.size());
  std::vector<size_t> wanting;
  for (size_t i = 0; i < orders_.size(); ++i) {
    if (orders_[i].plan->video() != nullptr) wanting.push_back(i);
  }
  if (wanting.empty()) return pictures;
  const Plan& plan = *orders_[wanting[0]].plan;
  const DecoderOptions options = PictureDecoderOptions(facts_.streams[plan.main_video], plan, options_);
  const AVStream& stream = *input_->context()->streams[plan.main_video];
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<FrameSource> frames,
                         Decoder::Create(stream, demuxer_.Select(plan.main_video, Appetite::kFull), options, damage_));
  const bool threads = options_.threads > 1 && !options.one_frame;
  if (threads) frames = std::make_unique<FrameThread>(std::move(frames), kFramesAhead);
  if (wanting.size() == 1) {
    pictures[wanting[0]] = std::move(frames);
    return pictures;
  }
  const auto tee = Tee::Create(std::move(frames), threads ? Tee::Pace::kTogether : Tee::Pace::kFree);
  for (const size_t i : wanting) pictures[i] = tee->Branch();
  return pictures;
}

absl::Status Pipeline::Fail(int i, absl::Status why) {
  active_[i] = false;
  lines_[i]->Abandon();
  outcomes_[i] = std::move(why);
  return on_failure_ == OnFailure::kEndAll ? outcomes_[i] : absl::OkStatus();
}

absl::Status Pipeline::Build() {
  const absl::Duration start = orders_[0].plan->range.start;
  if (start > absl::ZeroDuration()) SPOOL_RETURN_IF_ERROR(demuxer_.SeekTo(start));
  for (const auto& line : lines_) line->Select();
  SPOOL_ASSIGN_OR_RETURN(auto pictures, Pictures());
  for (size_t i = 0; i < lines_.size(); ++i) {
    absl::Status built = lines_[i]->Build(std::move(pictures[i]));
    if (!built.ok()) SPOOL_RETURN_IF_ERROR(Fail(static_cast<int>(i), std::move(built)));
  }
  return absl::OkStatus();
}

int Pipeline::Next() const {
  int next = -1;
  for (int i = 0; i < static_cast<int>(lines_.size()); ++i) {
    if (!active_[i]) continue;
    if (next < 0 || lines_[i]->progress().media_time < lines_[next]->progress().media_time) next = i;
  }
  return next;
}

absl::Status Pipeline::Run(absl::AnyInvocable<void()> after_step) {
  SPOOL_RETURN_IF_ERROR(Build());
  for (int i = Next(); i >= 0; i = Next()) {
    const absl::StatusOr<bool> more = lines_[i]->Step();
    if (!more.ok()) {
      SPOOL_RETURN_IF_ERROR(Fail(i, more.status()));
    } else if (!*more) {
      active_[i] = false;
    }
    after_step();
  }
  return absl::OkStatus();
}

}  // namespace spool::media
