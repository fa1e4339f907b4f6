// Copied packets, decoded on the side to see whether they can be.

#ifndef SPOOL_SERVER_MEDIA_PROOF_H_
#define SPOOL_SERVER_MEDIA_PROOF_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/media/damage.h"
#include "server/media/decoder.h"
#include "server/media/stage.h"

namespace spool::media {

// Passes on what `source` gives, unchanged. What cannot be decoded of it is counted into `damage`, with which the
// streams of Decoders are counted too. Borrows `stream` and `damage`.
// UNSUPPORTED_MEDIA: Spool has no decoder for it, so it cannot tell.
absl::StatusOr<std::unique_ptr<PacketSource>> Prove(const AVStream& stream, std::unique_ptr<PacketSource> source,
                                                    const DecoderOptions& options, Damage* damage);

}  // namespace spool::media

#endif  // SPOOL_SERVER_MEDIA_PROOF_H_
