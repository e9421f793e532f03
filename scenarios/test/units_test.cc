#include "scenarios/runner/units.h"

#include <boost/test/unit_test.hpp>

namespace tcpslab::scenarios {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

BOOST_AUTO_TEST_CASE(SizesTakeBinaryUnits) {
  BOOST_TEST(ParseSize("0").value() == 0U);
  BOOST_TEST(ParseSize("1460").value() == 1460U);
  BOOST_TEST(ParseSize("512B").value() == 512U);
  BOOST_TEST(ParseSize("64KiB").value() == 65536U);
  BOOST_TEST(ParseSize("3MiB").value() == 3U << 20);
  BOOST_TEST(ParseSize("5GiB").value() == 5ULL << 30);
}

BOOST_AUTO_TEST_CASE(SizesRefuseEverythingElse) {
  for (const std::string_view text :
       {"", "KiB", "-1", "1.5KiB", "1kB", "1 KiB", "1KiB ", "99999999999999999999", "2000GiB"}) {
    BOOST_TEST_INFO("text: " << text);
    BOOST_TEST(!ParseSize(text));
  }
}

BOOST_AUTO_TEST_CASE(DurationsAreNs3TimeStrings) {
  BOOST_TEST((ParseDuration("10ms") == milliseconds(10)));
  BOOST_TEST((ParseDuration("1.5s") == milliseconds(1500)));
  BOOST_TEST((ParseDuration("2") == milliseconds(2000)));
  BOOST_TEST((ParseDuration("2min") == milliseconds(120'000)));
  BOOST_TEST((ParseDuration("1h") == hours(1)));
  BOOST_TEST((ParseDuration("7ns") == nanoseconds(7)));
  BOOST_TEST((ParseDuration("0s") == nanoseconds(0)));
}

BOOST_AUTO_TEST_CASE(DurationsRefuseEverythingElse) {
  for (const std::string_view text : {"", "s", "-1s", "1.s", ".5s", "1..2s", "10 ms", "10msec", "1e3s", "999999999h"}) {
    BOOST_TEST_INFO("text: " << text);
    BOOST_TEST(!ParseDuration(text));
  }
}

BOOST_AUTO_TEST_CASE(RatesAreNs3RateStrings) {
  BOOST_TEST(ParseRate("100Mbps").value() == 100'000'000U);
  BOOST_TEST(ParseRate("1.5Gb/s").value() == 1'500'000'000U);
  BOOST_TEST(ParseRate("64kbps").value() == 64'000U);
  BOOST_TEST(ParseRate("64KB/s").value() == 512'000U);
  BOOST_TEST(ParseRate("1Mib/s").value() == 1'048'576U);
  BOOST_TEST(ParseRate("9600").value() == 9'600U);
  BOOST_TEST(ParseRate("2Bps").value() == 16U);
}

BOOST_AUTO_TEST_CASE(RatesRefuseEverythingElse) {
  for (const std::string_view text :
       {"", "bps", "0Mbps", "1Mb", "1Mibps", "1kib/s", "1Tbps", "1 Mbps", "-1Mbps", "9999999Gbps"}) {
    BOOST_TEST_INFO("text: " << text);
    BOOST_TEST(!ParseRate(text));
  }
}

}  // namespace
}  // namespace tcpslab::scenarios
