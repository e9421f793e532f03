// The in-process pair keeps the contract of the Shim seam (shim.h).
#include "reference/stack/pair.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

namespace tcpslab::stack::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

OwnedSegment Text(std::string_view text) {
  OwnedSegment segment;
  segment.SetPayload(text);
  return segment;
}

Texts TextsOf(const std::vector<OwnedSegment>& segments) {
  Texts texts;
  for (const OwnedSegment& segment : segments) texts.push_back(segment.PayloadText());
  return texts;
}

Texts WireTexts(const Pair& pair) {
  Texts texts;
  for (const auto& [from, segment] : pair.wire()) {
    texts.push_back((from == Side::kClient ? "c:" : "s:") + segment.PayloadText());
  }
  return texts;
}

// A shim that obeys what it reads: a payload of "drop" is dropped, "emit" makes it send "e1" and "e2" to the network
// and "h" to its host, "shorten" is cut to "sho". Everything it sees is noted.
class Script final : public Shim {
 public:
  Script(const Services& services, Texts& seen) : services_(services), seen_(seen) {}

  Verdict Outbound(Segment& segment, Instant) override { return Obey(segment, "out:"); }
  Verdict Inbound(Segment& segment, Instant) override { return Obey(segment, "in:"); }
  [[nodiscard]] Instant NextDeadline() const override { return deadline; }
  void Expire(Instant now) override {
    expired.push_back(now);
    deadline = period == Duration{} ? kNever : deadline + period;
    Emit("timer", true);
  }
  [[nodiscard]] std::size_t Overhead() const override { return 0; }

  Instant deadline = kNever;
  Duration period{};
  std::vector<Instant> expired;

 private:
  Verdict Obey(Segment& segment, const std::string& direction) {
    const std::string text = OwnedSegment(segment).PayloadText();
    seen_.push_back(direction + text);
    if (text == "drop") return Verdict::kDrop;
    if (text == "shorten") segment.payload = segment.payload.first(3);
    if (text == "emit") {
      Emit("e1", true);
      Emit("h", false);
      Emit("e2", true);
    }
    return Verdict::kPass;
  }
  // From a buffer that is gone when the call returns: the sink copies.
  void Emit(std::string text, bool to_network) {
    Segment segment;
    segment.payload = std::as_writable_bytes(std::span(text));
    to_network ? services_.segments.ToNetwork(segment) : services_.segments.ToHost(segment);
    std::ranges::fill(text, '#');
  }

  Services services_;
  Texts& seen_;
};

struct ScriptedPair {
  Texts client_seen;
  Texts server_seen;
  Pair pair{Maker(client_seen), Maker(server_seen)};

