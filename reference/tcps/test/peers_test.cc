// Trust on first use, and what it costs to prove oneself (spec tcps-wire.md, section 6).
#include "reference/tcps/peers.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/crypto/random.h"
#include "reference/tcps/hex.h"
#include "reference/tcps/static_secrets.h"

namespace tcpslab::tcps::test {
namespace {

const wire::Address kHost = *wire::ParseAddress("10.0.0.1");
const wire::Address kOther = *wire::ParseAddress("2001:db8::1");
constexpr crypto::PublicKey kKey = {std::byte{9}};
constexpr crypto::PublicKey kAnotherKey = {std::byte{7}};

struct Lines final : stack::KeyLog {
  void Line(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

}  // namespace

// TCPS-TOFU-01
BOOST_AUTO_TEST_CASE(FirstKeyOfAnAddressStays) {
  PeerCache peers;
  BOOST_TEST(!peers.Find(kHost).has_value());
  BOOST_TEST((peers.Remember(kHost, kKey) == Peer{.key = kKey}));
  BOOST_TEST((peers.Remember(kHost, kAnotherKey) == Peer{.key = kKey}));
  BOOST_TEST((peers.Find(kHost) == Peer{.key = kKey}));
  BOOST_TEST(!peers.Find(kOther).has_value());
}

// Whoever fills it with strangers must not make it forget a friend.
BOOST_AUTO_TEST_CASE(AFullCacheKeepsWhatItHas) {
  PeerCache peers(1);
  peers.Remember(kHost, kKey);
  BOOST_TEST((peers.Remember(kOther, kAnotherKey) == Peer{.key = kAnotherKey}));
  BOOST_TEST(!peers.Find(kOther).has_value());
  BOOST_TEST((peers.Remember(kHost, kAnotherKey) == Peer{.key = kKey}));
  peers.Pin(kOther, kAnotherKey);
  BOOST_TEST((peers.Find(kOther) == Peer{.key = kAnotherKey}));
  peers.Forget(kHost);
  peers.Forget(kOther);
  peers.Remember(kOther, kKey);
  BOOST_TEST((peers.Find(kOther) == Peer{.key = kKey}));
}

// R21
BOOST_AUTO_TEST_CASE(FirstProofCounts) {
  PeerCache peers;
  peers.SetProven(kHost, kKey, 3);
  BOOST_TEST(!peers.Find(kHost).has_value());
  peers.Remember(kHost, kKey);
  peers.SetProven(kHost, kAnotherKey, 3);
  BOOST_TEST(!peers.Find(kHost)->proven);
  peers.SetProven(kHost, kKey, 4);
  peers.SetProven(kHost, kKey, 5);
  BOOST_TEST((peers.Find(kHost) == Peer{.key = kKey, .proven = true, .proven_after_serial = 4}));
}

BOOST_AUTO_TEST_CASE(ForgetAndPin) {
  PeerCache peers;
  BOOST_TEST(!peers.Forget(kHost));
  peers.Remember(kHost, kKey);
  peers.SetProven(kHost, kKey, 1);
  peers.Pin(kHost, kKey);
  BOOST_TEST(peers.Find(kHost)->proven);
  peers.Pin(kHost, kAnotherKey);
  BOOST_TEST((peers.Find(kHost) == Peer{.key = kAnotherKey}));
  BOOST_TEST(peers.Forget(kHost));
  BOOST_TEST(!peers.Find(kHost).has_value());
  peers.Pin(kHost, kKey);  // before the first contact
  BOOST_TEST((peers.Remember(kHost, kAnotherKey) == Peer{.key = kKey}));
}

BOOST_AUTO_TEST_CASE(AllPeersInOrderOfAddresses) {
  PeerCache peers;
  peers.Remember(kOther, kAnotherKey);
  peers.Remember(kHost, kKey);
  const auto all = peers.All();
  BOOST_REQUIRE_EQUAL(all.size(), 2U);
  BOOST_TEST((all[0] == std::pair(kHost, Peer{.key = kKey})));
  BOOST_TEST((all[1] == std::pair(kOther, Peer{.key = kAnotherKey})));
}

BOOST_AUTO_TEST_CASE(SerialNumbersGrow) {
  PeerCache peers;
  BOOST_TEST(peers.LastSerial() == 0U);
  for (std::uint64_t number = 1; number < 4; ++number) {
    BOOST_TEST(peers.NextSerial() == number);
    BOOST_TEST(peers.LastSerial() == number);
  }
}

BOOST_AUTO_TEST_CASE(StaticSecretIsComputedOnce) {
  crypto::SeededRandom random(1);
  const auto own = crypto::KeyPair::Generate(random);
  const auto peer = crypto::KeyPair::Generate(random);
  Lines log;
  StaticSecrets secrets(&log);
  const std::string shared = ToHex(crypto::Agree(peer.private_key, own.public_key)->bytes());
  for (int i = 0; i < 2; ++i) BOOST_TEST(ToHex(secrets.With(peer.public_key, own)->bytes()) == shared);
  const auto& [low, high] = std::minmax(own.public_key, peer.public_key);
  BOOST_REQUIRE_EQUAL(log.lines.size(), 1U);
  BOOST_TEST(log.lines[0] == "TCPS_STATIC_SECRET " + ToHex(low) + " " + ToHex(high) + " " + shared);
}

BOOST_AUTO_TEST_CASE(NoStaticSecretWithALowOrderKey) {
  crypto::SeededRandom random(1);
  const auto own = crypto::KeyPair::Generate(random);
  Lines log;
  StaticSecrets secrets(&log);
  BOOST_TEST(!secrets.With({std::byte{1}}, own).has_value());
  BOOST_TEST(log.lines.empty());
}

// What gave way is computed again.
BOOST_AUTO_TEST_CASE(StaticSecretsAreBounded) {
  crypto::SeededRandom random(1);
  const auto own = crypto::KeyPair::Generate(random);
  Lines log;
  StaticSecrets secrets(&log);
  const auto peer = [](std::size_t number) {
    crypto::PublicKey key = kKey;
    key[1] = static_cast<std::byte>(number);
    key[2] = static_cast<std::byte>(number >> 8);
    return key;
  };
  for (std::size_t i = 0; i <= StaticSecrets::kCapacity; ++i) secrets.With(peer(i), own);
  BOOST_TEST(log.lines.size() == StaticSecrets::kCapacity + 1);
  secrets.With(peer(1), own);
  BOOST_TEST(log.lines.size() == StaticSecrets::kCapacity + 1);
  secrets.With(peer(0), own);
  BOOST_TEST(log.lines.size() == StaticSecrets::kCapacity + 2);
  BOOST_TEST(log.lines.back() == log.lines.front());
}

}  // namespace tcpslab::tcps::test
