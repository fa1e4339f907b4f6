#include "server/curl/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <string>

#include "gtest/gtest.h"

namespace spool::curl {
namespace {

bool IsPublicText(const std::string& text) {
  sockaddr_storage storage = {};
  auto& address = reinterpret_cast<sockaddr&>(storage);
  if (text.find(':') == std::string::npos) {
    address.sa_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &reinterpret_cast<sockaddr_in&>(storage).sin_addr), 1) << text;
  } else {
    address.sa_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &reinterpret_cast<sockaddr_in6&>(storage).sin6_addr), 1) << text;
  }
  EXPECT_NE(AddressText(address), "?");
  return IsPublic(address);
}

TEST(Address, ThePublicInternet) {
  for (const char* text :
       {"1.1.1.1",         "9.255.255.255",    "11.0.0.0",          "100.63.255.255",       "100.128.0.0",
        "126.255.255.255", "128.0.0.0",        "169.253.255.255",   "169.255.0.0",          "172.15.255.255",
        "172.32.0.0",      "192.0.1.0",        "192.167.255.255",   "192.169.0.0",          "198.17.255.255",
        "198.20.0.0",      "223.255.255.255",  "2600::1",           "2001:4860:4860::8888", "2a00:1450::1",
        "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2002:0808:0808::1", "3ffe:ffff::1"}) {
    EXPECT_TRUE(IsPublicText(text)) << text;
  }
}

TEST(Address, EverythingElse) {
  for (const char* text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.0.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::127.0.0.1",
                           "::8.8.8.8",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::a00:1",
                           "64:ff9b:1::1",
                           "2002:7f00:1::1",
                           "2002:c0a8:1::1",
                           "2001::1",
                           "2001:db8::1",
                           "3fff::1",
                           "100::1",
                           "fc00::1",
                           "fd12:3456::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "4000::1",
                           "2620:4f:8000::1"}) {
    EXPECT_FALSE(IsPublicText(text)) << text;
  }
}

TEST(Address, OtherFamilies) {
  sockaddr_un local = {};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(IsPublic(reinterpret_cast<const sockaddr&>(local)));
  EXPECT_EQ(AddressText(reinterpret_cast<const sockaddr&>(local)), "?");
}

}  // namespace
}  // namespace spool::curl