  static Pair::MakeShim Maker(Texts& seen) {
    return [&seen](const Services& services) { return std::make_unique<Script>(services, seen); };
  }
  Script& script(Side side) { return static_cast<Script&>(*pair.shim(side)); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(OwnedSegmentsOwnTheirPayload) {
  OwnedSegment original = Text("hello");
  original->sequence = 7;
  const OwnedSegment copy = original;
  original->payload[0] = std::byte{'J'};
  BOOST_TEST(copy.PayloadText() == "hello");
  BOOST_TEST(copy->sequence == 7U);
  OwnedSegment assigned;
  assigned = original;
  original.SetPayload("other");
  BOOST_TEST(assigned.PayloadText() == "Jello");
  const OwnedSegment moved = std::move(assigned);
  BOOST_TEST(moved.PayloadText() == "Jello");

  // A segment that was shortened in place keeps what is left.
  OwnedSegment cut = Text("hello");
  cut->payload = cut->payload.subspan(1, 3);
  BOOST_TEST(OwnedSegment(cut).PayloadText() == "ell");
}

BOOST_AUTO_TEST_CASE(SegmentsPassBothShims) {
  ScriptedPair scripted;
  BOOST_TEST((TextsOf(scripted.pair.Send(Side::kClient, Text("hello"))) == Texts{"hello"}));
  BOOST_TEST((TextsOf(scripted.pair.Send(Side::kServer, Text("world"))) == Texts{"world"}));
  BOOST_TEST((scripted.client_seen == Texts{"out:hello", "in:world"}));
  BOOST_TEST((scripted.server_seen == Texts{"in:hello", "out:world"}));
  BOOST_TEST((WireTexts(scripted.pair) == Texts{"c:hello", "s:world"}));
}

BOOST_AUTO_TEST_CASE(EditsOfAShimAreWhatLeaves) {
  ScriptedPair scripted;
  BOOST_TEST((TextsOf(scripted.pair.Send(Side::kClient, Text("shorten"))) == Texts{"sho"}));
  BOOST_TEST((WireTexts(scripted.pair) == Texts{"c:sho"}));
}

BOOST_AUTO_TEST_CASE(DroppedOutboundNeverReachesTheWire) {
  ScriptedPair scripted;
  BOOST_TEST(scripted.pair.Send(Side::kClient, Text("drop")).empty());
  BOOST_TEST(scripted.pair.wire().empty());
  BOOST_TEST(scripted.server_seen.empty());
}

BOOST_AUTO_TEST_CASE(DroppedInboundNeverReachesTcp) {
  ScriptedPair scripted;
  BOOST_TEST(scripted.pair.Inject(Side::kServer, Text("drop")).empty());
  BOOST_TEST((scripted.server_seen == Texts{"in:drop"}));
}

// "what is emitted inside Outbound leaves before the segment itself. Emitted segments never pass the Shim again." They
// do pass that of the other host.
BOOST_AUTO_TEST_CASE(WhatIsEmittedInsideOutboundLeavesFirst) {
  ScriptedPair scripted;
  const Texts arrived = TextsOf(scripted.pair.Send(Side::kClient, Text("emit")));
  BOOST_TEST((WireTexts(scripted.pair) == Texts{"c:e1", "c:e2", "c:emit", "s:e1", "s:e2"}));
  BOOST_TEST((scripted.client_seen == Texts{"out:emit", "in:e1", "in:e2"}));
  BOOST_TEST((scripted.server_seen == Texts{"in:e1", "in:e2", "in:emit"}));
  // "h" is the client's own host's; the last three are what the server's shim made of "emit".
  BOOST_TEST((arrived == Texts{"e1", "e2", "h", "emit", "e1", "e2", "h"}));
}

BOOST_AUTO_TEST_CASE(WhatIsEmittedWhileDroppingStillLeaves) {
  Pair pair(
      [](const Services& services) -> std::unique_ptr<Shim> {
        struct DropsAndTells final : Shim {
          explicit DropsAndTells(const Services& lent) : services(lent) {}
          Verdict Outbound(Segment&, Instant) override {
            services.segments.ToNetwork(*Text("instead"));
            return Verdict::kDrop;
          }
          Verdict Inbound(Segment&, Instant) override { return Verdict::kPass; }
          [[nodiscard]] Instant NextDeadline() const override { return kNever; }
          void Expire(Instant) override {}
          [[nodiscard]] std::size_t Overhead() const override { return 0; }
          Services services;
        };
        return std::make_unique<DropsAndTells>(services);
      },
      {});
  BOOST_TEST((TextsOf(pair.Send(Side::kClient, Text("hello"))) == Texts{"instead"}));
}

BOOST_AUTO_TEST_CASE(AHostWithoutAShimPassesEverything) {
  Texts seen;
  Pair pair({}, ScriptedPair::Maker(seen));
  BOOST_TEST(pair.shim(Side::kClient) == nullptr);
  BOOST_TEST((TextsOf(pair.Send(Side::kClient, Text("hello"))) == Texts{"hello"}));
  BOOST_TEST((TextsOf(pair.Send(Side::kServer, Text("world"))) == Texts{"world"}));
  BOOST_TEST((seen == Texts{"in:hello", "out:world"}));
}

BOOST_AUTO_TEST_CASE(ThePathMayLoseAndEdit) {
  ScriptedPair scripted;
  scripted.pair.SetPath([](Side from, OwnedSegment& segment) {
    if (segment.PayloadText() == "edit") segment.SetPayload("edited");
    return from == Side::kClient;
  });
  BOOST_TEST((TextsOf(scripted.pair.Send(Side::kClient, Text("edit"))) == Texts{"edited"}));
  BOOST_TEST(scripted.pair.Send(Side::kServer, Text("lost")).empty());
  // The wire shows what the hosts sent.
  BOOST_TEST((WireTexts(scripted.pair) == Texts{"c:edit", "s:lost"}));
  // What is injected before a host did not travel the path, and nobody sent it.
  BOOST_TEST((TextsOf(scripted.pair.Inject(Side::kClient, Text("forged"))) == Texts{"forged"}));
  BOOST_TEST(scripted.pair.wire().size() == 2U);
}

BOOST_AUTO_TEST_CASE(TimersRunInOrderOfTime) {
  ScriptedPair scripted;
  Pair& pair = scripted.pair;
  Script& client = scripted.script(Side::kClient);
  Script& server = scripted.script(Side::kServer);
  client.deadline = pair.now() + 30ms;
  client.period = 30ms;
  server.deadline = pair.now() + 40ms;
  const Instant start = pair.now();
  BOOST_TEST(pair.Advance(29ms).empty());
  BOOST_TEST((pair.now() == start + 29ms));
  BOOST_TEST((TextsOf(pair.Advance(31ms)) == Texts{"timer", "timer", "timer"}));
  BOOST_TEST((pair.now() == start + 60ms));
  BOOST_TEST((client.expired == std::vector<Instant>{start + 30ms, start + 60ms}));
  BOOST_TEST((server.expired == std::vector<Instant>{start + 40ms}));
  BOOST_TEST((WireTexts(pair) == Texts{"c:timer", "s:timer", "c:timer"}));
}

BOOST_AUTO_TEST_CASE(ARestartForgetsAndDrawsFurther) {
  std::vector<std::uint32_t> drawn;
  const Pair::MakeShim maker = [&drawn](const Services& services) -> std::unique_ptr<Shim> {
    drawn.push_back(services.random.Uint32());
    return nullptr;
  };
  Pair pair(maker, maker, 5);
  pair.Restart(Side::kClient, maker);
  Pair same(maker, maker, 5);
  Pair other(maker, maker, 6);
  BOOST_TEST_REQUIRE(drawn.size() == 7U);
  BOOST_TEST(drawn[0] != drawn[1]);  // each host has randomness of its own
  BOOST_TEST(drawn[2] != drawn[0]);
  BOOST_TEST(drawn[3] == drawn[0]);  // the same seed, the same values
  BOOST_TEST(drawn[4] == drawn[1]);
  BOOST_TEST(drawn[5] != drawn[0]);
}

BOOST_AUTO_TEST_CASE(EventsAndKeyLogAreKept) {
  const Pair::MakeShim maker = [](const Services& services) -> std::unique_ptr<Shim> {
    services.events.OnEvent({.kind = EventKind::kPeerNew, .time = Instant{}, .flow = {}, .detail = "made"});
    services.key_log->Line("SECRET 1");
    return nullptr;
  };
  Pair pair(maker, {});
  BOOST_TEST(pair.Count(Side::kClient, EventKind::kPeerNew) == 1U);
  BOOST_TEST(pair.Count(Side::kClient, EventKind::kEncrypted) == 0U);
  BOOST_TEST(pair.Count(Side::kServer, EventKind::kPeerNew) == 0U);
  BOOST_TEST(pair.events(Side::kClient).at(0).detail == "made");
  BOOST_TEST((pair.key_log() == Texts{"SECRET 1"}));
}

}  // namespace tcpslab::stack::test
