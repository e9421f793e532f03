// A connection's keys are gone when they are no longer needed (spec tcps-wire.md, section 3: "wiped").
#include "reference/tcps/connection.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <span>
#include <string>

#include "reference/tcps/hex.h"

namespace tcpslab::tcps::test {
namespace {

const std::string kZero(64, '0');

void Fill(std::span<std::byte> key) { std::ranges::fill(key, std::byte{0x5a}); }

struct Fixture {
  Fixture() {
    crypto::SharedSecret shared;
    Fill(connection.own_key);
    Fill(connection.peer_key);
    Fill(connection.ephemeral.mutable_bytes());
    connection.role = stack::Role::kClient;
    connection.Install(DeriveSessionKeys(shared), PositionRule::kNearest);
  }
  Connection connection;
};

}  // namespace

// TCPS-KEY-10
BOOST_FIXTURE_TEST_CASE(SessionKeysReplaceWhatLedToThem, Fixture) {
  BOOST_TEST(ToHex(connection.ephemeral.bytes()) == kZero);
  BOOST_TEST(ToHex(connection.peer_key) == kZero);
  BOOST_TEST(ToHex(connection.own_key) != kZero);  // public, and on the wire again with a retransmitted SYN
  BOOST_TEST(ToHex(connection.out.encryption.bytes()) != kZero);
}

// TCPS-KEY-11
BOOST_FIXTURE_TEST_CASE(NoSessionKeyOutlivesItsUse, Fixture) {
  connection.WipeKeys();
  for (const Direction* direction : {&connection.out, &connection.in}) {
    BOOST_TEST(ToHex(direction->encryption.bytes()) == kZero);
    BOOST_TEST(ToHex(direction->mac.bytes()) == kZero);
  }
}

}  // namespace tcpslab::tcps::test
