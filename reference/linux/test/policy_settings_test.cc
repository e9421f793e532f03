// Settings by name, as the daemon's options, its configuration file and `tcpsd set` take them.
#include "reference/linux/policy_settings.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <stdexcept>
#include <string>

namespace tcpslab::linux_host::test {
namespace {

using namespace std::chrono_literals;

stack::Policy With(std::string_view name, std::string_view value) {
  stack::Policy policy;
  SetPolicyValue(policy, name, value);
  return policy;
}

bool Refused(std::string_view name, std::string_view value) {
  try {
    With(name, value);
  } catch (const std::invalid_argument& problem) {
    return std::string_view(problem.what()).find(name) != std::string_view::npos;  // says which one
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_CASE(EveryPolicyHasItsName) {
  BOOST_TEST(With("enforce", "1").enforce);
  BOOST_TEST(!With("tofu_enforce", "0").tofu_enforce);
  BOOST_TEST(With("max_connections", "17").max_connections == 17U);
  BOOST_TEST(With("max_blocked", "18").max_blocked == 18U);
  BOOST_TEST((With("collect_interval", "1s").collect_interval == 1s));
  BOOST_TEST((With("half_open_timeout", "2s").half_open_timeout == 2s));
  BOOST_TEST((With("dead_timeout", "3s").dead_timeout == 3s));
  BOOST_TEST((With("closed_timeout", "4s").closed_timeout == 4s));
  BOOST_TEST((With("idle_timeout", "5s").idle_timeout == 5s));
  for (const std::string_view name : kPolicyNames) BOOST_TEST(Refused(name, "nonsense"), name);
}

BOOST_AUTO_TEST_CASE(NamesAreThoseOfTheOptionsToo) {
  BOOST_TEST(!With("tofu-enforce", "off").tofu_enforce);
  BOOST_TEST((With("half-open-timeout", "2").half_open_timeout == 2s));
}

BOOST_AUTO_TEST_CASE(WrongValuesAreRefused) {
  for (const char* const value : {"", "2", "-1", "enabled", "1 "}) BOOST_TEST(Refused("enforce", value), value);
  for (const char* const value : {"", "0", "-1", "1000001", "99999999999999999999", "4k", " 4", "4.5"}) {
    BOOST_TEST(Refused("max_connections", value), value);
  }
  for (const char* const value : {"", "0", "-1s", "s", "1 s", "1d", "inf", "nan", "1e3", "366h3", "9000h",
                                  "0.0000000001s", "1e400", "0x10", "1.5.1s"}) {
    BOOST_TEST(Refused("idle_timeout", value), value);
  }
  BOOST_TEST(Refused("mtu", "1500"));
}

BOOST_AUTO_TEST_CASE(Times) {
  BOOST_TEST((ParseDuration("30") == 30s));
  BOOST_TEST((ParseDuration("1.5") == 1500ms));
  BOOST_TEST((ParseDuration("2s") == 2s));
  BOOST_TEST((ParseDuration("500ms") == 500ms));
  BOOST_TEST((ParseDuration("0.1s") == 100ms));
  BOOST_TEST((ParseDuration("5min") == 300s));
  BOOST_TEST((ParseDuration("8760h") == 24h * 365));
}

BOOST_AUTO_TEST_CASE(RefusedValueChangesNothing) {
  stack::Policy policy;
  BOOST_CHECK_THROW(SetPolicyValue(policy, "max_blocked", "0"), std::invalid_argument);
  BOOST_TEST(policy.max_blocked == stack::Policy().max_blocked);
}

}  // namespace tcpslab::linux_host::test
