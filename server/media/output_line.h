// One output: its muxer, and the stages in front of it as far as it has them to itself.

#ifndef SPOOL_SERVER_MEDIA_OUTPUT_LINE_H_
#define SPOOL_SERVER_MEDIA_OUTPUT_LINE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/av/input.h"
#include "server/media/damage.h"
#include "server/media/demuxer.h"
#include "server/media/encoder.h"
#include "server/media/input_facts.h"
#include "server/media/muxer.h"
#include "server/media/plan.h"
#include "server/media/run_options.h"
#include "server/media/stage.h"

namespace spool::media {

// What an output is to be made by.
struct LineOrder {
  const Plan* plan = nullptr;
  // Empty, readable and writable.
  int fd = -1;
  // LoudnessChain by input stream.
  std::map<int, std::string> loudness;
  // Name or text of what the first pass found out; null when there was none.
  std::string* pass_log = nullptr;
};

// How many threads the parts of one output's line get.
struct LineThreads {
  // Filters and encoders run on threads of their own.
  bool own = false;
  int filter = 1;
  int encoder = 1;
};

class OutputLine {
 public:
  // Borrows everything.
  OutputLine(av::Input* input, const InputFacts& facts, const RunOptions& options, const LineOrder& order,
             const LineThreads& threads, Demuxer* demuxer, Damage* damage);

  // Takes what it will want of the demuxer's packets. Before anyone's first pull.
  void Select();
  // Builds the stages. `picture` gives the main video's frames if the plan encodes it, else it is null.
  absl::Status Build(std::unique_ptr<FrameSource> picture);

  // Writes one packet; with the last one, the index. False when it is done.
  absl::StatusOr<bool> Step();

  // It has failed: lets go of all that it holds, so that no one waits for it.
  void Abandon();

  // How many video and audio streams got packets, by kind. Says in `damage` which did not. INVALID_MEDIA if the picture
  // did not.
  absl::StatusOr<std::map<std::string, int>> WrittenStreams() const;

  // What became of each input stream: as planned, but for streams that turned out not to be decodable.
  const std::vector<v1::StreamOutcome>& outcomes() const { return outcomes_; }
  Muxer::Progress progress() const { return muxer_ == nullptr ? Muxer::Progress() : muxer_->progress(); }

 private:
  struct Selected {
    std::unique_ptr<PacketSource> source;
    Appetite appetite = Appetite::kFull;
  };

  absl::Status AddStream(const StreamPlan& plan, std::unique_ptr<FrameSource>& picture);
  absl::Status AddCopy(const StreamPlan& plan);
  absl::Status AddVideo(const StreamPlan& plan, const VideoTarget& target, std::unique_ptr<FrameSource> picture);
  absl::Status AddAudio(const StreamPlan& plan, const AudioTarget& target);
  absl::Status AddSubtitle(const StreamPlan& plan, const SubtitleTarget& target);
  absl::Status DropAfterAll(int index, const absl::Status& why);
  // An output stream for input stream `index`, with its language, title and role.
  absl::StatusOr<AVStream*> NewStream(int index, const AVCodecContext* codec);
  absl::Status CheckLimits() const;
  bool wants_global_header() const;

  av::Input* const input_;
  const InputFacts& facts_;
  const RunOptions& options_;
  const LineOrder order_;
  const Plan& plan_;
  const LineThreads threads_;
  Demuxer* const demuxer_;
  Damage* const damage_;
  // By input stream, until the stage that reads it is built.
  std::map<int, Selected> selected_;
  std::unique_ptr<Muxer> muxer_;
  std::vector<v1::StreamOutcome> outcomes_;
  // Input stream of each output stream.
  std::vector<int> inputs_;
  bool begun_ = false;
};

// Decoder, filters and encoder settings of a plan's main video, for the line and for its first pass.
VideoEncoderOptions EncoderOptionsFor(const AVStream& stream, const VideoTarget& target, int threads,
                                      bool global_header);
std::unique_ptr<FrameSource> FilteredPicture(std::unique_ptr<FrameSource> picture, const StreamFacts& facts,
                                             const VideoTarget& target, int threads);
// Why a video stream gave no frame at all.
absl::Status NoFrames(const AVFormatContext& input, const v1::StreamOutcome& outcome);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_OUTPUT_LINE_H_
