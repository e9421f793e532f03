#include "reference/tcps/test/recorded_session.h"

#include <pcap/pcap.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <stdexcept>

#include "reference/tcps/identity.h"
#include "reference/wire/packet.h"

namespace tcpslab::tcps::test {

using crypto::test::Bytes;
using crypto::test::FromHex;
using crypto::test::ToHex;
using nlohmann::json;
using stack::Instant;
using stack::Verdict;

namespace {

const std::string kFolder = TCPSLAB_SOURCE_DIR "/reference/tcps/test/vectors/captures/";
constexpr std::size_t kEthernetHeaderSize = 14;

const char* NameOf(Side side) { return side == Side::kClient ? "client" : "server"; }

RecordedFrame ReadFrame(const json& facts, Instant time, Bytes packet) {
  const auto parsed = wire::ParsePacket(packet);
  if (!parsed) throw std::runtime_error(std::string(wire::ToString(parsed.error())));
  RecordedFrame frame{.number = facts.at("frame"),
                      .time = time,
                      .from = facts.at("dir") == "c2s" ? Side::kClient : Side::kServer,
                      .facts = facts,
                      .packet = {},
                      .ip_header = {parsed->ip_header.begin(), parsed->ip_header.end()},
                      .segment = OwnedSegment(parsed->segment)};
  const std::size_t size = frame.ip_header.size() + frame.segment->HeaderSize() + frame.segment->payload.size();
  packet.resize(size);  // without the padding of a short Ethernet frame
  frame.packet = std::move(packet);
  return frame;
}

}  // namespace

Bytes Emit(const RecordedFrame& frame, const OwnedSegment& segment) {
  Bytes out(2000);
  const auto size =
      wire::EmitPacket({.ip_header = frame.ip_header, .segment = *segment}, out, wire::Checksum::kCompute);
  if (!size) throw std::runtime_error(std::string(wire::ToString(size.error())));
  out.resize(*size);
  return out;
}

RecordedSession::RecordedSession(const std::string& name) : name_(name) {
  std::ifstream stream(kFolder + name + ".json");
  facts_ = json::parse(stream);

  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> pcap(
      pcap_open_offline((kFolder + name + ".pcap").c_str(), error.data()), pcap_close);
  if (!pcap) throw std::runtime_error(error.data());
  if (pcap_datalink(pcap.get()) != DLT_EN10MB) throw std::runtime_error(name + ": not Ethernet");
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(pcap.get(), &header, &data) == 1) {
    const auto bytes = std::as_bytes(std::span(data, header->caplen)).subspan(kEthernetHeaderSize);
    const Instant time(std::chrono::seconds(header->ts.tv_sec) + std::chrono::microseconds(header->ts.tv_usec));
    frames_.push_back(ReadFrame(facts_.at("frames").at(frames_.size()), time, Bytes(bytes.begin(), bytes.end())));
  }
}

std::vector<std::string> RecordedSession::Log(Side side) const {
  return facts_.at("log").value(NameOf(side), std::vector<std::string>());
}

struct ReplayHost::Surroundings final : stack::SegmentSink, stack::EventSink, crypto::Random {
  void ToNetwork(const Segment&) override { BOOST_ERROR("the module sends nothing on its own"); }
  void ToHost(const Segment&) override { BOOST_ERROR("the module delivers nothing on its own"); }
  void OnEvent(const stack::Event& event) override { events.push_back(event); }
  void Fill(std::span<std::byte> out) override {
    BOOST_TEST_REQUIRE(!draws.empty());
    BOOST_TEST_REQUIRE(draws.front().size() == out.size());
    std::ranges::copy(draws.front(), out.begin());
    draws.pop_front();
  }

  std::deque<Bytes> draws;
  std::vector<stack::Event> events;
};

ReplayHost::ReplayHost(const stack::Policy& policy, std::vector<Bytes> draws)
    : surroundings_(std::make_shared<Surroundings>()) {
  surroundings_->draws.assign(draws.begin(), draws.end());
  tcps_ = std::make_shared<Tcps>(
      Config{.dialect = Dialect::kLkm, .policy = policy, .deviations = {}},
      stack::Services{.segments = *surroundings_, .events = *surroundings_, .random = *surroundings_});
}

void ReplayHost::RunTimers(Instant now) {
  while (tcps_->NextDeadline() <= now) tcps_->Expire(tcps_->NextDeadline());
}

std::optional<OwnedSegment> ReplayHost::Send(const OwnedSegment& segment, Instant now) {
  RunTimers(now);
  OwnedSegment copy = segment;
  if (tcps_->Outbound(*copy, now) == Verdict::kDrop) return std::nullopt;
  return OwnedSegment(*copy);
}

std::optional<OwnedSegment> ReplayHost::Receive(const RecordedFrame& frame) {
  RunTimers(frame.time);
  OwnedSegment copy = frame.segment;
  if (tcps_->Inbound(*copy, frame.time) == Verdict::kDrop) return std::nullopt;
  return OwnedSegment(*copy);
}

bool ReplayHost::AllDrawn() const { return surroundings_->draws.empty(); }

