#include "reference/tcps/test/conversation.h"

#include <array>
#include <memory>

namespace tcpslab::tcps::test {

wire::OptionArea LinuxSynOptions() {
  constexpr std::array<unsigned char, 20> kBytes = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
  return *wire::OptionArea::FromBytes(std::as_bytes(std::span(kBytes)));
}

wire::OptionArea Options(std::initializer_list<int> bytes) {
  std::vector<std::byte> area;
  for (const int byte : bytes) area.push_back(static_cast<std::byte>(byte));
  return *wire::OptionArea::FromBytes(area);
}

stack::Pair::MakeShim Conversation::Maker(const Config& config, bool speaks) {
  if (!speaks) return {};
  return [config](const stack::Services& services) { return std::make_unique<Tcps>(config, services); };
}

Conversation::Conversation(const Hosts& hosts)
    : pair_(Maker(hosts.client, hosts.client_speaks), Maker(hosts.server, hosts.server_speaks), hosts.seed) {
  const bool v6 = hosts.family == wire::Family::kIpv6;
  client_end = {*wire::ParseAddress(v6 ? "2001:db8::1" : "10.0.0.1"), 40001};
  server_end = {*wire::ParseAddress(v6 ? "2001:db8::2" : "10.0.0.2"), 80};
}

Hosts Conversation::Both(Dialect dialect, stack::Policy policy) {
  const Config config{.dialect = dialect, .policy = policy, .deviations = {}};
  return {.client = config, .server = config};
}

OwnedSegment Conversation::Next(Side from, std::uint8_t flags, std::string_view payload) const {
  const bool client = from == Side::kClient;
  OwnedSegment segment;
  segment->source = client ? client_end : server_end;
  segment->destination = client ? server_end : client_end;
  segment->sequence = client ? client_next : server_next;
  segment->flags = flags;
  if ((flags & wire::kAck) != 0) segment->acknowledgement = client ? client_acknowledges : server_acknowledges;
  segment->window = 65535;
  segment.SetPayload(payload);
  return segment;
}

std::vector<OwnedSegment> Conversation::Send(Side from, const OwnedSegment& segment) {
  const std::uint32_t end = segment->sequence + segment->SequenceLength();
  (from == Side::kClient ? client_next : server_next) = end;
  std::vector<OwnedSegment> arrived = pair_.Send(from, segment);
  for (const OwnedSegment& got : arrived) {
    if (got->source != segment->source || got->sequence != segment->sequence) continue;
    (from == Side::kClient ? server_acknowledges : client_acknowledges) = end;
  }
  return arrived;
}

OwnedSegment Conversation::NextTi(Side from, const Identity& identity) const {
  OwnedSegment ack = Next(from, wire::kAck);
  ack->options = MakeTiOptions(identity);
  return ack;
}

void Conversation::Handshake(Side opener) {
  Syn(opener);
  SynAck(stack::Opposite(opener));
  Ack(opener);
}

void Conversation::HandshakeAndAck(Side opener) {
  Handshake(opener);
  Ack(stack::Opposite(opener));
}

void Conversation::NewConnection() {
  ++client_end.port;
  NewConnectionOnSamePorts();
}

void Conversation::NewConnectionOnSamePorts() {
  client_next += 70000;
  server_next += 90000;
  client_acknowledges = 0;
  server_acknowledges = 0;
}

OwnedSegment Conversation::WithSynOptions(OwnedSegment segment) {
  segment->options = LinuxSynOptions();
  return segment;
}

}  // namespace tcpslab::tcps::test
