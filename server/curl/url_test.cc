#include "server/curl/url.h"

#include <string>

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::curl {
namespace {

TEST(Url, Parts) {
  const auto url = ParseUrl("HTTPS://Example.org:8443/path?key=secret");
  ASSERT_OK(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->port, 8443);
  EXPECT_FALSE(url->has_user);
  EXPECT_FALSE(url->has_fragment);
  EXPECT_EQ(ParseUrl("https://a.example/x")->Origin(), "https://a.example");
  EXPECT_EQ(ParseUrl("http://[::1]:80/x")->Origin(), "http://[::1]");
  EXPECT_EQ(ParseUrl("http://127.0.0.1:81/x")->Origin(), "http://127.0.0.1:81");
}

TEST(Url, UserAndFragmentAreSeen) {
  EXPECT_TRUE(ParseUrl("https://user:pass@a.example/")->has_user);
  EXPECT_TRUE(ParseUrl("https://:pass@a.example/")->has_user);
  EXPECT_TRUE(ParseUrl("https://a.example/#x")->has_fragment);
}

TEST(Url, RefusesWithoutRepeatingTheText) {
  for (const std::string& text : {std::string(""), std::string("a.example"), std::string("https://"),
                                  std::string("https://a b/hush"), std::string("https://a\0b/hush", 16),
                                  std::string("https://a.example:99999/hush"), std::string("https://a/\r\nhush: 1")}) {
    const auto url = ParseUrl(text);
    EXPECT_FALSE(url.ok()) << text;
    EXPECT_EQ(std::string(url.status().message()).find("hush"), std::string::npos) << url.status();
  }
}

}  // namespace
}  // namespace spool::curl
