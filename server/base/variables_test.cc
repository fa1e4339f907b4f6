#include "server/base/variables.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace spool {
namespace {

std::string Described(std::vector<const char*> environment) {
  environment.push_back(nullptr);
  return DescribeStrayVariables(environment.data());
}

TEST(Variables, OurOwnAndThoseOfOthersAreNothingToSpeakOf) {
  EXPECT_EQ(Described({}), "");
  EXPECT_EQ(Described({"PATH=/bin", "SPOOL_SERVER=localhost:1", "SPOOL_SLOTS=2", "SPOOLER=x", "SPOOL=x",
                       "SPOOL_FAILPOINT=", "SPOOL_NO_VARIABLE", "LC_ALL=SPOOL_SLOT=2"}),
            "");
}

TEST(Variables, ASlipOfThePenIsNamedWithWhatWasMeant) {
  EXPECT_EQ(Described({"SPOOL_SLOT=2"}), "SPOOL_SLOT (did you mean SPOOL_SLOTS?)");
  EXPECT_EQ(Described({"SPOOL_DATADIR=/x"}), "SPOOL_DATADIR (did you mean SPOOL_DATA_DIR?)");
  EXPECT_EQ(Described({"SPOOL_HTTP_ADDR=:1"}), "SPOOL_HTTP_ADDR (did you mean SPOOL_HTTP_ADDRESS?)");
  EXPECT_EQ(Described({"SPOOL_SEVRER=x"}), "SPOOL_SEVRER (did you mean SPOOL_SERVER?)");
  EXPECT_EQ(Described({"SPOOL_slots=2"}), "SPOOL_slots (did you mean SPOOL_SLOTS?)");
}

TEST(Variables, WhatIsNearToNothingIsNamedToo) {
  EXPECT_EQ(Described({"SPOOL_PRINTER=lp0", "SPOOL_=", "SPOOL_SLOT="}),
            "SPOOL_PRINTER, SPOOL_, SPOOL_SLOT (did you mean SPOOL_SLOTS?)");
  const std::string longest = "SPOOL_" + std::string(100000, 'S');
  EXPECT_EQ(Described({(longest + "=1").c_str()}), longest);
}

TEST(Variables, KubernetesTellsOfAServiceOfOurName) {
  EXPECT_EQ(Described({"SPOOL_SERVICE_HOST=10.0.0.1", "SPOOL_SERVICE_PORT_GRPC=50051",
                       "SPOOL_PORT=tcp://10.0.0.1:50051", "SPOOL_PORT_50051_TCP_ADDR=10.0.0.1"}),
            "");
  EXPECT_EQ(Described({"SPOOL_PORT=50051"}), "SPOOL_PORT") << "somebody wanted a port";
}

}  // namespace
}  // namespace spool
