// How notifications get to one target.

#ifndef SPOOL_SERVER_NOTIFY_CARRIER_H_
#define SPOOL_SERVER_NOTIFY_CARRIER_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "spool/v1/event.pb.h"

namespace spool::notify {

struct Parcel {
  // The same whenever it is carried.
  std::string event_id;
  v1::Event event;
};

// What came of one attempt.
struct Outcome {
  enum class Kind {
    kDelivered,
    kFailed,
    kGone,       // the receiver never wants anything again
    kCancelled,  // by Notifier::Stop; nothing is known
  };
  Kind kind = Kind::kFailed;
  int code = 0;       // HTTP status or SMTP reply code; 0: none came
  std::string error;  // why it failed, one line
  std::string excerpt;
  std::optional<absl::Duration> retry_after;
};

// Thread-safe.
class Carrier {
 public:
  // Called exactly once, on any thread, maybe before the function that was given it returns. Must not block.
  using Done = std::function<void(Outcome)>;

  virtual ~Carrier() = default;
  // One message about all parcels; at least one.
  virtual void Carry(std::vector<Parcel> parcels, Done done) = 0;
  // A made-up one.
  virtual void CarryTest(Done done) = 0;
};

// The beginning of what a receiver said, for people: at most 256 characters, what is not printable ASCII as '.'.
std::string Excerpt(absl::string_view body);

}  // namespace spool::notify

#endif  // SPOOL_SERVER_NOTIFY_CARRIER_H_
