// Captures of the in-process pair: what the tool must open, and what it must refuse.
#include "reference/capture/decryptor.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "reference/capture/report.h"
#include "reference/capture/test/recording.h"
#include "reference/tcps/options.h"

namespace tcpslab::capture::test {
namespace {

using stack::Side;
using tcps::Dialect;
using tcps::test::Conversation;
using tcps::test::Hosts;

constexpr Dialect kDialects[] = {Dialect::kReadme, Dialect::kLkm};

// A request, a response and both FINs, tagged: four tags.
void Visit(Conversation& talk) {
  talk.Handshake();
  talk.Data(Side::kClient, "GET / of the client");
  talk.Data(Side::kServer, "the server's answer");
  talk.Fin(Side::kClient);
  talk.Fin(Side::kServer);
}
constexpr std::uint64_t kVisitTags = 4;

std::string Plaintext(const std::vector<Bytes>& packets) {
  std::string text;
  for (const Bytes& packet : packets) text += PayloadOf(packet);
  return text;
}

std::size_t IndexOfFirstData(const std::vector<Bytes>& packets) {
  const auto found = std::ranges::find_if(packets, [](const Bytes& packet) { return !PayloadOf(packet).empty(); });
  return static_cast<std::size_t>(found - packets.begin());
}

BOOST_AUTO_TEST_SUITE(decryptor)

BOOST_AUTO_TEST_CASE(both_dialects_are_opened_and_named) {
  for (const Dialect dialect : kDialects) {
    Conversation talk(Conversation::Both(dialect));
    Visit(talk);
    std::vector<Bytes> packets = Record(talk);
    Decryptor decryptor = MakeDecryptor(talk);
    Process(decryptor, packets);
    BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags);
    BOOST_TEST(decryptor.Totals().packets == packets.size());
    BOOST_TEST(Verified(decryptor));
    BOOST_TEST(Plaintext(packets) == "GET / of the clientthe server's answer");
    BOOST_TEST_REQUIRE(decryptor.Connections().size() == 1U);
    BOOST_TEST(decryptor.Connections().front()->TagArithmeticFound() ==
               (dialect == Dialect::kReadme ? "standard" : "lkm"));
  }
}

BOOST_AUTO_TEST_CASE(ipv6) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.family = wire::Family::kIpv6;
  Conversation talk(hosts);
  Visit(talk);
  std::vector<Bytes> packets = Record(talk);
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags);
  BOOST_TEST(Plaintext(packets) == "GET / of the clientthe server's answer");
}

BOOST_AUTO_TEST_CASE(only_payload_and_tcp_checksum_change) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  const std::vector<Bytes> before = Record(talk);
  std::vector<Bytes> after = before;
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, after);
  for (std::size_t i = 0; i < before.size(); ++i) {
    wire::Packet packet = wire::ParsePacket(after[i]).value();
    BOOST_TEST(wire::TcpChecksumValid(std::span(after[i]).subspan(packet.ip_header.size()),
                                      packet.segment.source.address, packet.segment.destination.address));
    Bytes encrypted = before[i];
    const wire::Packet original = wire::ParsePacket(encrypted).value();
    BOOST_TEST(packet.segment.payload.empty() == (before[i] == after[i]));
    std::ranges::copy(original.segment.payload, packet.segment.payload.begin());
    Bytes restored(before[i].size());
    BOOST_TEST(wire::EmitPacket(packet, restored, wire::Checksum::kCompute).has_value());
    BOOST_TEST((restored == before[i]));
  }
}

BOOST_AUTO_TEST_CASE(retransmitted_duplicated_and_reordered_segments_verify) {
  for (const Dialect dialect : kDialects) {
    Conversation talk(Conversation::Both(dialect));
    talk.Handshake();
    for (int i = 0; i < 20; ++i) talk.Data(Side::kClient, "segment " + std::to_string(i));
    talk.client_next -= 10;
    talk.Data(Side::kClient, "segment 19");
    std::vector<Bytes> packets = Record(talk);
    const auto first_data = packets.begin() + static_cast<std::ptrdiff_t>(IndexOfFirstData(packets));
    packets.insert(first_data + 5, *(first_data + 4));
    std::mt19937 random(1);
    std::shuffle(packets.begin() + static_cast<std::ptrdiff_t>(IndexOfFirstData(packets)), packets.end(), random);
    Decryptor decryptor = MakeDecryptor(talk);
    Process(decryptor, packets);
    BOOST_TEST(decryptor.Totals().tags_valid == 22U);
    BOOST_TEST(Verified(decryptor));
  }
}

