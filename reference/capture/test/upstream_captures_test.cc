// The upstream module's own captures: everything that the JSON file beside each says about its frames holds.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "reference/capture/capture_file.h"
#include "reference/capture/decryptor.h"
#include "reference/capture/link_layer.h"
#include "reference/capture/report.h"
#include "reference/capture/test/recording.h"
#include "reference/tcps/hex.h"
#include "reference/wire/packet.h"

namespace tcpslab::capture::test {
namespace {

using nlohmann::json;

constexpr const char* kCaptures = TCPSLAB_SOURCE_DIR "/reference/tcps/test/vectors/captures/";
const char* const kSessions[] = {"a-first",       "b-verified",    "b0-second-natural", "b1-reverse",
                                 "d-only-client", "d-only-server", "e-enforce-server",  "e2-enforce-client"};

json Facts(const std::string& session) { return json::parse(std::ifstream(kCaptures + session + ".json")); }

std::string EphemeralLine(const json& facts) {
  if (!facts.contains("connection")) return "";
  const json& connection = facts["connection"];
  return "TCPS_EPHEMERAL_SECRET " + connection["client_eph_pub"].get<std::string>() + " " +
         connection["shared"].get<std::string>() + "\n";
}

std::string StaticLine(const json& facts) {
  if (!facts.contains("static_shared")) return "";
  const std::string client = facts["client"]["static_pub"];
  const std::string server = facts["server"]["static_pub"];
  const auto& [low, high] = std::minmax(client, server);
  return "TCPS_STATIC_SECRET " + low + " " + high + " " + facts["static_shared"].get<std::string>() + "\n";
}

std::vector<Bytes> Packets(const std::string& session) {
  auto reader = CaptureReader::Open(kCaptures + session + ".pcap");
  BOOST_TEST_REQUIRE(reader.has_value());
  std::vector<Bytes> packets;
  while (true) {
    const auto frame = reader->Next();
    BOOST_TEST_REQUIRE(frame.has_value());
    if (!*frame) return packets;
    const auto packet = FindIpPacket(reader->link_type(), (*frame)->bytes);
    packets.emplace_back(packet.begin(), packet.end());
  }
}

PacketVerdict Expected(const json& frame) {
  const bool tagged = frame.contains("tm_valid");
  if (!tagged) return PacketVerdict::kUntagged;
  return frame["tm_valid"].get<bool>() ? PacketVerdict::kValid : PacketVerdict::kInvalid;
}

std::uint64_t CountFrames(const json& facts, const std::function<bool(const json&)>& predicate) {
  return static_cast<std::uint64_t>(std::ranges::count_if(facts["frames"], predicate));
}

bool HasOption(const json& frame, const std::string& name) {
  return std::ranges::find(frame["options"], json(name)) != frame["options"].end();
}

BOOST_AUTO_TEST_SUITE(upstream_captures)

BOOST_AUTO_TEST_CASE(every_frame_is_judged_and_every_payload_decrypted_as_measured) {
  for (const std::string session : kSessions) {
    BOOST_TEST_CONTEXT(session) {
      const json facts = Facts(session);
      Decryptor decryptor(KeyLog::Parse(EphemeralLine(facts) + StaticLine(facts)).value());
      std::vector<Bytes> packets = Packets(session);
      BOOST_TEST_REQUIRE(packets.size() == facts["frames"].size());
      std::map<std::string, std::string> streams;  // tagged payload in order; no tagged data was sent twice
      for (std::size_t i = 0; i < packets.size(); ++i) {
        const json& frame = facts["frames"][i];
        BOOST_TEST_CONTEXT("frame " << i + 1) {
          const Bytes before = packets[i];
          BOOST_TEST(decryptor.Process(packets[i]) == Expected(frame));
          const bool data = frame.contains("tm_valid") && frame["payload_len"] != 0;
          if (data) streams[frame["dir"]] += PayloadOf(packets[i]);
          BOOST_TEST((before != packets[i]) == data);
        }
      }
      const json plaintext = facts.value("plaintext", json::object());
      for (const auto& [direction, text] : plaintext.items()) {
        BOOST_TEST(tcps::ToHex(std::as_bytes(std::span(streams[direction]))) == text.get<std::string>());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(counts_are_those_of_the_frames) {
  for (const std::string session : kSessions) {
    BOOST_TEST_CONTEXT(session) {
      const json facts = Facts(session);
      Decryptor decryptor(KeyLog::Parse(EphemeralLine(facts) + StaticLine(facts)).value());
      std::vector<Bytes> packets = Packets(session);
      Process(decryptor, packets);
      const bool speaks = CountFrames(facts, [](const json& f) { return HasOption(f, "TC"); }) != 0;
      BOOST_TEST_REQUIRE(decryptor.Connections().size() == (speaks ? 1U : 0U));
      const Statistics seen = decryptor.Totals();
      BOOST_TEST(seen.packets == (speaks ? packets.size() : 0U));
      BOOST_TEST(decryptor.Others().plain_tcp == (speaks ? 0U : packets.size()));
      BOOST_TEST(seen.tags_valid == CountFrames(facts, [](const json& f) { return f.value("tm_valid", false); }));
      BOOST_TEST(seen.tags_invalid == 0U);
      BOOST_TEST(seen.tags_unverifiable == 0U);
      BOOST_TEST(seen.identity_zero ==
                 CountFrames(facts, [](const json& f) { return f.value("ti_auth_tag", "") == "00000000"; }));
      BOOST_TEST(seen.identity_valid == CountFrames(facts, [](const json& f) {
                   return HasOption(f, "TI") && f["ti_auth_tag"] != "00000000";
                 }));
      BOOST_TEST(seen.identity_invalid == 0U);
      BOOST_TEST(seen.identity_unverifiable == 0U);
      if (facts.contains("connection")) {
        BOOST_TEST(seen.unprotected == CountFrames(facts, [](const json& f) { return f.value("unprotected", false); }));
        const Connection& connection = *decryptor.Connections().front();
        BOOST_TEST(connection.TagArithmeticFound() == "lkm");
        BOOST_TEST(wire::ToString(connection.first()) ==
                   facts["client"]["ip"].get<std::string>() + ":" + std::to_string(facts["client"]["port"].get<int>()));
      }
      BOOST_TEST(Verified(decryptor));
    }
  }
}

BOOST_AUTO_TEST_CASE(without_a_static_secret_identity_tags_are_present_but_not_verifiable) {
  const json facts = Facts("b-verified");
  Decryptor decryptor(KeyLog::Parse(EphemeralLine(facts)).value());
  std::vector<Bytes> packets = Packets("b-verified");
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Totals().identity_valid == 0U);
  BOOST_TEST(decryptor.Totals().identity_unverifiable == 2U);
  BOOST_TEST(Verified(decryptor));
}

BOOST_AUTO_TEST_CASE(an_identity_tag_that_no_secret_of_its_sender_explains_is_invalid) {
  json facts = Facts("b-verified");
  facts["static_shared"] = std::string(64, '5');
  Decryptor decryptor(KeyLog::Parse(EphemeralLine(facts) + StaticLine(facts)).value());
  std::vector<Bytes> packets = Packets("b-verified");
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Totals().identity_invalid == 2U);
  BOOST_TEST(decryptor.Totals().identity_unverifiable == 0U);
  BOOST_TEST(!Verified(decryptor));
}

BOOST_AUTO_TEST_CASE(sessions_one_after_the_other_are_told_apart) {
  std::string keys;
  std::vector<Bytes> packets;
  for (const std::string session : kSessions) {
    keys += EphemeralLine(Facts(session)) + StaticLine(Facts(session));
    std::ranges::move(Packets(session), std::back_inserter(packets));
  }
  Decryptor decryptor(KeyLog::Parse(keys).value());
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Connections().size() == 6U);
  BOOST_TEST(decryptor.Totals().tags_valid == 4U + 4U + 3U + 4U);
  BOOST_TEST(decryptor.Totals().tags_invalid == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::capture::test
