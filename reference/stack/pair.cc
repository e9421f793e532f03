#include "reference/stack/pair.h"

#include <algorithm>
#include <utility>

#include "reference/crypto/random.h"

namespace tcpslab::stack {

OwnedSegment::OwnedSegment(const Segment& segment) : header_(segment) { SetPayload(segment.payload); }

OwnedSegment& OwnedSegment::operator=(const OwnedSegment& other) { return *this = OwnedSegment(other); }

void OwnedSegment::SetPayload(std::span<const std::byte> bytes) {
  payload_ = std::vector<std::byte>(bytes.begin(), bytes.end());
  header_.payload = payload_;
}

void OwnedSegment::SetPayload(std::string_view text) { SetPayload(std::as_bytes(std::span(text))); }

std::string OwnedSegment::PayloadText() const {
  return {reinterpret_cast<const char*>(header_.payload.data()), header_.payload.size()};
}

struct Pair::KeyLogLines final : KeyLog {
  explicit KeyLogLines(std::vector<std::string>& target) : lines(target) {}
  void Line(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string>& lines;
};

struct Pair::Host final : SegmentSink, EventSink {
  Host(std::uint64_t seed, std::uint64_t stream) : random(seed, stream) {}

  void ToNetwork(const Segment& segment) override { to_network.emplace_back(segment); }
  void ToHost(const Segment& segment) override { to_host.emplace_back(segment); }
  void OnEvent(const Event& event) override { events.push_back(event); }

  crypto::SeededRandom random;
  std::vector<Event> events;
  std::deque<OwnedSegment> to_network;  // emitted by the shim, not on their way yet
  std::deque<OwnedSegment> to_host;
  std::unique_ptr<Shim> shim;
};

Pair::Pair(const MakeShim& client, const MakeShim& server, std::uint64_t seed)
    : key_log_sink_(std::make_unique<KeyLogLines>(key_log_)),
      client_(std::make_unique<Host>(seed, 0)),
      server_(std::make_unique<Host>(seed, 1)) {
  Restart(Side::kClient, client);
  Restart(Side::kServer, server);
}

Pair::~Pair() = default;

void Pair::Restart(Side side, const MakeShim& make) {
  Host& target = host(side);
  target.shim =
      make ? make({.segments = target, .events = target, .random = target.random, .key_log = key_log_sink_.get()})
           : nullptr;
}

Pair::Host& Pair::host(Side side) { return side == Side::kClient ? *client_ : *server_; }
const Pair::Host& Pair::host(Side side) const { return side == Side::kClient ? *client_ : *server_; }
Shim* Pair::shim(Side side) { return host(side).shim.get(); }
const std::vector<Event>& Pair::events(Side side) const { return host(side).events; }

std::size_t Pair::Count(Side side, EventKind kind) const {
  return static_cast<std::size_t>(std::ranges::count(host(side).events, kind, &Event::kind));
}

std::vector<OwnedSegment> Pair::Send(Side from, const OwnedSegment& segment) {
  std::vector<OwnedSegment> arrived;
  OwnedSegment copy = segment;
  Shim* shim = host(from).shim.get();
  const Verdict verdict = shim != nullptr ? shim->Outbound(*copy, now_) : Verdict::kPass;
  Flush(from, arrived);
  if (verdict == Verdict::kPass) Transmit(from, OwnedSegment(*copy), arrived);
  return arrived;
}

std::vector<OwnedSegment> Pair::Inject(Side to, const OwnedSegment& segment) {
  std::vector<OwnedSegment> arrived;
  Receive(to, segment, arrived);
  return arrived;
}

std::vector<OwnedSegment> Pair::Advance(Duration duration) {
  std::vector<OwnedSegment> arrived;
  const Instant end = now_ + duration;
  while (true) {
    Side next = Side::kClient;
    Instant due = kNever;
    for (const Side side : {Side::kClient, Side::kServer}) {
      const Shim* shim = host(side).shim.get();
      if (shim != nullptr && shim->NextDeadline() < due) {
        due = shim->NextDeadline();
        next = side;
      }
    }
    if (due > end) break;
    now_ = std::max(now_, due);
    host(next).shim->Expire(now_);
    Flush(next, arrived);
  }
  now_ = end;
  return arrived;
}

void Pair::Transmit(Side from, const OwnedSegment& segment, std::vector<OwnedSegment>& arrived) {
  wire_.emplace_back(from, segment);
  OwnedSegment travelling = segment;
  if (path_ && !path_(from, travelling)) return;
  Receive(Opposite(from), std::move(travelling), arrived);
}

void Pair::Receive(Side to, OwnedSegment segment, std::vector<OwnedSegment>& arrived) {
  Shim* shim = host(to).shim.get();
  const Verdict verdict = shim != nullptr ? shim->Inbound(*segment, now_) : Verdict::kPass;
  if (verdict == Verdict::kPass) arrived.emplace_back(*segment);
  Flush(to, arrived);
}

void Pair::Flush(Side side, std::vector<OwnedSegment>& arrived) {
  Host& source = host(side);
  while (!source.to_network.empty()) {
    const OwnedSegment emitted = std::move(source.to_network.front());
    source.to_network.pop_front();
    Transmit(side, emitted, arrived);
  }
  while (!source.to_host.empty()) {
    arrived.push_back(std::move(source.to_host.front()));
    source.to_host.pop_front();
  }
}

}  // namespace tcpslab::stack
