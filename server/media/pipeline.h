// The stages of one plan, joined.

#ifndef SPOOL_SERVER_MEDIA_PIPELINE_H_
#define SPOOL_SERVER_MEDIA_PIPELINE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/av/input.h"
#include "server/media/damage.h"
#include "server/media/demuxer.h"
#include "server/media/encoder.h"
#include "server/media/input_facts.h"
#include "server/media/muxer.h"
#include "server/media/plan.h"
#include "server/media/progress.h"
#include "server/media/run.h"

namespace spool::media {

// Built from the muxer back. Use: Create, Run, then ask what came of it.
class Pipeline {
 public:
  // Borrows everything but the descriptor's file, which it writes.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Create(av::Input* input, const InputFacts& facts, const Plan& plan,
                                                          const RunOptions& options, int output_fd,
                                                          ProgressMeter* progress, Damage* damage);

  absl::Status Run();

  // How many video and audio streams got packets, by kind. Says in `damage` which did not. INVALID_MEDIA if the picture
  // did not.
  absl::StatusOr<std::map<std::string, int>> WrittenStreams() const;

  // What became of each input stream: as planned, but for streams that turned out not to be decodable.
  const std::vector<v1::StreamOutcome>& outcomes() const { return outcomes_; }

  // What has been written so far.
  ProgressMeter::Done done() const;

 private:
  Pipeline(av::Input* input, const InputFacts& facts, const Plan& plan, const RunOptions& options,
           ProgressMeter* progress, Damage* damage);

  struct Selected {
    std::unique_ptr<PacketSource> source;
    Appetite appetite = Appetite::kFull;
  };

  void Select(const v1::StreamOutcome& outcome);
  absl::Status AddStream(const StreamPlan& plan);
  absl::Status AddCopy(const StreamPlan& plan);
  absl::Status AddVideo(const StreamPlan& plan, const VideoTarget& target);
  // Why a video stream gave no frame at all.
  absl::Status NoFrames(const v1::StreamOutcome& outcome) const;
  absl::Status AddAudio(const StreamPlan& plan, const AudioTarget& target);
  absl::Status AddSubtitle(const StreamPlan& plan, const SubtitleTarget& target);
  absl::Status DropAfterAll(int index, const absl::Status& why);
  // An output stream for input stream `index`, with its language, title and role.
  absl::StatusOr<AVStream*> NewStream(int index, const AVCodecContext* codec);
  absl::Status CheckLimits() const;
  bool wants_global_header() const;

  av::Input* const input_;
  const InputFacts& facts_;
  const Plan& plan_;
  const RunOptions& options_;
  Damage* const damage_;
  ProgressMeter* const progress_;
  // Before the muxer: sources in it hold on to the demuxer.
  Demuxer demuxer_;
  // By input stream, until the stage that reads it is built.
  std::map<int, Selected> selected_;
  std::unique_ptr<Muxer> muxer_;
  std::vector<v1::StreamOutcome> outcomes_;
  // Input stream of each output stream.
  std::vector<int> inputs_;
  // Output stream of the picture; -1 when there is none.
  int video_output_ = -1;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PIPELINE_H_