BOOST_AUTO_TEST_CASE(sequence_numbers_wrap) {
  for (const Dialect dialect : kDialects) {
    Conversation talk(Conversation::Both(dialect));
    talk.client_next = 0xfffffffa;
    talk.server_next = 0xffffffff;
    Visit(talk);
    std::vector<Bytes> packets = Record(talk);
    Decryptor decryptor = MakeDecryptor(talk);
    Process(decryptor, packets);
    BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags);
    BOOST_TEST(Plaintext(packets) == "GET / of the clientthe server's answer");
  }
}

BOOST_AUTO_TEST_CASE(positions_go_on_beyond_4_gib) {
  for (const Dialect dialect : kDialects) {
    Conversation talk(Conversation::Both(dialect));
    talk.Handshake();
    constexpr int kSegments = 60;  // 1 GiB apart
    for (int i = 0; i < kSegments; ++i) {
      talk.Data(Side::kClient, "somewhere");
      talk.client_next += 0x40000000;
    }
    std::vector<Bytes> packets = Record(talk);
    Decryptor decryptor = MakeDecryptor(talk);
    Process(decryptor, packets);
    BOOST_TEST(decryptor.Totals().tags_valid == kSegments);
    BOOST_TEST(PayloadOf(packets.back()) == "somewhere");
  }
}

// Spec tcps-wire.md, section 4: with these offsets the module uses positions 0x0fffffff0, 0x100000010, 0x1ffffff00 and
// 0x200000060; the readme dialect, by R11, 0x0ffffff00 for the third and 0x100000060 for the last.
BOOST_AUTO_TEST_CASE(a_retransmission_from_before_the_boundary_verifies_in_either_dialect) {
  for (const Dialect dialect : kDialects) {
    Conversation talk(Conversation::Both(dialect));
    talk.Handshake();
    const std::uint32_t start = talk.client_next;
    std::string sent;
    for (const std::uint32_t offset : {0x40000000U, 0x80000000U, 0xc0000000U, 0xfffffff0U, 0x10U, 0xffffff00U, 0x60U}) {
      talk.client_next = start + offset;
      sent += "offset " + std::to_string(offset);
      talk.Data(Side::kClient, "offset " + std::to_string(offset));
    }
    std::vector<Bytes> packets = Record(talk);
    Decryptor decryptor = MakeDecryptor(talk);
    Process(decryptor, packets);
    BOOST_TEST(decryptor.Totals().tags_valid == 7U);
    BOOST_TEST(Plaintext(packets) == sent);
  }
}

BOOST_AUTO_TEST_CASE(a_second_connection_on_the_same_ports_is_another_one) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  const wire::Endpoint client = talk.client_end;
  Visit(talk);
  talk.NewConnection();
  talk.client_end = client;
  const std::size_t first_visit = talk.pair().wire().size();
  Visit(talk);
  std::vector<Bytes> packets = Record(talk);
  // Late copies of the first connection's data: between the second SYN and its answer, and at the very end.
  const Bytes late = packets[IndexOfFirstData(packets)];
  packets.insert(packets.begin() + static_cast<std::ptrdiff_t>(first_visit) + 1, late);
  packets.push_back(late);
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  const auto connections = decryptor.Connections();
  BOOST_TEST_REQUIRE(connections.size() == 2U);
  BOOST_TEST(connections[0]->statistics().tags_valid == kVisitTags + 2);
  BOOST_TEST(connections[1]->statistics().tags_valid == kVisitTags);
  BOOST_TEST(Verified(decryptor));
}

BOOST_AUTO_TEST_CASE(handshake_segments_seen_again_change_nothing) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.Syn();
  talk.SynAck();
  --talk.server_next;
  talk.SynAck();  // the module sends this one without TC (spec tcps-wire.md, section 7)
  BOOST_TEST_REQUIRE(!tcps::FindTc(talk.pair().wire().back().second->options).has_value());
  talk.Ack(Side::kClient);
  talk.Data(Side::kClient, "one");
  talk.Data(Side::kServer, "two");
  std::vector<Bytes> packets = Record(talk);
  packets.push_back(packets[0]);
  packets.push_back(packets[1]);
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Connections().size() == 1U);
  BOOST_TEST(decryptor.Totals().tags_valid == 2U);
  BOOST_TEST(decryptor.Totals().packets == packets.size());
}

