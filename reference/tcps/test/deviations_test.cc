// Every deviation is visible from outside: on the wire or in what reaches TCP.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "reference/tcps/identity.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {
namespace {

// The client (and only it) misbehaves.
Hosts ClientDeviates(Deviation deviation) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.client.deviations.Set(deviation);
  return hosts;
}

struct Deviating : Conversation {
  explicit Deviating(Deviation deviation) : Conversation(ClientDeviates(deviation)) {}
};

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

BOOST_AUTO_TEST_CASE(AcceptInvalidTag) {
  Deviating talk(Deviation::kAcceptInvalidTag);
  talk.HandshakeAndAck();
  talk.pair().SetPath([](Side, OwnedSegment& segment) {
    segment->payload[0] ^= std::byte{1};
    return true;
  });
  BOOST_TEST(talk.Data(Side::kServer, "hello").at(0).PayloadText() == "iello");
  BOOST_TEST(talk.Data(Side::kClient, "hello").empty());
}

BOOST_AUTO_TEST_CASE(AcceptMissingTag) {
  Deviating talk(Deviation::kAcceptMissingTag);
  talk.HandshakeAndAck();
  const OwnedSegment forged = talk.Next(Side::kServer, wire::kPsh | wire::kAck, "in clear");
  BOOST_TEST(talk.Forge(Side::kClient, forged).at(0).PayloadText() == "in clear");
}

BOOST_AUTO_TEST_CASE(AcceptReset) {
  Deviating talk(Deviation::kAcceptReset);
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Forge(Side::kClient, talk.Next(Side::kServer, wire::kRst)).size() == 1U);
  BOOST_TEST(talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kRst)).empty());
}

BOOST_AUTO_TEST_CASE(AcceptIdentityMismatch) {
  const Hosts hosts = ClientDeviates(Deviation::kAcceptIdentityMismatch);
  Conversation talk(hosts);
  talk.HandshakeAndAck();
  talk.pair().Restart(Side::kServer, Conversation::Maker(hosts.server));
  talk.NewConnection();
  talk.HandshakeAndAck();
  BOOST_TEST(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_TEST(talk.Count(Side::kClient, EventKind::kMitmSuspected) == 0U);
}

BOOST_AUTO_TEST_CASE(FinWithoutTag) {
  Deviating talk(Deviation::kFinWithoutTag);
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Fin(Side::kClient).empty());
  BOOST_TEST(!HasTm(talk.last()));
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagMissing) == 1U);
}

BOOST_AUTO_TEST_CASE(FreshKeyOnSynRetransmit) {
  Deviating talk(Deviation::kFreshKeyOnSynRetransmit);
  const OwnedSegment syn = talk.NextSyn();
  talk.Resend(Side::kClient, syn);
  talk.Resend(Side::kClient, syn);
  BOOST_TEST((*FindTc(talk.pair().wire()[0].second->options) != *FindTc(talk.pair().wire()[1].second->options)));
}

BOOST_AUTO_TEST_CASE(SendInClear) {
  Deviating talk(Deviation::kSendInClear);
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Data(Side::kClient, "in clear").empty());
  BOOST_TEST(talk.last().PayloadText() == "in clear");
  BOOST_TEST(!HasTm(talk.last()));
}

BOOST_AUTO_TEST_CASE(WrongTag) {
  Deviating talk(Deviation::kWrongTag);
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Data(Side::kClient, "hello").empty());
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kTagInvalid) == 1U);
}

BOOST_AUTO_TEST_CASE(NeverSendIdentity) {
  Deviating talk(Deviation::kNeverSendIdentity);
  talk.HandshakeAndAck();
  talk.pair().Advance(60s);
  talk.Fin(Side::kClient);
  for (const auto& [side, segment] : talk.pair().wire()) {
    if (side == Side::kClient) BOOST_TEST(!HasTi(segment));
  }
  BOOST_TEST(talk.state(Side::kServer) == State::kEncrypted);
}

BOOST_AUTO_TEST_CASE(ZeroAuthTag) {
  Deviating talk(Deviation::kZeroAuthTag);
  talk.HandshakeAndAck();
  talk.NewConnection();
  talk.Handshake();
  BOOST_TEST(IsZero(FindTi(talk.last()->options)->proof));
}

BOOST_AUTO_TEST_CASE(KeepMss) {
  Deviating talk(Deviation::kKeepMss);
  talk.Syn();
  BOOST_TEST(HasTc(talk.last()));
  BOOST_TEST((std::ranges::equal(talk.last()->options.bytes().first(4), Options({2, 4, 0x05, 0xb4}).bytes())));
}

}  // namespace tcpslab::tcps::test
