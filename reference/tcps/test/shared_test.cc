// Several Tcps of one host, as a daemon with several worker threads has them: they share identity and peers.
#include <boost/test/unit_test.hpp>

#include "reference/tcps/identity.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {
namespace {

constexpr Identity kStranger{.key = {std::byte{9}, std::byte{7}}, .proof = {}};

Shared NewShared(std::uint64_t seed) {
  crypto::SeededRandom random(seed);
  return {.peers = std::make_shared<PeerCache>(),
          .identity = std::make_shared<const crypto::KeyPair>(crypto::KeyPair::Generate(random))};
}

stack::Pair::MakeShim SharingMaker(const Config& config, const Shared& shared) {
  return [config, shared](const stack::Services& services) { return std::make_unique<Tcps>(config, services, shared); };
}

// One of several Tcps of the client's host speaks with one of the server's.
struct Worker : Conversation {
  Worker(const Shared& client, const Shared& server, std::uint16_t port) {
    pair().Restart(Side::kClient, SharingMaker({}, client));
    pair().Restart(Side::kServer, SharingMaker({}, server));
    client_end.port = port;
  }
  bool BothAuthenticated() {
    return state(Side::kClient) == State::kAuthenticated && state(Side::kServer) == State::kAuthenticated;
  }
};

struct TwoWorkers {
  Shared client = NewShared(1);
  Shared server = NewShared(2);
  Worker one{client, server, 10000};
  Worker other{client, server, 20000};
};

// Another thread remembers the stranger between this one's look and its own first contact.
class Overtaken final : public Peers {
 public:
  [[nodiscard]] std::optional<Peer> Find(const wire::Address& address) const override { return cache_.Find(address); }
  Peer Remember(const wire::Address& address, const crypto::PublicKey& key) override {
    cache_.Remember(address, kStranger.key);
    return cache_.Remember(address, key);
  }
  void SetProven(const wire::Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) override {
    cache_.SetProven(address, key, after_serial);
  }
  bool Forget(const wire::Address& address) override { return cache_.Forget(address); }
  void Pin(const wire::Address& address, const crypto::PublicKey& key) override { cache_.Pin(address, key); }
  [[nodiscard]] std::vector<std::pair<wire::Address, Peer>> All() const override { return cache_.All(); }
  std::uint64_t NextSerial() override { return cache_.NextSerial(); }
  [[nodiscard]] std::uint64_t LastSerial() const override { return cache_.LastSerial(); }

 private:
  PeerCache cache_;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(IdentityThatIsGivenIsUsed, TwoWorkers) {
  BOOST_TEST((one.tcps(Side::kServer).identity() == server.identity->public_key));
  BOOST_TEST((other.tcps(Side::kServer).identity() == server.identity->public_key));
}

// "Draws the identity key (32 bytes, unless it is shared)": recorded runs of a seed stay what they are.
BOOST_AUTO_TEST_CASE(WithoutSharedTheIdentityIsDrawnFirst) {
  Conversation talk;
  crypto::SeededRandom random(1, 0);
  BOOST_TEST((talk.tcps(Side::kClient).identity() == crypto::KeyPair::Generate(random).public_key));
}

BOOST_FIXTURE_TEST_CASE(WhatOneLearnsTheOtherKnows, TwoWorkers) {
  one.HandshakeAndAck();
  BOOST_TEST(one.BothAuthenticated());
  BOOST_TEST((other.tcps(Side::kServer).PeerIdentity(one.client_end.address) == client.identity->public_key));
  other.Handshake();
  BOOST_TEST(!IsZero(FindTi(other.last()->options)->proof));
  other.Ack(Side::kServer);
  BOOST_TEST(other.BothAuthenticated());
  for (const Side side : {Side::kClient, Side::kServer}) {
    BOOST_TEST(one.Count(side, EventKind::kPeerNew) == 1U);
    BOOST_TEST(other.Count(side, EventKind::kPeerNew) == 0U);
    BOOST_TEST(other.Count(side, EventKind::kMitmSuspected) == 0U);
  }
}

// A SYN that one Tcps saw came before the proof that another saw, or after it.
// TCPS-TOFU-17, TCPS-TOFU-18
BOOST_FIXTURE_TEST_CASE(R21_SerialNumbersAreOrderedOverAll, TwoWorkers) {
  one.HandshakeAndAck();
  const Identity zero{.key = client.identity->public_key, .proof = {}};
  one.NewConnection();
  one.Syn();
  one.SynAck();
  other.Handshake();
  BOOST_TEST(server.peers->Find(one.client_end.address)->proven);
  one.Forge(Side::kServer, one.NextTi(Side::kClient, zero));
  BOOST_TEST(one.state(Side::kServer) == State::kAuthenticated);
  one.NewConnection();
  one.Syn();
  one.SynAck();
  one.Forge(Side::kServer, one.NextTi(Side::kClient, zero));
  BOOST_TEST(one.state(Side::kServer) == State::kBlocked);
  BOOST_TEST(one.Count(Side::kServer, EventKind::kMitmSuspected) == 1U);
}

BOOST_AUTO_TEST_CASE(FirstContactCountsWhoeverSawIt) {
  Shared server = NewShared(2);
  server.peers = std::make_shared<Overtaken>();
  Worker talk(NewShared(1), server, 10000);
  talk.Handshake();
  BOOST_TEST(talk.state(Side::kServer) == State::kBlocked);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kPeerNew) == 0U);
  BOOST_TEST(talk.Count(Side::kServer, EventKind::kMitmSuspected) == 1U);
}

// A connection was authenticated by the identity that it saw; what an administrator does later is for the next ones.
// TCPS-TI-33
BOOST_FIXTURE_TEST_CASE(ForgottenPeerIsNewAgain, TwoWorkers) {
  one.HandshakeAndAck();
  BOOST_TEST(server.peers->Forget(one.client_end.address));
  const Identity same{.key = client.identity->public_key, .proof = {}};
  one.Forge(Side::kServer, one.NextTi(Side::kClient, same));
  BOOST_TEST(one.Count(Side::kServer, EventKind::kTiConflict) == 0U);
  one.Forge(Side::kServer, one.NextTi(Side::kClient, kStranger));
  BOOST_TEST(one.Count(Side::kServer, EventKind::kTiConflict) == 1U);
  BOOST_TEST(one.BothAuthenticated());
  other.HandshakeAndAck();
  BOOST_TEST(other.BothAuthenticated());
  BOOST_TEST(other.Count(Side::kServer, EventKind::kPeerNew) == 1U);
}

BOOST_FIXTURE_TEST_CASE(PinnedKeyIsTheOnlyOneTrusted, TwoWorkers) {
  server.peers->Pin(one.client_end.address, kStranger.key);
  one.Handshake();
  BOOST_TEST(one.state(Side::kServer) == State::kBlocked);
  server.peers->Pin(one.client_end.address, client.identity->public_key);
  other.HandshakeAndAck();  // which the client has not met: its proof is zero
  BOOST_TEST(other.BothAuthenticated());
}

}  // namespace tcpslab::tcps::test
