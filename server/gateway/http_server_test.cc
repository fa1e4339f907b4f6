#include "server/gateway/http_server.h"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <string>

#include "gtest/gtest.h"
#include "server/base/status_matchers.h"

namespace spool::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

http::response<http::string_body> Ask(const std::string& address, http::verb verb, const std::string& target) {
  asio::io_context context;
  beast::tcp_stream stream(context);
  stream.connect(asio::ip::tcp::endpoint(asio::ip::make_address("127.0.0.1"),
                                         static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)))));
  http::request<http::empty_body> request(verb, target, 11);
  request.set(http::field::host, "localhost");
  http::write(stream, request);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(stream, buffer, response);
  return response;
}

TEST(HttpServer, TellsHealth) {
  auto server = HttpServer::Start("127.0.0.1:0");
  ASSERT_OK(server);
  const auto healthy = Ask((*server)->address(), http::verb::get, "/healthz");
  EXPECT_EQ(healthy.result_int(), 200);
  EXPECT_EQ(healthy.body(), "ok\n");
  EXPECT_EQ(Ask((*server)->address(), http::verb::get, "/../etc/passwd").result_int(), 404);
  EXPECT_EQ(Ask((*server)->address(), http::verb::post, "/healthz").result_int(), 405);
  (*server)->Drain();
  EXPECT_EQ(Ask((*server)->address(), http::verb::get, "/healthz").result_int(), 503);
}

TEST(HttpServer, ATakenPortAndABadAddressAreSaid) {
  auto server = HttpServer::Start("127.0.0.1:0");
  ASSERT_OK(server);
  EXPECT_THAT(HttpServer::Start((*server)->address()), StatusIs(absl::StatusCode::kFailedPrecondition, "in use"));
  for (const char* bad : {"nonsense", "127.0.0.1:99999", "no.such.host:0", ":"}) {
    EXPECT_THAT(HttpServer::Start(bad), StatusIs(absl::StatusCode::kFailedPrecondition)) << bad;
  }
}

}  // namespace
}  // namespace spool::gateway