std::vector<stack::Event> ReplayHost::TakeEvents() { return std::exchange(surroundings_->events, {}); }

Replay::Replay(const RecordedSession& session, ReplayHost* client, ReplayHost* server)
    : session_(session), client_(client), server_(server) {
  for (ReplayHost* each : {client, server}) {
    if (each != nullptr) each->TakeEvents();
  }
}

OwnedSegment Replay::BeforeTheModule(const RecordedFrame& frame) const {
  OwnedSegment segment = frame.segment;
  if (HasTc(segment)) {
    // Linux's own options, as the sessions with one module show them. Of these only the MSS is left, 20 lower.
    segment->options = LinuxSynOptions();
  } else if (HasTi(segment)) {
    segment->options = {};
  } else if (HasTm(segment)) {
    segment->options = {};
    const std::string text =
        session_.facts().at("plaintext").value(frame.facts.at("dir").get<std::string>(), std::string());
    const Bytes stream = FromHex(text);
    if (!segment->payload.empty()) {
      segment.SetPayload(std::span(stream).subspan(frame.facts.at("pos"), frame.segment->payload.size()));
    }
  }
  return segment;
}

std::vector<DeliveredFrame> Replay::Run() {
  std::vector<DeliveredFrame> delivered;
  for (const RecordedFrame& frame : session_.frames()) {
    BOOST_TEST_CONTEXT(session_.name() << ", frame " << frame.number) {
      if (ReplayHost* sender = host(frame.from)) {
        std::optional<OwnedSegment> sent = sender->Send(BeforeTheModule(frame), frame.time);
        BOOST_TEST_REQUIRE(sent.has_value());
        if (HasTc(*sent) && !session_.facts().contains("connection")) {
          // The key is not the recorded one; everything around it is.
          BOOST_TEST((*FindTc((*sent)->options) != *FindTc(frame.segment->options)));
          (*sent)->options = MakeSynOptions(LinuxSynOptions(), *FindTc(frame.segment->options));
        }
        BOOST_TEST(ToHex(Emit(frame, *sent)) == ToHex(frame.packet));
      }
      ReplayHost* receiver = host(stack::Opposite(frame.from));
      delivered.push_back({&frame, receiver != nullptr ? receiver->Receive(frame) : frame.segment});
    }
  }
  return delivered;
}

namespace {

// The event that stands for a line of the module's log (spec tcps-wire.md, section 7); nothing for a line that has
// none.
std::optional<stack::EventKind> EventOf(const std::string& line) {
  static const std::vector<std::pair<std::string, std::optional<stack::EventKind>>> kLines = {
      {"tcps: module loaded", std::nullopt},
      {"tcps: identity fingerprint", std::nullopt},
      {"tcps: TI option sent", std::nullopt},
      {"tcps: dropping packet from", std::nullopt},
      {"tcps: encrypted session", EventKind::kEncrypted},
      {"tcps: TOFU: new peer", EventKind::kPeerNew},
      {"tcps: session authenticated", EventKind::kAuthenticated},
      {"tcps: MITM detected!", EventKind::kMitmSuspected},
      {"tcps: no MAC option, dropping", EventKind::kTagMissing},
  };
  for (const auto& [start, kind] : kLines) {
    if (line.starts_with(start)) return kind;
  }
  throw std::runtime_error("unknown log line: " + line);
}

std::size_t CountIdentitiesSent(const RecordedSession& session, Side side) {
  return static_cast<std::size_t>(std::ranges::count_if(
      session.frames(), [side](const RecordedFrame& frame) { return frame.from == side && HasTi(frame.segment); }));
}

}  // namespace

void Replay::CheckLogs() {
  for (const Side side : {Side::kClient, Side::kServer}) {
    ReplayHost* machine = host(side);
    if (machine == nullptr) continue;
    BOOST_TEST_CONTEXT(session_.name() << ", log of the " << NameOf(side)) {
      const json& parameters = session_.facts().at(NameOf(side)).at("params");
      std::vector<std::string> expected;
      std::size_t identities_sent = 0;
      for (const std::string& line : session_.Log(side)) {
        if (line.starts_with("tcps: identity fingerprint: ")) {
          BOOST_TEST(line.ends_with(": " + Fingerprint(machine->tcps().identity())));
        }
        if (line.starts_with("tcps: TI option sent")) ++identities_sent;
        if (line == "tcps: SYN+ACK in without TCPS option") {
          const bool enforces = parameters == "enforce=1";
          expected.emplace_back(ToString(enforces ? EventKind::kDowngradeRefused : EventKind::kFellBack));
        } else if (const auto kind = EventOf(line)) {
          expected.emplace_back(ToString(*kind));
        }
      }
      BOOST_TEST(identities_sent == CountIdentitiesSent(session_, side));
      std::vector<std::string> reported;
      for (const stack::Event& event : machine->TakeEvents()) {
        // What the module does without a word: a SYN without TC is passed, or dropped where enforce=1.
        if (event.detail != "SYN without TC") reported.emplace_back(ToString(event.kind));
      }
      BOOST_TEST(reported == expected, boost::test_tools::per_element());
    }
  }
}

}  // namespace tcpslab::tcps::test
