// The lines of the TCP/S readme ("dmesg — sessions and errors") and of the upstream module (spec tcps-wire.md, section
// 7), for what a real engine reports wherever it reports it.
#include "reference/linux/log_lines.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "reference/linux/test/scratch.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::linux_host::test {
namespace {

using stack::Event;
using stack::EventKind;
using stack::Side;
using tcps::Dialect;
using tcps::test::Conversation;
using Lines = std::vector<std::string>;

constexpr bool kEnforced = true;

std::string Shown(const LogLine& line) {
  return std::string(spdlog::level::to_short_c_str(line.level)) + " tcps: " + line.text;
}

Lines Shown(const std::vector<LogLine>& lines) {
  Lines shown;
  for (const LogLine& line : lines) {
    if (line.level >= spdlog::level::info) shown.push_back(Shown(line));
  }
  return shown;
}

// What a host's log would say of a conversation.
Lines LogOf(Conversation& talk, Side side, bool tofu_enforce = kEnforced) {
  Lines all;
  for (const Event& event : talk.pair().events(side)) {
    for (const std::string& line : Shown(LinesOf(event, tofu_enforce))) all.push_back(line);
  }
  return all;
}

Lines LinesOfEvent(EventKind kind, std::string detail = {}) {
  return Shown(LinesOf({.kind = kind,
                        .time = {},
                        .flow = {.local = EndpointOf("192.168.1.127", 80),
                                 .remote = EndpointOf("192.168.1.69", 41548),
                                 .role = stack::Role::kServer},
                        .detail = std::move(detail)},
                       kEnforced));
}

// With the addresses of the readme's examples.
struct ReadmeExample : Conversation {
  explicit ReadmeExample(const tcps::test::Hosts& hosts = Conversation::Both(Dialect::kReadme)) : Conversation(hosts) {
    client_end = EndpointOf("192.168.1.69", 41548);
    server_end = EndpointOf("192.168.1.127", 80);
  }
  std::string FingerprintOf(Side side) { return tcps::Fingerprint(tcps(side).identity()); }
};

const std::string kSession = "192.168.1.69:41548 <-> 192.168.1.127:80";

}  // namespace

BOOST_AUTO_TEST_CASE(LoadingNamesTheModuleAndTheFingerprint) {
  crypto::PublicKey key{};
  const std::vector<std::byte> first = {std::byte{0xa1}, std::byte{0xb2}, std::byte{0xc3}, std::byte{0xd4},
                                        std::byte{0xe5}, std::byte{0xf6}, std::byte{0xa7}, std::byte{0xb8}};
  std::ranges::copy(first, key.begin());
  const std::string fingerprint = "I tcps: identity fingerprint: a1b2c3d4e5f6a7b8";
  BOOST_TEST((Shown(LinesAtStart(Dialect::kReadme, key)) ==
              Lines{"I tcps: module loaded, ECDH + ChaCha20-Poly1305 + TOFU active", fingerprint}));
  BOOST_TEST((Shown(LinesAtStart(Dialect::kLkm, key)) ==
              Lines{"I tcps: module loaded, ECDH (X25519) + ChaCha20-Poly1305 + TOFU active", fingerprint}));
  BOOST_TEST(Shown(LineAtEnd()) == "I tcps: module unloaded");
}

// The client comes first on both hosts.
BOOST_AUTO_TEST_CASE(FirstConnection) {
  ReadmeExample talk;
  talk.HandshakeAndAck();
  BOOST_TEST((LogOf(talk, Side::kClient) ==
              Lines{"I tcps: encrypted session " + kSession + " (ECDH+AEAD)",
                    "I tcps: TOFU: new peer 192.168.1.127 fingerprint " + talk.FingerprintOf(Side::kServer),
                    "I tcps: session authenticated " + kSession + " (TOFU+auth_tag)"}));
  BOOST_TEST((LogOf(talk, Side::kServer) ==
              Lines{"I tcps: encrypted session " + kSession + " (ECDH+AEAD)",
                    "I tcps: TOFU: new peer 192.168.1.69 fingerprint " + talk.FingerprintOf(Side::kClient),
                    "I tcps: session authenticated " + kSession + " (TOFU+auth_tag)"}));
}

BOOST_AUTO_TEST_CASE(Ipv6SessionHasBrackets) {
  tcps::test::Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.family = wire::Family::kIpv6;
  Conversation talk(hosts);
  talk.Handshake();
  BOOST_TEST(LogOf(talk, Side::kClient).front() ==
             "I tcps: encrypted session [2001:db8::1]:40001 <-> [2001:db8::2]:80 (ECDH+AEAD)");
}

BOOST_AUTO_TEST_CASE(OtherKeyIsMitm) {
  ReadmeExample talk;
  talk.HandshakeAndAck();
  const std::string expected = talk.FingerprintOf(Side::kServer);
  talk.pair().Restart(Side::kServer, Conversation::Maker({}));
  talk.NewConnection();
  const std::size_t before = LogOf(talk, Side::kClient).size();
  talk.HandshakeAndAck();
  const Lines lines = LogOf(talk, Side::kClient);
  const Lines told(lines.begin() + static_cast<std::ptrdiff_t>(before), lines.end());
  BOOST_TEST((told == Lines{"I tcps: encrypted session 192.168.1.69:41549 <-> 192.168.1.127:80 (ECDH+AEAD)",
                            "W tcps: MITM detected! Static key mismatch for peer 192.168.1.127",
                            "W tcps: expected " + expected + ", got " + talk.FingerprintOf(Side::kServer),
                            "W tcps: dropping packet from 192.168.1.127 - TOFU verification failed",
                            "W tcps: session blocked 192.168.1.69:41549 <-> 192.168.1.127:80, dropping all of it"}));
}

