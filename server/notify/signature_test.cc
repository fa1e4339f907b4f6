#include "server/notify/signature.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::notify {
namespace {

TEST(Signature, KnownVector) {
  // The example that the specification's libraries have in common.
  const auto key = KeyOfSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_OK(key);
  EXPECT_EQ(
      Signature({*key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", absl::FromUnixSeconds(1614265330), R"({"test": 2432232314})"),
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signature, OneForEachKeyAndNoneAlike) {
  const std::vector<std::string> keys = {std::string(24, 'a'), std::string(24, 'b')};
  const absl::Time time = absl::FromUnixSeconds(1700000000);
  const std::string both = Signature(keys, "id", time, "body");
  EXPECT_EQ(both,
            absl::StrCat(Signature({keys[0]}, "id", time, "body"), " ", Signature({keys[1]}, "id", time, "body")));
  EXPECT_NE(Signature({keys[0]}, "id", time, "body"), Signature({keys[0]}, "id", time + absl::Seconds(1), "body"));
  EXPECT_NE(Signature({keys[0]}, "id", time, "body"), Signature({keys[0]}, "ie", time, "body"));
  // Parts of a second are not in the header, so they must not be in what is signed.
  EXPECT_EQ(Signature({keys[0]}, "id", time, "body"),
            Signature({keys[0]}, "id", time + absl::Milliseconds(999), "body"));
}

TEST(KeyOfSecret, RefusesWithoutRepeatingIt) {
  const std::string good = absl::StrCat("whsec_", absl::Base64Escape(std::string(25, 'k')));
  EXPECT_OK(KeyOfSecret(good));
  for (const std::string& bad :
       {std::string(), std::string("whsec_"), good.substr(6), good.substr(0, good.size() - 1), good + " ", "x" + good,
        absl::StrCat("whsec_", absl::Base64Escape(std::string(23, 'k'))),
        absl::StrCat("whsec_", absl::Base64Escape(std::string(65, 'k'))),
        std::string("whsec_????????????????????????????????")}) {
    const auto key = KeyOfSecret(bad);
    EXPECT_THAT(key.status(), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
    EXPECT_EQ(std::string(key.status().message()).find("a2tr"), std::string::npos);
  }
}

}  // namespace
}  // namespace spool::notify
