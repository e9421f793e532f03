// The upstream module talking to itself (test/vectors/captures), frame by frame.
//
// First the constructions alone: what the recorded private keys say about each frame. Then the engine in dialect lkm: a
// host with the recorded private keys must put the recorded bytes on the wire when it gets what the module's TCP sent,
// and must take the peer's recorded frames as the module did. The four sessions a, b0, b1 and b are one run of the same
// two module instances, so that the trust-on-first-use caches carry over.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reference/crypto/test/bytes.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/packet_mac.h"
#include "reference/tcps/stream_position.h"
#include "reference/tcps/test/recorded_session.h"

namespace tcpslab::tcps::test {
namespace {

using crypto::test::Bytes;
using crypto::test::FromHex;
using crypto::test::ToHex;
using crypto::test::ToSecret;
using nlohmann::json;

const std::vector<std::string> kProtectedSessions = {"a-first", "b0-second-natural", "b1-reverse", "b-verified"};
const std::vector<std::string> kEverySession = {"a-first",          "b0-second-natural", "b1-reverse",
                                                "b-verified",       "d-only-client",     "d-only-server",
                                                "e-enforce-server", "e2-enforce-client"};

std::string TextOf(const json& object, const char* name) { return object.at(name).get<std::string>(); }

crypto::KeyPair KeyPairOf(const json& object, const std::string& prefix) {
  return crypto::KeyPair::FromPrivate(ToSecret<32>(FromHex(object.at(prefix + "_priv").get<std::string>())));
}

bool SaysOption(const json& facts, const char* name) {
  const json& options = facts.at("options");
  return std::ranges::find(options, json(name)) != options.end();
}

}  // namespace

// The reader itself: frames parse, emit to the same bytes, and are what the JSON beside them says.
BOOST_DATA_TEST_CASE(FramesAreWhatTheirDescriptionSays, boost::unit_test::data::make(kEverySession), name) {
  const RecordedSession session(name);
  BOOST_TEST_REQUIRE(session.frames().size() == session.facts().at("frames").size());
  for (const RecordedFrame& frame : session.frames()) {
    BOOST_TEST_CONTEXT(name << ", frame " << frame.number) {
      BOOST_TEST(frame.facts.at("frame") == frame.number);
      BOOST_TEST(ToHex(Emit(frame, frame.segment)) == ToHex(frame.packet));
      BOOST_TEST(frame.segment->flags == frame.facts.at("flags").get<unsigned>());
      BOOST_TEST(frame.segment->payload.size() == frame.facts.at("payload_len").get<std::size_t>());
      BOOST_TEST(HasTc(frame.segment) == SaysOption(frame.facts, "TC"));
      BOOST_TEST(HasTm(frame.segment) == SaysOption(frame.facts, "TM"));
      BOOST_TEST(HasTi(frame.segment) == SaysOption(frame.facts, "TI"));
      BOOST_TEST(frame.segment->options.Find(wire::kTimestamps).has_value() == SaysOption(frame.facts, "TS"));
    }
  }
}

// Sections 2 to 6 on every frame of the protected sessions, from the private keys.
BOOST_DATA_TEST_CASE(EveryTagProofAndPayloadFollowsFromThePrivateKeys, boost::unit_test::data::make(kProtectedSessions),
                     name) {
  const RecordedSession session(name);
  const json& connection = session.facts().at("connection");

  const crypto::KeyPair client_ephemeral = KeyPairOf(connection, "client_eph");
  const crypto::KeyPair server_ephemeral = KeyPairOf(connection, "server_eph");
  BOOST_TEST(ToHex(client_ephemeral.public_key) == TextOf(connection, "client_eph_pub"));
  BOOST_TEST(ToHex(server_ephemeral.public_key) == TextOf(connection, "server_eph_pub"));
  const auto shared = crypto::Agree(client_ephemeral.private_key, server_ephemeral.public_key);
  const auto shared_at_server = crypto::Agree(server_ephemeral.private_key, client_ephemeral.public_key);
  BOOST_TEST_REQUIRE((shared.has_value() && shared_at_server.has_value()));
  BOOST_TEST(ToHex(shared->bytes()) == TextOf(connection, "shared"));
  BOOST_TEST(ToHex(shared_at_server->bytes()) == TextOf(connection, "shared"));
  const SessionKeys keys = DeriveSessionKeys(*shared);
  BOOST_TEST(ToHex(keys.enc_c2s.bytes()) == TextOf(connection, "enc_c2s"));
  BOOST_TEST(ToHex(keys.enc_s2c.bytes()) == TextOf(connection, "enc_s2c"));
  BOOST_TEST(ToHex(keys.mac_c2s.bytes()) == TextOf(connection, "mac_c2s"));
  BOOST_TEST(ToHex(keys.mac_s2c.bytes()) == TextOf(connection, "mac_s2c"));

  const crypto::KeyPair client_static = KeyPairOf(session.facts().at("client"), "static");
  const crypto::KeyPair server_static = KeyPairOf(session.facts().at("server"), "static");
  BOOST_TEST(ToHex(client_static.public_key) == TextOf(session.facts().at("client"), "static_pub"));
  BOOST_TEST(ToHex(server_static.public_key) == TextOf(session.facts().at("server"), "static_pub"));
  const auto static_shared = crypto::Agree(client_static.private_key, server_static.public_key);
  BOOST_TEST_REQUIRE(static_shared.has_value());
  BOOST_TEST(ToHex(static_shared->bytes()) == TextOf(session.facts(), "static_shared"));

  std::map<Side, std::string> plaintext;  // each byte once: no protected data was sent twice
  std::map<Side, WrapCountingPosition> positions;
  for (const RecordedFrame& frame : session.frames()) {
    BOOST_TEST_CONTEXT(name << ", frame " << frame.number) {
      const OwnedSegment& segment = frame.segment;
      const bool client = frame.from == Side::kClient;
      const std::uint32_t isn = connection.at(client ? "client_isn" : "server_isn");
      if (segment->Has(wire::kSyn)) {
        BOOST_TEST(segment->sequence == isn);
        const crypto::PublicKey& key = (client ? client_ephemeral : server_ephemeral).public_key;
        BOOST_TEST((FindTc(segment->options) == key));
        BOOST_TEST((segment->options == MakeSynOptions(LinuxSynOptions(), key)));
      }
      if (const auto tag = FindTm(segment->options)) {
        const std::uint64_t position = positions[frame.from].Advance(StreamOffset(segment->sequence, isn));
        BOOST_TEST(position == frame.facts.at("pos").get<std::uint64_t>());
        BOOST_TEST(frame.facts.at("tm_valid").get<bool>());
        const crypto::Tag expected = PacketTag(TagArithmetic::kLkm, client ? keys.mac_c2s : keys.mac_s2c, position,
                                               segment->flags, segment->payload);
        BOOST_TEST(ToHex(*tag) == ToHex(expected));
        OwnedSegment opened = segment;
        crypto::XorKeystream(client ? keys.enc_c2s : keys.enc_s2c, position, opened->payload);
        plaintext[frame.from] += ToHex(opened->payload);
      } else {
        // Data or FIN without TM is what the description calls unprotected, and nothing else is.
        const bool needs_tag = !segment->payload.empty() || segment->Has(wire::kFin);
        BOOST_TEST(needs_tag == frame.facts.value("unprotected", false));
      }
      if (const auto identity = FindTi(segment->options)) {
        BOOST_TEST(segment->IsPureAck());
        BOOST_TEST((identity->key == (client ? client_static : server_static).public_key));
        BOOST_TEST(ToHex(identity->proof) == TextOf(frame.facts, "ti_auth_tag"));
        if (!IsZero(identity->proof)) {
          BOOST_TEST((identity->proof == ComputeAuthTag(*static_shared, connection.at("client_isn"))));
        }
      }
    }
  }
  const json& expected = session.facts().at("plaintext");
  BOOST_TEST(plaintext[Side::kClient] == expected.value("c2s", ""));
  BOOST_TEST(plaintext[Side::kServer] == expected.value("s2c", ""));
}

// Section 6: the server of b0 went DEAD, so the 20 bytes that its application wrote lie on the wire, readable.
BOOST_AUTO_TEST_CASE(UnprotectedFramesAreInClear) {
  const RecordedSession session("b0-second-natural");
  std::size_t in_clear = 0;
  for (const RecordedFrame& frame : session.frames()) {
    if (!frame.facts.value("unprotected", false) || frame.segment->payload.empty()) continue;
    const std::string text = frame.segment.PayloadText();
    BOOST_TEST(text.size() == 20U);
    BOOST_TEST(std::ranges::all_of(text, [](unsigned char c) { return std::isprint(c) != 0; }),
               "frame " << frame.number);
    ++in_clear;
  }
  BOOST_TEST(in_clear == 6U);
}

BOOST_AUTO_TEST_CASE(EngineReplaysTheRunOfFourSessions) {
  std::vector<RecordedSession> sessions;
  for (const std::string& name : kProtectedSessions) sessions.emplace_back(name);

  // The same two machines throughout; in b1 they change roles.
  std::map<std::string, ReplayHost> hosts;
  for (const char* end : {"client", "server"}) {
    const json& facts = sessions.front().facts().at(end);
    std::vector<Bytes> draws = {FromHex(TextOf(facts, "static_priv")), Bytes(16)};
    for (const RecordedSession& session : sessions) {
      const char* role = TextOf(session.facts().at("client"), "ip") == TextOf(facts, "ip") ? "client" : "server";
      draws.push_back(FromHex(TextOf(session.facts().at("connection"),
                                     role == std::string("client") ? "client_eph_priv" : "server_eph_priv")));
    }
    hosts.try_emplace(TextOf(facts, "ip"), stack::Policy(), draws);
  }

  for (const RecordedSession& session : sessions) {
    const std::string& name = session.name();
    Replay replay(session, &hosts.at(TextOf(session.facts().at("client"), "ip")),
                  &hosts.at(TextOf(session.facts().at("server"), "ip")));
    const std::vector<DeliveredFrame> delivered = replay.Run();

    std::map<Side, std::string> received;
    for (const DeliveredFrame& got : delivered) {
      BOOST_TEST_CONTEXT(name << ", frame " << got.frame->number) {
        const OwnedSegment& sent = got.frame->segment;
        if (name != "b0-second-natural") {
          BOOST_TEST_REQUIRE(got.segment.has_value());
          if (!sent->payload.empty()) received[got.frame->from] += ToHex((*got.segment)->payload);
        } else if (got.frame->number == 3) {
          BOOST_TEST(!got.segment.has_value());  // "dropping packet from 10.77.0.1 - TOFU verification failed"
        } else if (got.frame->facts.value("unprotected", false)) {
          BOOST_TEST(!got.segment.has_value());  // "no MAC option, dropping"
        } else if (got.frame->number == 4) {
          BOOST_TEST_REQUIRE(got.segment.has_value());
          // The ciphertext, which the server's application read.
          BOOST_TEST(ToHex((*got.segment)->payload) ==
                     session.facts().at("application").at("server")[1][4].get<std::string>());
          BOOST_TEST(got.segment->PayloadText() == sent.PayloadText());
        } else {
          BOOST_TEST(got.segment.has_value());
        }
      }
    }
    if (name != "b0-second-natural") {
      BOOST_TEST(received[Side::kClient] == TextOf(session.facts().at("plaintext"), "c2s"), name);
      BOOST_TEST(received[Side::kServer] == TextOf(session.facts().at("plaintext"), "s2c"), name);
    }
    if (name == "b1-reverse") {
      // Its log ends with a frame that its capture does not hold: the FIN of b0 that nobody acknowledged,
      // sent again, and dropped by the machine that was the client then.
      const RecordedFrame& fin = sessions[1].frames().at(12);
      BOOST_TEST_REQUIRE(fin.facts.at("unprotected").get<bool>());
      BOOST_TEST(!replay.host(Side::kServer)->Receive(fin).has_value());
    }
    replay.CheckLogs();
  }
  for (const auto& [address, host] : hosts) BOOST_TEST(host.AllDrawn(), address);
}

// Where one end has no module nothing is derived, and the private key behind the client's TC was not recorded.
BOOST_DATA_TEST_CASE(EngineReplaysTheSessionsWithOneModule,
                     boost::unit_test::data::make({"d-only-client", "d-only-server", "e-enforce-server",
                                                   "e2-enforce-client"}),
                     name) {
  const RecordedSession session(name);
  std::map<std::string, ReplayHost> hosts;
  const auto host_of = [&](const char* end) -> ReplayHost* {
    const json& facts = session.facts().at(end);
    if (!facts.at("module_loaded").get<bool>()) return nullptr;
    const stack::Policy policy{.enforce = facts.at("params") == "enforce=1"};
    const std::vector<Bytes> draws = {FromHex(TextOf(facts, "static_priv")), Bytes(16), Bytes(32, std::byte{7})};
    return &hosts.try_emplace(end, policy, draws).first->second;
  };
  Replay replay(session, host_of("client"), host_of("server"));
  for (const DeliveredFrame& got : replay.Run()) {
    BOOST_TEST_CONTEXT(name << ", frame " << got.frame->number) {
      const bool refused = name == std::string("e-enforce-server") ||
                           (name == std::string("e2-enforce-client") && got.frame->number == 2);
      BOOST_TEST(got.segment.has_value() == !refused);
      if (got.segment) BOOST_TEST(ToHex(Emit(*got.frame, *got.segment)) == ToHex(got.frame->packet));
    }
  }
  replay.CheckLogs();
}

}  // namespace tcpslab::tcps::test
