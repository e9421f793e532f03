// What the threads of several workers share. Run with -fsanitize=thread as well.
#include "reference/linux/shared_peers.h"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "reference/crypto/random.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::linux_host {
namespace {

using namespace tcps::test;

tcps::Shared NewShared(std::uint64_t seed) {
  crypto::SeededRandom random(seed);
  return {.peers = std::make_shared<SharedPeers>(),
          .identity = std::make_shared<const crypto::KeyPair>(crypto::KeyPair::Generate(random))};
}

// One of several Tcps of the client's host speaks with one of the server's.
struct Speakers : Conversation {
  Speakers(const tcps::Shared& client, const tcps::Shared& server, std::uint16_t port) {
    for (const auto& [side, shared] : {std::pair(Side::kClient, client), std::pair(Side::kServer, server)}) {
      pair().Restart(side, [shared = shared](const stack::Services& services) {
        return std::make_unique<tcps::Tcps>(tcps::Config{}, services, shared);
      });
    }
    client_end.port = port;
  }
};

BOOST_AUTO_TEST_SUITE(shared_peers)

// Two threads never get the same number, nor one that is below what either has seen.
BOOST_AUTO_TEST_CASE(serial_numbers_of_several_threads) {
  SharedPeers peers;
  constexpr std::size_t kEach = 2000;
  std::array<std::vector<std::uint64_t>, 2> drawn;
  const auto draw = [&peers](std::vector<std::uint64_t>& into) {
    for (std::size_t i = 0; i < kEach; ++i) into.push_back(peers.NextSerial());
  };
  std::thread other(draw, std::ref(drawn[1]));
  draw(drawn[0]);
  other.join();
  std::set<std::uint64_t> all;
  for (const auto& numbers : drawn) {
    BOOST_TEST(std::ranges::is_sorted(numbers));
    all.insert(numbers.begin(), numbers.end());
  }
  BOOST_TEST(all.size() == 2 * kEach);
  BOOST_TEST(*all.rbegin() == peers.LastSerial());
}

BOOST_AUTO_TEST_CASE(visits_in_two_threads) {
  constexpr std::size_t kVisits = 200;
  const tcps::Shared client = NewShared(1);
  const tcps::Shared server = NewShared(2);
  Speakers one(client, server, 10000);
  Speakers other(client, server, 20000);
  std::array<std::size_t, 2> authenticated{};
  const auto visit = [](Speakers& talk, std::size_t& count) {
    for (std::size_t i = 0; i < kVisits; ++i) {
      talk.HandshakeAndAck();
      talk.Data(Side::kClient, "hello");
      if (talk.state(Side::kClient) == tcps::State::kAuthenticated &&
          talk.state(Side::kServer) == tcps::State::kAuthenticated) {
        ++count;
      }
      talk.NewConnection();
    }
  };
  std::thread thread(visit, std::ref(other), std::ref(authenticated[1]));
  visit(one, authenticated[0]);
  thread.join();
  BOOST_TEST(authenticated[0] == kVisits);
  BOOST_TEST(authenticated[1] == kVisits);
  for (Speakers* talk : {&one, &other}) {
    for (const Side side : {Side::kClient, Side::kServer}) {
      BOOST_TEST(talk->Count(side, EventKind::kMitmSuspected) == 0U);
      BOOST_TEST(talk->tcps(side).connections() == kVisits);
    }
  }
  BOOST_TEST(server.peers->Find(one.client_end.address)->proven);
  BOOST_TEST(server.peers->LastSerial() == 2 * kVisits);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::linux_host
