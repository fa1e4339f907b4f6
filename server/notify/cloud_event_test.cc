#include "server/notify/cloud_event.h"

#include <string>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "server/base/proto_time.h"
#include "server/base/status_matchers.h"

namespace spool::notify {
namespace {

google::protobuf::Struct Parsed(const std::string& json) {
  google::protobuf::Struct parsed;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &parsed);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return parsed;
}

TEST(CloudEvent, HasTheAttributesAndTheEventAsData) {
  v1::Event event;
  event.set_sequence(42);
  event.set_job_id("resize-\"quoted\"-1");
  event.set_type(v1::EVENT_TYPE_CANCEL_REQUESTED);
  *event.mutable_event_time() = ToProto(absl::FromUnixMicros(1767225600000250));
  (*event.mutable_labels())["a"] = "line\nbreak";
  const std::string id = EventId(0xab, 42);
  EXPECT_EQ(id, "evt_00000000000000ab_42");
  const auto json = CloudEventOf(event, id, "urn:x");
  ASSERT_OK(json);
  EXPECT_EQ(json->find('\n'), std::string::npos);
  const auto fields = Parsed(*json).fields();
  EXPECT_EQ(fields.at("specversion").string_value(), "1.0");
  EXPECT_EQ(fields.at("id").string_value(), id);
  EXPECT_EQ(fields.at("source").string_value(), "urn:x");
  EXPECT_EQ(fields.at("type").string_value(), "spool.job.cancel_requested");
  EXPECT_EQ(fields.at("subject").string_value(), "resize-\"quoted\"-1");
  EXPECT_EQ(fields.at("partitionkey").string_value(), "resize-\"quoted\"-1");
  EXPECT_EQ(fields.at("sequence").string_value(), "00000000000000000042");
  EXPECT_EQ(fields.at("time").string_value(), "2026-01-01T00:00:00.000250Z");
  EXPECT_EQ(fields.at("datacontenttype").string_value(), "application/json");
  std::string data;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(fields.at("data").struct_value(), &data).ok());
  v1::Event back;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(data, &back).ok()) << data;
  EXPECT_EQ(back.SerializeAsString(), event.SerializeAsString());
}

TEST(CloudEvent, TheTestIsOneToo) {
  const auto fields = Parsed(TestCloudEvent("ops", "test_1", "urn:x", absl::UnixEpoch())).fields();
  EXPECT_EQ(fields.at("type").string_value(), "spool.notification.test");
  EXPECT_EQ(fields.at("subject").string_value(), "ops");
  EXPECT_EQ(fields.at("data").struct_value().fields().at("target").string_value(), "ops");
}

}  // namespace
}  // namespace spool::notify
