#include "server/media/muxer.h"

#include <algorithm>
#include <utility>

#include "server/av/failure.h"
#include "server/base/status_macros.h"

namespace spool::media {

void Muxer::Connect(AVStream* stream, std::unique_ptr<PacketSource> source, Appetite appetite, bool counted) {
  Branch branch;
  branch.stream = stream;
  branch.source = std::move(source);
  branch.appetite = appetite;
  branch.counted = counted;
  branches_.push_back(std::move(branch));
}

absl::Status Muxer::Begin(av::Dictionary& settings) { return output_->WriteHeader(settings); }

absl::StatusOr<bool> Muxer::Step() {
  SPOOL_RETURN_IF_ERROR(FillHeads());
  Branch* next = Earliest();
  if (next != nullptr) {
    SPOOL_RETURN_IF_ERROR(Write(*next));
    return true;
  }
  if (OnlySparseLeft()) return false;
  return av::Failure(av::Reason::kInternal, "every stream waits for another one");
}

absl::Status Muxer::Finish() { return output_->Finish(); }

Muxer::Progress Muxer::progress() const { return {absl::Microseconds(media_micros_.load()), frames_, bytes_}; }

absl::Status Muxer::FillHeads() {
  // Sparse streams last: what there is of them comes up while the others read.
  for (const Appetite appetite : {Appetite::kFull, Appetite::kSparse}) {
    for (Branch& branch : branches_) {
      if (branch.appetite != appetite || branch.ended || branch.head != nullptr) continue;
      SPOOL_ASSIGN_OR_RETURN(Pulled<av::PacketPtr> pulled, branch.source->Next());
      if (auto* packet = std::get_if<av::PacketPtr>(&pulled); packet != nullptr) {
        branch.head = std::move(*packet);
      } else if (std::holds_alternative<End>(pulled)) {
        branch.ended = true;
        // Lets go of what it had selected in the demuxer.
        branch.source.reset();
      }
    }
  }
  return absl::OkStatus();
}

Muxer::Branch* Muxer::Earliest() {
  Branch* earliest = nullptr;
  for (Branch& branch : branches_) {
    if (branch.head == nullptr) continue;
    if (earliest == nullptr ||
        av_compare_ts(branch.head->dts, branch.head->time_base, earliest->head->dts, earliest->head->time_base) < 0) {
      earliest = &branch;
    }
  }
  return earliest;
}

bool Muxer::OnlySparseLeft() const {
  return std::all_of(branches_.begin(), branches_.end(),
                     [](const Branch& branch) { return branch.ended || branch.appetite == Appetite::kSparse; });
}

absl::Status Muxer::Write(Branch& branch) {
  av::PacketPtr packet = std::move(branch.head);
  av_packet_rescale_ts(packet.get(), packet->time_base, branch.stream->time_base);
  packet->time_base = branch.stream->time_base;
  packet->stream_index = branch.stream->index;
  packet->pos = -1;
  // Two times may become one in the coarser ticks of the output.
  if (branch.last_dts != AV_NOPTS_VALUE && packet->dts <= branch.last_dts) packet->dts = branch.last_dts + 1;
  packet->pts = std::max(packet->pts, packet->dts);
  branch.last_dts = packet->dts;

  const absl::Duration end =
      absl::Microseconds(av_rescale_q(packet->pts + packet->duration, branch.stream->time_base, AV_TIME_BASE_Q));
  ++branch.written.packets;
  branch.written.end = std::max(branch.written.end, end);
  media_micros_ = std::max<int64_t>(media_micros_, absl::ToInt64Microseconds(end));
  if (branch.counted) ++frames_;
  bytes_ += packet->size;
  return output_->Write(packet.get());
}

}  // namespace spool::media
