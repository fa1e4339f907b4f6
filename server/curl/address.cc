#include "server/curl/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace spool::curl {
namespace {

struct V4Block {
  uint8_t first[4];
  int bits;
};

// IANA's registry of special-purpose addresses, without those that are globally reachable; and multicast.
constexpr V4Block kNotPublicV4[] = {
    {{0, 0, 0, 0}, 8},        // this network
    {{10, 0, 0, 0}, 8},       // private
    {{100, 64, 0, 0}, 10},    // shared, behind a carrier's NAT
    {{127, 0, 0, 0}, 8},      // loopback
    {{169, 254, 0, 0}, 16},   // link-local; clouds have their metadata there
    {{172, 16, 0, 0}, 12},    // private
    {{192, 0, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2, 0}, 24},     // documentation
    {{192, 88, 99, 0}, 24},   // 6to4 relays, once
    {{192, 168, 0, 0}, 16},   // private
    {{198, 18, 0, 0}, 15},    // benchmarks
    {{198, 51, 100, 0}, 24},  // documentation
    {{203, 0, 113, 0}, 24},   // documentation
    {{224, 0, 0, 0}, 4},      // multicast
    {{240, 0, 0, 0}, 4},      // reserved, and broadcast
};

struct V6Block {
  uint8_t first[16];
  int bits;
};

// Within 2000::/3, which is all that is given out.
constexpr V6Block kNotPublicV6[] = {
    {{0x20, 0x01, 0x00}, 23},              // protocol assignments: Teredo, benchmarks, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32},        // documentation
    {{0x3f, 0xff, 0x00}, 20},              // documentation
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48},  // AS112's sink
};

bool InBlock(const uint8_t* address, const uint8_t* first, int bits) {
  if (memcmp(address, first, bits / 8) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (address[bits / 8] & mask) == (first[bits / 8] & mask);
}

bool IsPublicV4(const uint8_t* address) {
  return std::none_of(std::begin(kNotPublicV4), std::end(kNotPublicV4),
                      [&](const V4Block& block) { return InBlock(address, block.first, block.bits); });
}

bool IsPublicV6(const uint8_t* address) {
  // IPv4 in other clothes: the host at the other end is the IPv4 one.
  constexpr uint8_t kMapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr uint8_t kNat64[16] = {0x00, 0x64, 0xff, 0x9b};
  constexpr uint8_t k6To4[16] = {0x20, 0x02};
  if (InBlock(address, kMapped, 96) || InBlock(address, kNat64, 96)) return IsPublicV4(address + 12);
  if (InBlock(address, k6To4, 16)) return IsPublicV4(address + 2);
  // Also leaves out ::1, the compatible form ::a.b.c.d, fc00::/7, fe80::/10 and ff00::/8.
  constexpr uint8_t kGiven[16] = {0x20};
  if (!InBlock(address, kGiven, 3)) return false;
  return std::none_of(std::begin(kNotPublicV6), std::end(kNotPublicV6),
                      [&](const V6Block& block) { return InBlock(address, block.first, block.bits); });
}

}  // namespace

bool IsPublic(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return IsPublicV4(reinterpret_cast<const uint8_t*>(&v4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    return IsPublicV6(v6.sin6_addr.s6_addr);
  }
  return false;
}

std::string AddressText(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
  } else if (address.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof(text));
  }
  return text;
}

}  // namespace spool::curl
