#include "server/job/presets.h"

#include <set>

#include "gtest/gtest.h"
#include "server/base/errors.h"
#include "server/base/status_matchers.h"
#include "server/job/request.h"
#include "server/job/spec.h"

namespace spool::job {
namespace {

v1::EnqueueRequest Asking(const std::string& preset) {
  v1::EnqueueRequest request;
  request.set_input("a.mp4");
  request.set_preset(preset);
  return request;
}

absl::StatusOr<NewJob> Make(const v1::EnqueueRequest& request) {
  static UlidSource* const ulids = new UlidSource;
  return MakeJob(request, absl::FromUnixSeconds(1767225600), *ulids);
}

TEST(Presets, EveryOneIsAGoodRequest) {
  for (const v1::Preset& preset : AllPresets()) {
    const auto made = Make(Asking(preset.name()));
    ASSERT_OK(made) << preset.name();
    EXPECT_EQ(made->job.preset(), NameOf(preset));
    EXPECT_FALSE(preset.description().empty());
    EXPECT_GE(preset.version(), 1);
    v1::Job spec;
    CopySpec(preset, spec);
    EXPECT_EQ(TypeOf(spec), made->job.type());
    EXPECT_NE(made->job.type(), v1::JOB_TYPE_UNSPECIFIED);
  }
}

TEST(Presets, AreInOrderAndUnique) {
  std::string last;
  std::set<std::string> names;
  for (const v1::Preset& preset : AllPresets()) {
    EXPECT_LE(last, preset.name());
    last = preset.name();
    EXPECT_TRUE(names.insert(NameOf(preset)).second) << NameOf(preset);
  }
}

TEST(Presets, AVersionMayBeNamedAndMakesNoOtherJob) {
  const auto latest = Make(Asking("web-720p"));
  const auto first = Make(Asking("web-720p@1"));
  ASSERT_OK(latest);
  ASSERT_OK(first);
  EXPECT_EQ(latest->job.resize().SerializeAsString(), first->job.resize().SerializeAsString());
  EXPECT_EQ(first->job.preset(), "web-720p@1");
  EXPECT_EQ(first->job.id().substr(0, 7), "resize-");
}

// So that a repeated request finds its job also after a server with a newer preset was started.
TEST(Presets, TheFingerprintIsOfTheNameNotOfTheSpec) {
  v1::EnqueueRequest spelled;
  spelled.set_input("a.mp4");
  *spelled.mutable_resize() = (*FindPreset("web-720p"))->resize();
  EXPECT_NE(Make(Asking("web-720p"))->fingerprint, Make(spelled)->fingerprint);
  EXPECT_EQ(Make(Asking("web-720p"))->fingerprint, Make(Asking("web-720p"))->fingerprint);
}

TEST(Presets, UnknownOnesAreRefusedWithTheKnownOnes) {
  for (const char* name : {"", "web-721p", "web-720p@2", "web-720p@", "web"}) {
    const auto made = Make(Asking(name));
    EXPECT_THAT(made, StatusIs(absl::StatusCode::kInvalidArgument, "web-720p, webm-720p")) << name;
    EXPECT_EQ(BadRequestOf(made.status()).field_violations(0).field(), "preset");
  }
}

TEST(Presets, ALadderTakesNoOutputPathOfItsOwn) {
  v1::EnqueueRequest request = Asking("hls-ladder");
  request.set_output("a.mp4");
  EXPECT_THAT(Make(request), StatusIs(absl::StatusCode::kInvalidArgument, "output"));
}

}  // namespace
}  // namespace spool::job
