#include "server/service/notify_calls.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/auth/scope.h"
#include "server/base/errors.h"
#include "server/service/page_token.h"

namespace spool::service {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;
constexpr size_t kMaxIdBytes = 256;

absl::Status CheckList(const v1::ListDeliveriesRequest& request) {
  if (request.page_size() < 0 || request.page_size() > kMaxPage) {
    return FieldError("page_size", absl::StrCat("must be 0 to ", kMaxPage));
  }
  for (const int state : request.filter().states()) {
    if (!v1::DeliveryState_IsValid(state) || state == v1::DELIVERY_STATE_UNSPECIFIED) {
      return FieldError("filter.states", "has an unknown value");
    }
  }
  if (request.filter().target().size() > kMaxIdBytes) return FieldError("filter.target", "is no name");
  if (request.filter().job_id().size() > kMaxIdBytes) return FieldError("filter.job_id", "is no id");
  return absl::OkStatus();
}

// Targets and deliveries are of all jobs.
absl::Status MayRule(const auth::Caller& caller, const google::protobuf::MethodDescriptor& method) {
  absl::Status status = caller.Check(method);
  if (status.ok() && caller.limited()) {
    status = auth::OutsideLimit("token", "is limited to some jobs; notifications are of all");
  }
  return status;
}

// A std::function, as the notifier wants it, of a Done, which cannot be copied.
std::shared_ptr<Done> Shared(Done done) { return std::make_shared<Done>(std::move(done)); }

}  // namespace

void NotifyCalls::ListTargets(const auth::Caller& caller, const v1::ListTargetsRequest&,
                              v1::ListTargetsResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.NotificationService.ListTargets");
  if (absl::Status status = MayRule(caller, method); !status.ok()) return done(status);
  if (notifier_ == nullptr) return done(absl::OkStatus());
  pool_->Post([this, response, done = std::move(done)]() mutable {
    absl::StatusOr<v1::ListTargetsResponse> targets = notifier_->ListTargets();
    if (targets.ok()) *response = std::move(*targets);
    done(targets.status());
  });
}

void NotifyCalls::ListDeliveries(const auth::Caller& caller, const v1::ListDeliveriesRequest& request,
                                 v1::ListDeliveriesResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.NotificationService.ListDeliveries");
  if (absl::Status status = MayRule(caller, method); !status.ok()) return done(status);
  if (absl::Status status = CheckList(request); !status.ok()) return done(std::move(status));
  const absl::StatusOr<int64_t> before = DecodePageToken(request.page_token(), request.filter());
  if (!before.ok()) return done(before.status());
  if (notifier_ == nullptr) return done(absl::OkStatus());
  pool_->Post([this, &request, before = *before, response, done = std::move(done)]() mutable {
    const int size = request.page_size() == 0 ? kDefaultPage : request.page_size();
    absl::StatusOr<std::vector<v1::Delivery>> page = notifier_->ListDeliveries(request.filter(), before, size);
    if (!page.ok()) return done(page.status());
    for (v1::Delivery& delivery : *page) *response->add_deliveries() = std::move(delivery);
    if (response->deliveries_size() == size) {
      response->set_next_page_token(EncodePageToken(response->deliveries(size - 1).id(), request.filter()));
    }
    done(absl::OkStatus());
  });
}

void NotifyCalls::SendTest(const auth::Caller& caller, const v1::SendTestRequest& request,
                           v1::SendTestResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.NotificationService.SendTest");
  done = audit_->Follow(
      caller, method, [target = request.target()] { return std::vector<std::string>{target}; }, std::move(done));
  if (absl::Status status = MayRule(caller, method); !status.ok()) return done(status);
  if (request.target().empty()) return done(FieldError("target", "is required"));
  if (notifier_ == nullptr) {
    return done(WithResource(Error(absl::StatusCode::kNotFound, "TARGET_NOT_FOUND",
                                   "there are no targets: the server has no --notify_config"),
                             "spool.v1.NotificationTarget", request.target()));
  }
  notifier_->SendTest(request.target(),
                      [response, done = Shared(std::move(done))](absl::StatusOr<v1::SendTestResponse> sent) {
                        if (sent.ok()) *response = std::move(*sent);
                        (*done)(sent.status());
                      });
}

void NotifyCalls::Redeliver(const auth::Caller& caller, const v1::RedeliverRequest& request,
                            v1::RedeliverResponse* response, Done done) {
  static const auto& method = auth::MethodNamed("spool.v1.NotificationService.Redeliver");
  done = audit_->Follow(
      caller, method, [id = request.delivery_id()] { return std::vector<std::string>{absl::StrCat(id)}; },
      std::move(done));
  if (absl::Status status = MayRule(caller, method); !status.ok()) return done(status);
  if (request.delivery_id() <= 0) return done(FieldError("delivery_id", "is required"));
  if (notifier_ == nullptr) {
    return done(WithResource(Error(absl::StatusCode::kNotFound, "DELIVERY_NOT_FOUND",
                                   "there are no deliveries: the server has no --notify_config"),
                             "spool.v1.Delivery", absl::StrCat(request.delivery_id())));
  }
  notifier_->Redeliver(request.delivery_id(),
                       [response, done = Shared(std::move(done))](absl::StatusOr<v1::Delivery> delivery) {
                         if (delivery.ok()) *response->mutable_delivery() = std::move(*delivery);
                         (*done)(delivery.status());
                       });
}

}  // namespace spool::service
