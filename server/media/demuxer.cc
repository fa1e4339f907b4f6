#include "server/media/demuxer.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/av/error.h"
#include "server/av/failure.h"

namespace spool::media {
namespace {

// How much may wait for slower readers. Then a full reader hears NotYet as well, and the muxer goes on without it.
constexpr int64_t kMaxQueuedBytes = 48 << 20;

}  // namespace

int64_t TimelineOrigin(const AVFormatContext& context) {
  constexpr int64_t kMostPrimingMicros = 150'000;
  if (context.start_time == AV_NOPTS_VALUE) return 0;
  return context.start_time < 0 && context.start_time > -kMostPrimingMicros ? 0 : context.start_time;
}

class Demuxer::Source : public PacketSource {
 public:
  Source(Demuxer* demuxer, int stream, Appetite appetite) : demuxer_(demuxer), stream_(stream), appetite_(appetite) {}
  ~Source() override { demuxer_->Deselect(*this); }
  absl::StatusOr<Pulled<av::PacketPtr>> Next() override { return demuxer_->Next(*this); }

  int stream() const { return stream_; }
  Appetite appetite() const { return appetite_; }
  // The demuxer's mutex guards it.
  std::deque<av::PacketPtr> queue;

 private:
  Demuxer* const demuxer_;
  const int stream_;
  const Appetite appetite_;
};

Demuxer::Demuxer(av::Input* input, Damage* damage, absl::AnyInvocable<void()> after_read)
    : input_(input), damage_(damage), after_read_(std::move(after_read)) {
  // Nothing is wanted until it is selected; demuxers skip what is discarded.
  for (unsigned i = 0; i < input_->context()->nb_streams; ++i) input_->context()->streams[i]->discard = AVDISCARD_ALL;
}

std::unique_ptr<PacketSource> Demuxer::Select(int stream, Appetite appetite) {
  auto source = std::make_unique<Source>(this, stream, appetite);
  MutexLock lock(&mu_);
  sources_.push_back(source.get());
  input_->context()->streams[stream]->discard = AVDISCARD_DEFAULT;
  return source;
}

bool Demuxer::IsSelected(int stream) const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [stream](const Source* source) { return source->stream() == stream; });
}

void Demuxer::Deselect(Source& source) {
  MutexLock lock(&mu_);
  // Otherwise the packets of a stream that has ended early would pile up until the others starve.
  for (const av::PacketPtr& packet : source.queue) queued_bytes_ -= packet->size;
  sources_.erase(std::find(sources_.begin(), sources_.end(), &source));
  if (!IsSelected(source.stream())) input_->context()->streams[source.stream()]->discard = AVDISCARD_ALL;
}

absl::Status Demuxer::SeekTo(absl::Duration start) {
  AVFormatContext* context = input_->context();
  // A format without seeking is read from its beginning; the decoders' output is cut either way. In a bare stream libav
  // would look for times, find none, and leave the file at its end.
  if (context->start_time == AV_NOPTS_VALUE) return absl::OkStatus();
  av_seek_frame(context, -1, TimelineOrigin(*context) + absl::ToInt64Microseconds(start), AVSEEK_FLAG_BACKWARD);
  return absl::OkStatus();
}

absl::StatusOr<Pulled<av::PacketPtr>> Demuxer::Next(Source& source) {
  MutexLock lock(&mu_);
  while (source.queue.empty()) {
    if (at_end_) return End{};
    if (source.appetite() == Appetite::kSparse || queued_bytes_ > kMaxQueuedBytes) return NotYet{};
    absl::StatusOr<bool> more = ReadOne();
    if (!more.ok()) return std::move(more).status();
    at_end_ = !*more;
  }
  av::PacketPtr packet = std::move(source.queue.front());
  source.queue.pop_front();
  queued_bytes_ -= packet->size;
  return packet;
}

absl::StatusOr<bool> Demuxer::ReadOne() {
  av::PacketPtr packet(av_packet_alloc());
  if (packet == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a packet");
  int rc;
  do {
    rc = av_read_frame(input_->context(), packet.get());
  } while (rc == AVERROR(EAGAIN));
  if (rc < 0) {
    const int reason = input_->io().error_number();
    if (reason != 0) return av::AvError(AVERROR(reason), "read the input", av::Reason::kIoError);
    if (rc == AVERROR(ENOMEM)) return av::AvError(rc, "read the input");
    // Damage in the container ends the reading; what came before it is good.
    if (rc != AVERROR_EOF) damage_->Add(absl::StrCat("reading stopped at damage: ", av::ErrorText(rc)));
    return false;
  }
  after_read_();
  // An attached picture's packet may come although its stream is discarded.
  if (!IsSelected(packet->stream_index)) return true;
  PutOnTimeline(*packet);
  const absl::Status dealt = Deal(std::move(packet));
  if (!dealt.ok()) return dealt;
  return true;
}

absl::Status Demuxer::Deal(av::PacketPtr packet) {
  for (Source* source : sources_) {
    if (source->stream() != packet->stream_index) continue;
    av::PacketPtr share(av_packet_clone(packet.get()));
    if (share == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a packet");
    share->time_base = packet->time_base;
    queued_bytes_ += share->size;
    source->queue.push_back(std::move(share));
  }
  return absl::OkStatus();
}

void Demuxer::PutOnTimeline(AVPacket& packet) {
  AVFormatContext* context = input_->context();
  const AVStream& stream = *context->streams[packet.stream_index];
  packet.time_base = stream.time_base;
  int64_t shift = -TimelineOrigin(*context);
  const int64_t clock = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
  if ((context->iformat->flags & AVFMT_TS_DISCONT) != 0 && clock != AV_NOPTS_VALUE) {
    shift += discontinuity_.ShiftFor(packet.stream_index, av_rescale_q(clock, stream.time_base, AV_TIME_BASE_Q),
                                     av_rescale_q(packet.duration, stream.time_base, AV_TIME_BASE_Q));
  }
  const int64_t ticks = av_rescale_q(shift, AV_TIME_BASE_Q, stream.time_base);
  if (packet.pts != AV_NOPTS_VALUE) packet.pts += ticks;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts += ticks;
}

}  // namespace spool::media
