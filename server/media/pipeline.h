// One reading of the input, for all outputs that cover the same part of it.

#ifndef SPOOL_SERVER_MEDIA_PIPELINE_H_
#define SPOOL_SERVER_MEDIA_PIPELINE_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/av/input.h"
#include "server/media/damage.h"
#include "server/media/decoder.h"
#include "server/media/demuxer.h"
#include "server/media/input_facts.h"
#include "server/media/output_line.h"
#include "server/media/plan.h"
#include "server/media/run_options.h"

namespace spool::media {

// Decoder options for the main video of plans that share it.
DecoderOptions PictureDecoderOptions(const StreamFacts& facts, const Plan& plan, const RunOptions& options);

// How the cores are shared out among the stages of `lines` outputs, one of which is made by `plan`.
LineThreads ThreadsFor(const Plan& plan, const InputFacts& facts, int cores, int lines);

// Built from the muxers back. Use: Run, then ask what came of each line.
class Pipeline {
 public:
  // What happens when one of several outputs fails.
  enum class OnFailure { kGoOn, kEndAll };

  // Borrows everything but the descriptors' files, which it writes. `plans` of `orders` have one range. Calls `pulse`
  // for each packet that is read, from any thread.
  Pipeline(av::Input* input, const InputFacts& facts, const std::vector<LineOrder>& orders, const RunOptions& options,
           OnFailure on_failure, absl::AnyInvocable<void()> pulse, Damage* damage);

  // Makes all outputs. Calls `after_step` for each packet written. A status is one that concerns all outputs; what
  // became of each tells outcome().
  absl::Status Run(absl::AnyInvocable<void()> after_step);

  const OutputLine& line(int i) const { return *lines_[i]; }
  const absl::Status& outcome(int i) const { return outcomes_[i]; }

 private:
  absl::Status Build();
  // One source of the main video's frames for each line that wants them; null for the others.
  absl::StatusOr<std::vector<std::unique_ptr<FrameSource>>> Pictures();
  // Keeps the failure of line `i`; a status if it ends all.
  absl::Status Fail(int i, absl::Status why);
  // The line that is the furthest behind; -1 when all are done.
  int Next() const;

  av::Input* const input_;
  const InputFacts& facts_;
  const std::vector<LineOrder> orders_;
  const RunOptions& options_;
  const OnFailure on_failure_;
  Damage* const damage_;
  // Before the lines: sources in them hold on to it.
  Demuxer demuxer_;
  std::vector<std::unique_ptr<OutputLine>> lines_;
  std::vector<absl::Status> outcomes_;
  std::vector<bool> active_;
};

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PIPELINE_H_
