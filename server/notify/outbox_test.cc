#include "server/notify/outbox.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"

namespace spool::notify {
namespace {

using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1767225600);

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest()
      : path_(absl::StrCat(::testing::TempDir(), "/", ::testing::UnitTest::GetInstance()->current_test_info()->name(),
                           ".db")) {
    Open();
  }

  void Open() {
    outbox_.reset();
    auto outbox = Outbox::Open(path_);
    ASSERT_OK(outbox);
    outbox_ = *std::move(outbox);
  }

  int64_t Add(const std::string& target, const std::string& job) {
    v1::Delivery delivery;
    delivery.set_target(target);
    delivery.set_job_id(job);
    delivery.set_state(v1::DELIVERY_STATE_PENDING);
    v1::Event event;
    event.set_job_id(job);
    EXPECT_OK(outbox_->Begin());
    EXPECT_OK(outbox_->Add(delivery, event));
    EXPECT_OK(outbox_->Commit());
    return delivery.id();
  }

  void Finish(int64_t id, v1::DeliveryState state, absl::Time at) {
    auto delivery = outbox_->Find(id);
    ASSERT_OK(delivery);
    delivery->set_state(state);
    *delivery->mutable_finished_at() = ToProto(at);
    ASSERT_OK(outbox_->Begin());
    ASSERT_OK(outbox_->Update(*delivery));
    ASSERT_OK(outbox_->Commit());
  }

  std::vector<int64_t> Pending(const std::string& target) {
    std::vector<int64_t> ids;
    auto pending = outbox_->Pending(target);
    EXPECT_OK(pending);
    for (const v1::Delivery& delivery : *pending) ids.push_back(delivery.id());
    return ids;
  }

  const std::string path_;
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(OutboxTest, KeepsPlacesAndDeliveriesThroughARestart) {
  const Place place = {.target = "a",
                       .log_id = 0xfedcba9876543210,
                       .sequence = 7,
                       .disabled_reason = "gone",
                       .url_digest = std::string("\0x", 2),
                       .lost_from = 2,
                       .lost_through = 3};
  ASSERT_OK(outbox_->SetPlace({.target = "a"}));
  ASSERT_OK(outbox_->SetPlace(place));
  const int64_t first = Add("a", "job-1");
  const int64_t second = Add("a", "job-2");
  Add("b", "job-1");
  Open();
  const auto found = outbox_->FindPlace("a");
  ASSERT_OK(found);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->log_id, place.log_id);
  EXPECT_EQ((*found)->sequence, 7);
  EXPECT_EQ((*found)->disabled_reason, "gone");
  EXPECT_EQ((*found)->url_digest, place.url_digest);
  EXPECT_EQ((*found)->lost_from, 2);
  EXPECT_EQ((*found)->lost_through, 3);
  EXPECT_FALSE(outbox_->FindPlace("c")->has_value());
  EXPECT_THAT(Pending("a"), ElementsAre(first, second));
  EXPECT_EQ(outbox_->EventOf(second)->job_id(), "job-2");
  EXPECT_THAT(outbox_->Find(99).status(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OutboxTest, NothingStaysOfWhatWasNotCommitted) {
  v1::Delivery delivery;
  delivery.set_target("a");
  delivery.set_state(v1::DELIVERY_STATE_PENDING);
  ASSERT_OK(outbox_->Begin());
  ASSERT_OK(outbox_->SetPlace({.target = "a", .sequence = 5}));
  ASSERT_OK(outbox_->Add(delivery, {}));
  outbox_->Rollback();
  EXPECT_TRUE(Pending("a").empty());
  EXPECT_FALSE(outbox_->FindPlace("a")->has_value());
}

TEST_F(OutboxTest, ForgetsFinishedDeliveriesByAgeAndCountAndNoPendingOnes) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(Add("a", "job"));
  for (int i = 0; i < 5; ++i) Finish(ids[i], v1::DELIVERY_STATE_DELIVERED, kNow + absl::Seconds(i));
  const auto more = outbox_->Trim(kNow + absl::Seconds(1), 100);
  ASSERT_OK(more);
  EXPECT_FALSE(*more);
  EXPECT_FALSE(outbox_->Find(ids[0]).ok());
  EXPECT_OK(outbox_->Find(ids[1]));
  ASSERT_OK(outbox_->Trim(absl::InfinitePast(), 2));
  EXPECT_FALSE(outbox_->Find(ids[2]).ok());
  EXPECT_OK(outbox_->Find(ids[3]));
  ASSERT_OK(outbox_->Trim(absl::InfiniteFuture(), 0));
  EXPECT_THAT(Pending("a"), ElementsAre(ids[5]));
  // An id is never used again: somebody may have written it down.
  EXPECT_GT(Add("a", "job"), ids[5]);
}

TEST_F(OutboxTest, TimesOfMails) {
  const int64_t one = Add("a", "x"), two = Add("a", "y"), three = Add("a", "z"), other = Add("b", "x");
  Finish(one, v1::DELIVERY_STATE_DELIVERED, kNow);
  Finish(two, v1::DELIVERY_STATE_DELIVERED, kNow);
  Finish(three, v1::DELIVERY_STATE_FAILED, kNow + absl::Seconds(1));
  Finish(other, v1::DELIVERY_STATE_DELIVERED, kNow + absl::Seconds(2));
  EXPECT_THAT(*outbox_->DeliveredSince("a", kNow - absl::Seconds(1)), ElementsAre(kNow));
  EXPECT_TRUE(outbox_->DeliveredSince("a", kNow)->empty());
}

TEST_F(OutboxTest, ListsNewestFirstByFilterAndPage) {
  const auto reader = OutboxReader::Open(path_);
  ASSERT_OK(reader);
  const int64_t a1 = Add("a", "x"), b1 = Add("b", "x"), a2 = Add("a", "y"), a3 = Add("a", "x");
  Finish(a2, v1::DELIVERY_STATE_FAILED, kNow);
  const auto list = [&](const v1::DeliveryFilter& filter, int64_t before = 0, int most = 10) {
    std::vector<int64_t> ids;
    const auto deliveries = (*reader)->List(filter, before, most);
    EXPECT_OK(deliveries);
    for (const v1::Delivery& delivery : *deliveries) ids.push_back(delivery.id());
    return ids;
  };
  v1::DeliveryFilter filter;
  EXPECT_THAT(list(filter), ElementsAre(a3, a2, b1, a1));
  EXPECT_THAT(list(filter, a3, 2), ElementsAre(a2, b1));
  filter.set_target("a");
  EXPECT_THAT(list(filter), ElementsAre(a3, a2, a1));
  filter.set_job_id("x");
  EXPECT_THAT(list(filter), ElementsAre(a3, a1));
  filter.clear_target();
  EXPECT_THAT(list(filter), ElementsAre(a3, b1, a1));
  filter.clear_job_id();
  filter.add_states(v1::DELIVERY_STATE_FAILED);
  EXPECT_THAT(list(filter), ElementsAre(a2));
  filter.add_states(v1::DELIVERY_STATE_PENDING);
  EXPECT_THAT(list(filter), ElementsAre(a3, a2, b1, a1));
  EXPECT_EQ((*reader)->StandingOf("a")->pending, 2);
  EXPECT_FALSE((*reader)->StandingOf("a")->place.has_value());
}

}  // namespace
}  // namespace spool::notify
