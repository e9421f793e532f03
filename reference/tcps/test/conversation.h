// A TCP connection over the in-process pair, played by the test: keeps both ends' numbers so that a test says only what
// matters.
//
//   Conversation talk;                        // two readme hosts
//   talk.Handshake();
//   auto got = talk.Data(Side::kClient, "GET /");
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/stack/pair.h"
#include "reference/tcps/options.h"
#include "reference/tcps/tcps.h"
#include "reference/wire/address.h"

namespace tcpslab::tcps::test {

using stack::EventKind;
using stack::OwnedSegment;
using stack::Pair;
using stack::Side;
using wire::Segment;

// An MSS, SACK-permitted, timestamps, NOP and window scale: what Linux offers, 20 bytes.
wire::OptionArea LinuxSynOptions();

struct Hosts {
  Config client;
  Config server;
  bool client_speaks = true;  // else that host has no TCP/S
  bool server_speaks = true;
  wire::Family family = wire::Family::kIpv4;
  std::uint64_t seed = 1;
};

class Conversation {
 public:
  explicit Conversation(const Hosts& hosts = {});
  static Hosts Both(Dialect dialect, stack::Policy policy = {});

  Pair& pair() { return pair_; }
  Tcps& tcps(Side side) { return static_cast<Tcps&>(*pair_.shim(side)); }
  [[nodiscard]] stack::FlowKey key() const { return {client_end, server_end}; }
  State state(Side side) { return tcps(side).StateOf(key()).value_or(State::kNone); }

  // The next segment of `from`'s TCP: addresses, ports, and present numbers filled in.
  OwnedSegment Next(Side from, std::uint8_t flags, std::string_view payload = {}) const;
  // Sends it and moves that side's numbers past what it takes; the other side's acknowledgement follows if it arrived.
  std::vector<OwnedSegment> Send(Side from, const OwnedSegment& segment);

  std::vector<OwnedSegment> Syn() { return Send(Side::kClient, WithSynOptions(Next(Side::kClient, wire::kSyn))); }
  std::vector<OwnedSegment> SynAck() {
    return Send(Side::kServer, WithSynOptions(Next(Side::kServer, wire::kSyn | wire::kAck)));
  }
  std::vector<OwnedSegment> Ack(Side from) { return Send(from, Next(from, wire::kAck)); }
  std::vector<OwnedSegment> Data(Side from, std::string_view text) {
    return Send(from, Next(from, wire::kPsh | wire::kAck, text));
  }
  std::vector<OwnedSegment> Fin(Side from) { return Send(from, Next(from, wire::kFin | wire::kAck)); }
  // SYN, SYN-ACK, ACK.
  void Handshake();
  // Begins another connection of the same hosts: other client port, other initial sequence numbers.
  void NewConnection();

  static OwnedSegment WithSynOptions(OwnedSegment segment);

  wire::Endpoint client_end;
  wire::Endpoint server_end;
  // Sequence number of the next byte of each side. What each acknowledges is the other's, as far as it arrived.
  std::uint32_t client_next = 1000;
  std::uint32_t server_next = 500000;
  std::uint32_t client_acknowledges = 0;
  std::uint32_t server_acknowledges = 0;

 private:
  static stack::Pair::MakeShim Maker(const Config& config, bool speaks);
  Pair pair_;
};

}  // namespace tcpslab::tcps::test
