#include "server/media/passes.h"

#include <memory>
#include <utility>

#include "server/base/status_macros.h"
#include "server/media/damage.h"
#include "server/media/demuxer.h"
#include "server/media/encoder.h"
#include "server/media/output_line.h"
#include "server/media/pipeline.h"
#include "server/media/thread_stage.h"

namespace spool::media {

absl::StatusOr<MeasuredLoudness> Hear(av::Input* input, int stream, const TimeRange& range,
                                      absl::AnyInvocable<void(absl::Duration media_time)> after_frame) {
  Damage damage;
  Demuxer demuxer(input, &damage, [] {});
  if (range.start > absl::ZeroDuration()) SPOOL_RETURN_IF_ERROR(demuxer.SeekTo(range.start));
  DecoderOptions options;
  options.range = range;
  SPOOL_ASSIGN_OR_RETURN(
      std::unique_ptr<FrameSource> decoder,
      Decoder::Create(*input->context()->streams[stream], demuxer.Select(stream, Appetite::kFull), options, &damage));
  return MeasureLoudness(std::move(decoder), [&](absl::Duration media_time) {
    after_frame(media_time);
    return absl::OkStatus();
  });
}

absl::Status RunFirstPass(av::Input* input, const InputFacts& facts, const Plan& plan, const RunOptions& options,
                          std::string* pass_log,
                          absl::AnyInvocable<void(int64_t frames, absl::Duration media_time)> after_frame) {
  const int index = plan.main_video;
  const AVStream& stream = *input->context()->streams[index];
  const VideoTarget& target = *plan.video();
  const LineThreads threads = ThreadsFor(plan, facts, options.threads, 1);
  Damage damage;
  Demuxer demuxer(input, &damage, [] {});
  if (plan.range.start > absl::ZeroDuration()) SPOOL_RETURN_IF_ERROR(demuxer.SeekTo(plan.range.start));
  SPOOL_ASSIGN_OR_RETURN(std::unique_ptr<FrameSource> frames,
                         Decoder::Create(stream, demuxer.Select(index, Appetite::kFull),
                                         PictureDecoderOptions(facts.streams[index], plan, options), &damage));
  frames = FilteredPicture(std::move(frames), facts.streams[index], target, threads.filter);
  constexpr size_t kFramesBetween = 8;
  if (threads.own) frames = std::make_unique<FrameThread>(std::move(frames), kFramesBetween);
  VideoEncoderOptions encoder_options = EncoderOptionsFor(stream, target, threads.encoder, /*global_header=*/true);
  encoder_options.pass = Pass::kFirst;
  encoder_options.pass_log = pass_log;
  VideoEncoder encoder(std::move(frames), std::move(encoder_options), &damage);
  SPOOL_ASSIGN_OR_RETURN(const bool has_frames, encoder.OpenForFirstFrame());
  if (!has_frames) return NoFrames(*input->context(), plan.streams[index].outcome);
  return encoder.LookAtAll([&](int64_t count, absl::Duration media_time) {
    after_frame(count, media_time);
    return absl::OkStatus();
  });
}

}  // namespace spool::media
