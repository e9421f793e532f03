// Every deviation has a name, is off by default, and shows; a host without it does nothing of the kind.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "reference/tcps/test/deviant_case.h"

namespace tcpslab::tcps::test {
namespace {

std::vector<DeviantCase> AllCases() {
  std::vector<DeviantCase> all;
  for (const auto& cases : {HandshakeDeviations(), ProtectionDeviations(), IdentityDeviations(), PolicyDeviations()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

Hosts HostsOf(const DeviantCase& c) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  (c.side == Side::kClient ? hosts.client : hosts.server).policy = c.policy;
  if (c.arrange != nullptr) c.arrange(hosts);
  return hosts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(DeviationsHaveNames) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDeviations; ++i) {
    const auto deviation = static_cast<Deviation>(i);
    names.insert(ToString(deviation));
    BOOST_TEST((DeviationFromName(ToString(deviation)) == deviation));
    BOOST_TEST(!Deviations().Has(deviation));
  }
  BOOST_TEST(names.size() == kDeviations);
  BOOST_TEST(!DeviationFromName("no-such-deviation").has_value());
}

BOOST_AUTO_TEST_CASE(EveryDeviationHasACase) {
  std::set<Deviation> shown;
  for (const DeviantCase& c : AllCases()) shown.insert(c.deviation);
  BOOST_TEST(shown.size() == kDeviations);
}

BOOST_DATA_TEST_CASE(DeviationShows, boost::unit_test::data::make(AllCases()), c) {
  Hosts hosts = HostsOf(c);
  (c.side == Side::kClient ? hosts.client : hosts.server).deviations.Set(c.deviation);
  Conversation talk(hosts);
  BOOST_TEST(c.seen(talk));
}

BOOST_DATA_TEST_CASE(WithoutDeviationNothingShows, boost::unit_test::data::make(AllCases()), c) {
  Conversation talk(HostsOf(c));
  BOOST_TEST(!c.seen(talk));
}

}  // namespace tcpslab::tcps::test