BOOST_AUTO_TEST_CASE(forged_syns_do_not_cut_off_the_living_connection) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.Handshake();
  talk.Data(Side::kClient, "one");
  talk.Data(Side::kClient, "two");
  talk.Ack(Side::kServer);
  std::vector<Bytes> packets = Record(talk);
  const std::size_t genuine = packets.size();
  for (unsigned char i = 1; i <= 6; ++i) {
    Bytes forged = packets.front();
    forged[20 + 7] ^= std::byte{i};  // another initial sequence number
    packets.insert(packets.end() - 2, forged);
  }
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST(Verified(decryptor));
  const Statistics& living = decryptor.Connections().front()->statistics();
  BOOST_TEST(living.tags_valid == 2U);
  BOOST_TEST(living.packets == genuine);  // the last ACK included
}

BOOST_AUTO_TEST_CASE(a_forged_syn_ack_does_not_move_a_proven_sequence) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.Handshake();
  talk.Data(Side::kServer, "one");
  talk.Data(Side::kServer, "two");
  std::vector<Bytes> packets = Record(talk);
  Bytes forged = packets[1];
  forged[20 + 7] ^= std::byte{0x55};
  packets.insert(packets.end() - 1, forged);
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Totals().tags_valid == 2U);
  BOOST_TEST(decryptor.Connections().size() == 1U);
}

// Spec tcps-wire.md, section 2.1: it is neither encrypted nor tagged, and nobody expects it to be.
BOOST_AUTO_TEST_CASE(payload_of_a_syn_passes) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  std::vector<Bytes> packets = Record(talk);
  wire::Segment syn = wire::ParsePacket(packets[0]).value().segment;
  Bytes data(8);
  syn.payload = data;
  const Bytes with_data = ToPacket(syn);
  packets[0] = with_data;
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST((packets[0] == with_data));
  BOOST_TEST(decryptor.Totals().unprotected == 0U);
  BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags);
}

BOOST_AUTO_TEST_CASE(simultaneous_open_is_one_connection_in_clear) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  const auto syn = Conversation::WithSynOptions(talk.Next(Side::kClient, wire::kSyn));
  const auto other = Conversation::WithSynOptions(talk.Next(Side::kServer, wire::kSyn));
  auto& pair = talk.pair();
  pair.SetPath([](Side, const auto&) { return false; });  // the SYNs cross
  talk.Send(Side::kClient, syn);
  talk.Send(Side::kServer, other);
  pair.SetPath({});
  talk.client_acknowledges = talk.server_next;
  talk.server_acknowledges = talk.client_next;
  for (const Side side : {Side::kClient, Side::kServer}) {
    auto answer = Conversation::WithSynOptions(talk.Next(side, wire::kSyn | wire::kAck));
    --answer->sequence;
    talk.Send(side, answer);
  }
  talk.Data(Side::kClient, "in clear");
  std::vector<Bytes> packets = Record(talk);
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST_REQUIRE(decryptor.Connections().size() == 1U);
  BOOST_TEST(ToString(decryptor.Connections().front()->key_status()) == "not-answered");
  BOOST_TEST(decryptor.Totals().unprotected == 1U);
  BOOST_TEST(decryptor.Totals().packets == packets.size());
}

BOOST_AUTO_TEST_CASE(a_host_without_tcps_leaves_the_connection_in_clear) {
  Hosts hosts = Conversation::Both(Dialect::kReadme);
  hosts.server_speaks = false;
  Conversation talk(hosts);
  Visit(talk);
  const std::vector<Bytes> before = Record(talk);
  std::vector<Bytes> packets = before;
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST((packets == before));
  BOOST_TEST_REQUIRE(decryptor.Connections().size() == 1U);
  BOOST_TEST(ToString(decryptor.Connections().front()->key_status()) == "not-answered");
  BOOST_TEST(decryptor.Totals().unprotected == 4U);
  BOOST_TEST(Verified(decryptor));
}

