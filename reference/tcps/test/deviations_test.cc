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

// Scenarios may ask any host for any of them, and more than one: whatever comes, a host goes on.
BOOST_DATA_TEST_CASE(HostsSurviveDeviations,
                     boost::unit_test::data::xrange(kDeviations) *
                         boost::unit_test::data::make({Dialect::kReadme, Dialect::kLkm}),
                     index, dialect) {
  Hosts hosts = Conversation::Both(dialect);
  for (Config* config : {&hosts.client, &hosts.server}) {
    config->deviations.Set(static_cast<Deviation>(index));
    // With these a data segment, too, is judged like a pure ACK.
    config->deviations.Set(Deviation::kJudgeIdentityOnData);
  }
  Conversation talk(hosts);
  const Identity stranger{.key = {std::byte{9}}, .proof = {std::byte{1}}};
  for (const Side opener : {Side::kClient, Side::kServer}) {
    talk.Handshake(opener);
    for (const Side from : {Side::kClient, Side::kServer}) {
      const Side to = stack::Opposite(from);
      talk.Data(from, "hello");
      talk.Ack(from);
      OwnedSegment tagged = talk.Next(from, wire::kAck);
      AppendTm(tagged->options, crypto::Tag{});
      OwnedSegment offering = talk.Next(from, wire::kAck);
      offering->options = MakeSynOptions({}, stranger.key);
      OwnedSegment showing = talk.NextTi(from, stranger);
      showing.SetPayload("hello");
      for (const OwnedSegment& forged :
           {tagged, offering, showing, talk.NextTi(from, stranger), talk.NextSynAck(from), talk.NextSyn(from),
            talk.Next(from, wire::kSyn | wire::kAck | wire::kFin), talk.Next(from, wire::kRst)}) {
        talk.Forge(to, forged);
      }
    }
    talk.Fin(Side::kClient);
    talk.Fin(Side::kServer);
    talk.pair().Advance(400s);
    talk.NewConnection();
  }
  BOOST_TEST(talk.sent() >= 2U);  // both SYNs
}

}  // namespace tcpslab::tcps::test