BOOST_AUTO_TEST_CASE(WrongProofIsMitm) {
  ReadmeExample talk;
  talk.HandshakeAndAck();
  talk.NewConnection();
  talk.Syn();
  talk.SynAck();
  const std::size_t before = LogOf(talk, Side::kServer).size();
  talk.Forge(Side::kServer, talk.NextTi(Side::kClient, {.key = talk.tcps(Side::kClient).identity(),
                                                        .proof = {std::byte{1}, std::byte{2}, std::byte{3}}}));
  const Lines lines = LogOf(talk, Side::kServer);
  BOOST_TEST_REQUIRE(lines.size() > before + 1);
  BOOST_TEST(lines[before] == "W tcps: MITM detected! auth_tag mismatch for peer 192.168.1.69");
  BOOST_TEST(lines[before + 1] == "W tcps: dropping packet from 192.168.1.69 - TOFU verification failed");
}

// "0=log only".
BOOST_AUTO_TEST_CASE(MismatchThatIsOnlyLoggedDropsNothing) {
  const std::vector<LogLine> lines = LinesOf({.kind = EventKind::kMitmSuspected,
                                              .time = {},
                                              .flow = FlowOf(1),
                                              .detail = "auth_tag mismatch for peer 10.0.0.1"},
                                             !kEnforced);
  BOOST_TEST((Shown(lines) == Lines{"W tcps: MITM detected! auth_tag mismatch for peer 10.0.0.1"}));
}

BOOST_AUTO_TEST_CASE(MismatchOfAnIpv6Peer) {
  BOOST_TEST((Shown(LinesOf({.kind = EventKind::kMitmSuspected,
                             .time = {},
                             .flow = FlowOf(1),
                             .detail = "static key mismatch for peer 2001:db8::2: expected 9a8b7c6d5e4f3a2b, got "
                                       "deadbeef12345678"},
                            !kEnforced)) == Lines{"W tcps: MITM detected! Static key mismatch for peer 2001:db8::2",
                                                  "W tcps: expected 9a8b7c6d5e4f3a2b, got deadbeef12345678"}));
}

BOOST_AUTO_TEST_CASE(MissingAndWrongTag) {
  ReadmeExample talk;
  talk.HandshakeAndAck();
  talk.Forge(Side::kServer, talk.Next(Side::kClient, wire::kPsh | wire::kAck, "forged"));
  BOOST_TEST(LogOf(talk, Side::kServer).back() == "W tcps: no MAC option, dropping");
  talk.pair().SetPath([](Side, stack::OwnedSegment& segment) {
    if (tcps::test::HasTm(segment)) segment->payload[0] ^= std::byte{1};
    return true;
  });
  talk.Data(Side::kClient, "damaged");
  BOOST_TEST(LogOf(talk, Side::kServer).back() == "W tcps: MAC verification failed, dropping");
}

BOOST_AUTO_TEST_CASE(PeerWithoutTheModule) {
  tcps::test::Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.server_speaks = false;
  ReadmeExample plain(hosts);
  plain.Syn();
  plain.SynAck();
  BOOST_TEST(
      (LogOf(plain, Side::kClient) == Lines{"W tcps: SYN+ACK in without TCPS option",
                                            "I tcps: session not encrypted " + kSession + " (SYN-ACK without TC)"}));
  hosts.client.policy.enforce = true;
  ReadmeExample refused(hosts);
  refused.Syn();
  refused.SynAck();
  BOOST_TEST((LogOf(refused, Side::kClient) == Lines{"W tcps: SYN+ACK in without TCPS option",
                                                     "W tcps: session refused " + kSession + " (SYN-ACK without TC)"}));
}

BOOST_AUTO_TEST_CASE(LinesOfTheModule) {
  BOOST_TEST((LinesOfEvent(EventKind::kNoRoom) == Lines{"W tcps: failed to add MAC option, dropping"}));
  BOOST_TEST(
      (LinesOfEvent(EventKind::kLowOrderKey, "TC") == Lines{"W tcps: ECDH shared secret invalid, aborting session"}));
  BOOST_TEST((LinesOfEvent(EventKind::kLowOrderKey, "TI") == Lines{"W tcps: auth_tag DH failed for 192.168.1.69"}));
}

// "A missing and an invalid tag are logged in two different lines", and no event passes in silence.
BOOST_AUTO_TEST_CASE(EveryEventHasItsOwnWords) {
  std::set<Lines> seen;
  for (std::size_t i = 0; i < stack::kEventKinds; ++i) {
    const auto kind = static_cast<EventKind>(i);
    const Lines lines = LinesOfEvent(kind);
    BOOST_TEST(!lines.empty(), ToString(kind));
    BOOST_TEST(seen.insert(lines).second, ToString(kind));
  }
}

}  // namespace tcpslab::linux_host::test