BOOST_AUTO_TEST_CASE(without_its_syn_a_connection_stays_closed) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  for (const std::ptrdiff_t missing : {1, 2}) {  // the SYN; the SYN-ACK too
    std::vector<Bytes> packets = Record(talk);
    packets.erase(packets.begin(), packets.begin() + missing);
    const std::vector<Bytes> before = packets;
    Decryptor decryptor = MakeDecryptor(talk);
    Process(decryptor, packets);
    BOOST_TEST((packets == before));
    BOOST_TEST_REQUIRE(decryptor.Connections().size() == 1U);
    BOOST_TEST(ToString(decryptor.Connections().front()->key_status()) == "no-handshake");
    BOOST_TEST(decryptor.Totals().tags_unverifiable == kVisitTags);
    BOOST_TEST(decryptor.Totals().tags_invalid == 0U);
    BOOST_TEST(!Verified(decryptor));
  }
}

BOOST_AUTO_TEST_CASE(without_a_key_a_connection_stays_closed) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  std::vector<Bytes> packets = Record(talk);
  const std::vector<Bytes> before = packets;
  Decryptor decryptor{KeyLog{}};
  Process(decryptor, packets);
  BOOST_TEST((packets == before));
  BOOST_TEST(ToString(decryptor.Connections().front()->key_status()) == "missing");
  BOOST_TEST(decryptor.Totals().tags_unverifiable == kVisitTags);
  BOOST_TEST(!Verified(decryptor));
}

BOOST_AUTO_TEST_CASE(of_several_secrets_for_one_key_the_right_one_is_found) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  std::string keys = KeyLogText(talk);
  const std::string line = keys.substr(0, keys.find('\n'));
  keys = line.substr(0, line.rfind(' ') + 1) + std::string(64, '7') + "\n" + keys;
  std::vector<Bytes> packets = Record(talk);
  Decryptor decryptor(KeyLog::Parse(keys).value());
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags);
  BOOST_TEST(Plaintext(packets) == "GET / of the clientthe server's answer");
}

BOOST_AUTO_TEST_CASE(any_change_to_what_the_tag_covers_is_found) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  const std::vector<Bytes> recorded = Record(talk);
  const std::size_t data = IndexOfFirstData(recorded);
  constexpr std::size_t kTcp = wire::kIpv4HeaderSize;
  for (const std::size_t offset : {recorded[data].size() - 1,        // payload
                                   kTcp + wire::kTcpHeaderSize + 4,  // tag
                                   kTcp + 13,                        // flags: CWR
                                   kTcp + 7}) {                      // sequence number
    std::vector<Bytes> packets = recorded;
    packets[data][offset] ^= std::byte{0x80};
    Decryptor decryptor = MakeDecryptor(talk);
    const auto verdicts = Process(decryptor, packets);
    BOOST_TEST(verdicts[data] == PacketVerdict::kInvalid);
    BOOST_TEST(decryptor.Totals().tags_invalid == 1U);
    BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags - 1);
    BOOST_TEST(!Verified(decryptor));
  }
}

// Spec tcps-wire.md, section 8: the tag is that of the whole burst, copied to every segment cut from it.
BOOST_AUTO_TEST_CASE(a_burst_verifies_whole_and_is_still_decrypted_when_cut) {
  Conversation talk(Conversation::Both(Dialect::kLkm));
  talk.Handshake();
  const std::string burst(4000, 'x');
  talk.Data(Side::kClient, burst);
  std::vector<Bytes> packets = Record(talk);
  std::vector<Bytes> cut(packets.begin(), packets.end() - 1);
  Bytes whole = packets.back();
  for (const std::size_t begin : {0U, 1000U, 2000U, 3000U}) {
    wire::Segment segment = wire::ParsePacket(whole).value().segment;
    segment.sequence += static_cast<std::uint32_t>(begin);
    segment.payload = segment.payload.subspan(begin, 1000);
    cut.push_back(ToPacket(segment));
  }

  Decryptor of_whole = MakeDecryptor(talk);
  Process(of_whole, packets);
  BOOST_TEST(of_whole.Totals().tags_valid == 1U);
  BOOST_TEST(PayloadOf(packets.back()) == burst);

  cut.push_back(cut.back());  // captured twice: no further part of the burst
  Decryptor of_cut = MakeDecryptor(talk);
  Process(of_cut, cut);
  BOOST_TEST(of_cut.Totals().tags_invalid == 5U);
  BOOST_TEST(of_cut.Totals().tags_repeated == 3U);
  cut.pop_back();
  BOOST_TEST(Plaintext(cut) == burst);
}

