// Trust that survives a restart: the readme's "TOFU cache in-memory: lost during rmmod" is no limitation here.
#include "reference/linux/peer_database.h"

#include <sqlite3.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>

#include "reference/linux/sqlite.h"
#include "reference/linux/test/scratch.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::linux_host::test {
namespace {

namespace fs = std::filesystem;
using tcps::Peer;
using wire::Address;
using namespace std::chrono_literals;
using Entries = std::vector<std::pair<Address, Peer>>;

const Address kPeer = *wire::ParseAddress("192.168.1.127");
const Address kPeer6 = *wire::ParseAddress("2001:db8::2");

struct Fixture {
  ScratchDirectory directory;
  CapturedLog log;
  fs::path file = directory / "peers";
  PeerDatabase Open() { return PeerDatabase(file, log.logger()); }
  Entries Kept() { return Open().All(); }
  // The sentence of the refusal.
  std::string Refusal() {
    try {
      Open();
    } catch (const std::runtime_error& problem) {
      return problem.what();
    }
    BOOST_TEST_FAIL("taken for a peer database");
    return {};
  }
  // As another program, or an administrator with too much courage.
  void Alter(const char* sql) const { SqliteDatabase(file).Execute(sql); }
};

// Step `number` of a life in which 50 addresses come, prove themselves, change and go.
void DoStep(std::uint64_t number, tcps::Peers& peers) {
  const std::array<std::byte, 4> bytes = {std::byte{10}, std::byte{0}, std::byte{0},
                                          static_cast<std::byte>(number % 50)};
  const Address address = Address::Ipv4(bytes);
  const crypto::PublicKey key = KeyOf(static_cast<std::uint8_t>(number % 50));
  switch (number / 50 % 4) {
    case 0:
      peers.Remember(address, key);
      break;
    case 1:
      peers.SetProven(address, key, number);
      break;
    case 2:
      peers.Pin(address, KeyOf(200));
      break;
    default:
      peers.Forget(address);
  }
}

// Serial numbers count within one life of the daemon only.
Entries WithoutSerials(Entries entries) {
  for (auto& [address, peer] : entries) peer.proven_after_serial = 0;
  return entries;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(Database, Fixture)

BOOST_AUTO_TEST_CASE(PeersComeBack) {
  {
    PeerDatabase peers = Open();
    BOOST_TEST((peers.Remember(kPeer, KeyOf(1)).key == KeyOf(1)));
    peers.Remember(kPeer6, KeyOf(2));
    peers.SetProven(kPeer6, KeyOf(2), 77);
  }
  const Entries kept = Kept();
  BOOST_TEST_REQUIRE(kept.size() == 2U);
  BOOST_TEST((kept[0] == std::pair(kPeer, Peer{.key = KeyOf(1)})));
  // R21: proven before any connection that there is now.
  BOOST_TEST((kept[1] == std::pair(kPeer6, Peer{.key = KeyOf(2), .proven = true, .proven_after_serial = 0})));
  BOOST_TEST((ModeOf(file) == (fs::perms::owner_read | fs::perms::owner_write)));
}

// Trust on first use: the first key counts.
BOOST_AUTO_TEST_CASE(FirstKeyStays) {
  PeerDatabase peers = Open();
  peers.Remember(kPeer, KeyOf(1));
  BOOST_TEST((peers.Remember(kPeer, KeyOf(2)).key == KeyOf(1)));
  BOOST_TEST((peers.Find(kPeer)->key == KeyOf(1)));
}

BOOST_AUTO_TEST_CASE(ForgetAndPinAreKept) {
  {
    PeerDatabase peers = Open();
    peers.Remember(kPeer, KeyOf(1));
    peers.Remember(kPeer6, KeyOf(2));
    peers.SetProven(kPeer6, KeyOf(2), 1);
    BOOST_TEST(peers.Forget(kPeer));
    BOOST_TEST(!peers.Forget(kPeer));
    peers.Pin(kPeer6, KeyOf(3));
  }
  BOOST_TEST((Kept() == Entries{{kPeer6, Peer{.key = KeyOf(3)}}}));
}

// The readme's limitation lifted: after a restart of one end that kept its identity, the other is no first contact.
BOOST_AUTO_TEST_CASE(RestartedHostKnowsItsPeer) {
  crypto::SystemRandom random;
  const auto identity = std::make_shared<const crypto::KeyPair>(crypto::KeyPair::Generate(random));
  auto peers = std::make_shared<PeerDatabase>(file, log.logger());
  const auto maker = [&](const stack::Services& services) {
    return std::make_unique<tcps::Tcps>(tcps::Config{}, services, tcps::Shared{.peers = peers, .identity = identity});
  };
  tcps::test::Conversation talk;
  talk.pair().Restart(stack::Side::kServer, maker);
  talk.HandshakeAndAck();
  BOOST_TEST(talk.Count(stack::Side::kServer, stack::EventKind::kPeerNew) == 1U);
  peers.reset();
  talk.pair().Restart(stack::Side::kServer, {});
  peers = std::make_shared<PeerDatabase>(file, log.logger());
  talk.pair().Restart(stack::Side::kServer, maker);
  talk.NewConnection();
  talk.HandshakeAndAck();
  BOOST_TEST(talk.state(stack::Side::kServer) == tcps::State::kAuthenticated);
  BOOST_TEST(talk.state(stack::Side::kClient) == tcps::State::kAuthenticated);
  BOOST_TEST(talk.Count(stack::Side::kServer, stack::EventKind::kPeerNew) == 1U);
}

BOOST_AUTO_TEST_CASE(FilesOfOthersAreRefusedAndKept) {
  const std::string text =
      "this is not a database, but long enough to have the header of one, which has 100 bytes; so it is";
  WriteText(file, text);
  BOOST_TEST(Refusal().find("it is not an SQLite database") != std::string::npos);
  BOOST_TEST(ReadText(file) == text);
  WriteText(file, "");
  Alter("CREATE TABLE cookies (a)");
  const std::string cookies = ReadText(file);
  BOOST_TEST(Refusal().find("it is a database of another program") != std::string::npos);
  BOOST_TEST(ReadText(file) == cookies);
}

BOOST_AUTO_TEST_CASE(LaterSchemaIsRefused) {
  Open();
  Alter("PRAGMA user_version = 2");
  BOOST_TEST(Refusal().find("it has version 2 of the schema, this tcpsd knows version 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(DamageIsRefused) {
  {
    PeerDatabase peers = Open();
    for (std::uint64_t i = 0; i < 50; ++i) DoStep(i, peers);
  }
  std::string text = ReadText(file);
  std::fill(text.begin() + 4096 + 8, text.begin() + 4096 + 200, '\xff');  // of the table's page
  WriteText(file, text);
  BOOST_TEST(Refusal().find(file.string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(RowThatIsNoPeerIsRefused) {
  Open();
  Alter("PRAGMA ignore_check_constraints = 1; INSERT INTO peers VALUES (x'0a0000', x'00', 0)");
  Refusal();
}

BOOST_AUTO_TEST_CASE(DatabaseThatOthersCanWriteIsRefused) {
  Open();
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  BOOST_TEST(Refusal().find("open to group or others") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(OneDaemonAtATime) {
  const PeerDatabase peers = Open();
  BOOST_TEST(Refusal().find("another process has it open") != std::string::npos);
}

// Memory counts, the log says it once, the status as long as it lasts, and all is written once there is room again.
BOOST_AUTO_TEST_CASE(FullDiskIsToldOnceAndMadeGood) {
  std::optional<PeerDatabase> peers(std::in_place, file, log.logger());
  peers->Remember(kPeer, KeyOf(1));
  {
    const FullDisk full(100);
    for (std::uint64_t i = 0; i < 60; ++i) DoStep(i, *peers);
    BOOST_TEST(peers->All().size() == 51U);
    BOOST_TEST(peers->problem().has_value());
    BOOST_TEST(log.Count("cannot be written") == 1U);
    BOOST_TEST(log.lines().size() == 1U);
  }
  std::this_thread::sleep_for(1100ms);  // a full disk is not tried again at once
  peers->Forget(kPeer);
  BOOST_TEST(!peers->problem().has_value());
  BOOST_TEST(log.Count("can be written again") == 1U);
  const Entries now = WithoutSerials(peers->All());
  peers.reset();
  BOOST_TEST((Kept() == now));
}

BOOST_AUTO_TEST_CASE(WhatIsUnwrittenIsWrittenAtTheEnd) {
  {
    PeerDatabase peers = Open();
    const FullDisk full(100);
    peers.Remember(kPeer, KeyOf(1));
    BOOST_TEST(peers.problem().has_value());
  }
  // The limit is lifted before the database closes, as members go in the reverse order.
  BOOST_TEST(Kept().size() == 1U);
}

BOOST_AUTO_TEST_CASE(ManyThreads) {
  {
    PeerDatabase peers = Open();
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&peers, thread] {
        for (std::uint64_t i = 0; i < 400; ++i) {
          DoStep(i * 7 + thread, peers);
          static_cast<void>(peers.Find(kPeer));
        }
      });
    }
    threads.clear();
    const Entries now = WithoutSerials(peers.All());
    fs::copy_file(file, directory / "copy");
    if (fs::exists(directory / "peers-wal")) fs::copy_file(directory / "peers-wal", directory / "copy-wal");
    BOOST_TEST((PeerDatabase(directory / "copy", log.logger()).All() == now));
  }
}

BOOST_DATA_TEST_CASE(KilledAtAnyMoment, boost::unit_test::data::xrange(8)) {
  const std::uint64_t done =
      KillInTheMiddle(std::chrono::milliseconds(15 + 20 * sample), [this](const auto& step_done) {
        PeerDatabase peers = Open();
        for (std::uint64_t number = 0;; ++number) {
          DoStep(number, peers);
          step_done();
        }
      });
  BOOST_TEST_MESSAGE(done << " steps");
  // What was done is there; the step under way may be.
  tcps::PeerCache expected;
  for (std::uint64_t number = 0; number < done; ++number) DoStep(number, expected);
  const Entries kept = Kept();
  if (kept != WithoutSerials(expected.All())) DoStep(done, expected);
  BOOST_TEST((kept == WithoutSerials(expected.All())));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tcpslab::linux_host::test
