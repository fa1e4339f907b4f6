// Which addresses are of the public Internet.

#ifndef SPOOL_SERVER_CURL_ADDRESS_H_
#define SPOOL_SERVER_CURL_ADDRESS_H_

#include <sys/socket.h>

#include <string>

namespace spool::curl {

// Whether a host at this address is one that anybody could reach: not the loopback, a private, link-local, shared
// (RFC 6598), documentation, benchmark, multicast or reserved network, also when such an IPv4 address is wrapped in an
// IPv6 one (mapped, compatible, NAT64, 6to4). Anything but IPv4 and IPv6 is not.
bool IsPublic(const sockaddr& address);

// "192.0.2.1" or "2001:db8::1"; "?" for anything else.
std::string AddressText(const sockaddr& address);

}  // namespace spool::curl

#endif  // SPOOL_SERVER_CURL_ADDRESS_H_