BOOST_AUTO_TEST_CASE(a_segment_cut_off_by_the_capture_is_decrypted_but_not_verified) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  std::vector<Bytes> packets = Record(talk);
  const std::size_t data = IndexOfFirstData(packets);
  const Bytes whole = packets[data];
  packets[data].resize(whole.size() - 4);
  Decryptor decryptor = MakeDecryptor(talk);
  const auto verdicts = Process(decryptor, packets);
  BOOST_TEST(verdicts[data] == PacketVerdict::kUnverifiable);
  BOOST_TEST(decryptor.Totals().tags_unverifiable == 1U);
  BOOST_TEST(decryptor.Totals().truncated == 1U);
  BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags - 1);
  const std::string prefix = "GET / of the cl";  // "ient" is not in the capture
  const auto held = std::as_bytes(std::span(prefix));
  const std::size_t headers = packets[data].size() - prefix.size();
  BOOST_TEST(std::ranges::equal(std::span(packets[data]).subspan(headers), held));
  BOOST_TEST(std::ranges::equal(std::span(packets[data]).first(headers), std::span(whole).first(headers)));

  for (const std::size_t size : {headers - 1, wire::kIpv4HeaderSize + 1, wire::kIpv4HeaderSize - 1}) {
    Bytes stump = whole;
    stump.resize(size);
    const Bytes before = stump;
    BOOST_TEST(decryptor.Process(stump) == PacketVerdict::kNotExamined);
    BOOST_TEST((stump == before));
  }
}

BOOST_AUTO_TEST_CASE(link_layer_padding_is_no_payload) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  std::vector<Bytes> packets = Record(talk);
  for (Bytes& packet : packets) packet.resize(packet.size() + 6);
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  BOOST_TEST(decryptor.Totals().tags_valid == kVisitTags);
  BOOST_TEST(decryptor.Totals().unprotected == 0U);
  BOOST_TEST(Plaintext(packets) == "GET / of the clientthe server's answer");
}

BOOST_AUTO_TEST_CASE(fragments_and_other_protocols_pass) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  const std::vector<Bytes> recorded = Record(talk);
  Bytes fragment = recorded[IndexOfFirstData(recorded)];
  fragment[6] = std::byte{0x20};  // more fragments
  Bytes datagram = recorded[0];
  datagram[9] = std::byte{17};  // UDP
  Bytes nonsense(40, std::byte{0xff});
  Bytes empty;
  Decryptor decryptor = MakeDecryptor(talk);
  for (Bytes* packet : {&fragment, &datagram, &nonsense, &empty}) {
    const Bytes before = *packet;
    BOOST_TEST(decryptor.Process(*packet) == PacketVerdict::kNotExamined);
    BOOST_TEST((*packet == before));
  }
  BOOST_TEST(decryptor.Others().fragments == 1U);
  BOOST_TEST(decryptor.Connections().empty());
}

BOOST_AUTO_TEST_CASE(identity_tags_of_both_sides_verify_on_the_second_visit) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  Visit(talk);
  talk.Ack(Side::kServer);
  talk.NewConnection();
  Visit(talk);
  talk.Ack(Side::kServer);
  std::vector<Bytes> packets = Record(talk);
  Decryptor decryptor = MakeDecryptor(talk);
  Process(decryptor, packets);
  const auto connections = decryptor.Connections();
  BOOST_TEST_REQUIRE(connections.size() == 2U);
  BOOST_TEST(connections[0]->statistics().identity_zero == 1U);  // the client's first contact
  BOOST_TEST(connections[1]->statistics().identity_zero == 0U);
  BOOST_TEST(connections[1]->statistics().identity_valid > 0U);
  BOOST_TEST(decryptor.Totals().identity_invalid == 0U);
  BOOST_TEST(decryptor.Totals().identity_unverifiable == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::capture::test
