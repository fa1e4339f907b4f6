#include "server/media/proof.h"

#include <deque>
#include <utility>
#include <variant>

#include "server/av/failure.h"
#include "server/base/status_macros.h"

namespace spool::media {
namespace {

// What is to be decoded next.
class Basket : public PacketSource {
 public:
  void Put(Pulled<av::PacketPtr> item) { items_.push_back(std::move(item)); }

  absl::StatusOr<Pulled<av::PacketPtr>> Next() override {
    if (items_.empty()) return NotYet{};
    Pulled<av::PacketPtr> item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

 private:
  std::deque<Pulled<av::PacketPtr>> items_;
};

class Proof : public PacketSource {
 public:
  Proof(std::unique_ptr<PacketSource> source, Basket* basket, std::unique_ptr<Decoder> decoder)
      : source_(std::move(source)), basket_(basket), decoder_(std::move(decoder)) {}

  absl::StatusOr<Pulled<av::PacketPtr>> Next() override {
    SPOOL_ASSIGN_OR_RETURN(Pulled<av::PacketPtr> pulled, source_->Next());
    if (std::holds_alternative<NotYet>(pulled)) return pulled;
    if (const auto* packet = std::get_if<av::PacketPtr>(&pulled)) {
      av::PacketPtr same(av_packet_clone(packet->get()));
      if (same == nullptr) return av::Failure(av::Reason::kOutOfMemory, "no memory for a packet");
      basket_->Put(std::move(same));
    } else {
      basket_->Put(End{});
    }
    for (;;) {
      SPOOL_ASSIGN_OR_RETURN(const Pulled<av::FramePtr> frame, decoder_->Next());
      if (!std::holds_alternative<av::FramePtr>(frame)) return pulled;
    }
  }

 private:
  std::unique_ptr<PacketSource> source_;
  // The decoder's.
  Basket* const basket_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PacketSource>> Prove(const AVStream& stream, std::unique_ptr<PacketSource> source,
                                                    const DecoderOptions& options, Damage* damage) {
  auto basket = std::make_unique<Basket>();
  Basket* const same = basket.get();
  SPOOL_ASSIGN_OR_RETURN(auto decoder, Decoder::Create(stream, std::move(basket), options, damage));
  return std::make_unique<Proof>(std::move(source), same, std::move(decoder));
}

}  // namespace spool::media
