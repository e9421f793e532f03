// A TCP connection over the in-process pair, played by the test: keeps both ends' numbers so that a test says only what
// matters.
//
//   Conversation talk;                        // two readme hosts
//   talk.Handshake();
//   auto got = talk.Data(Side::kClient, "GET /");
//
// The side that opens a connection is the client; Side::kServer may open one too (SYN, SYN-ACK and Handshake say who).
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "reference/stack/pair.h"
#include "reference/tcps/options.h"
#include "reference/tcps/tcps.h"
#include "reference/wire/address.h"

namespace tcpslab::tcps {

inline std::ostream& operator<<(std::ostream& out, Dialect dialect) { return out << ToString(dialect); }
inline std::ostream& operator<<(std::ostream& out, State state) { return out << ToString(state); }

}  // namespace tcpslab::tcps

namespace tcpslab::stack {

inline std::ostream& operator<<(std::ostream& out, Side side) {
  return out << (side == Side::kClient ? "client" : "server");
}

}  // namespace tcpslab::stack

namespace tcpslab::tcps::test {

using stack::EventKind;
using stack::OwnedSegment;
using stack::Pair;
using stack::Side;
using wire::Segment;
using namespace std::chrono_literals;

// An MSS of 1460, SACK-permitted, timestamps, NOP and window scale: what Linux offers, 20 bytes.
wire::OptionArea LinuxSynOptions();
// Options of the given bytes.
wire::OptionArea Options(std::initializer_list<int> bytes);

inline bool HasTc(const OwnedSegment& segment) { return FindTc(segment->options).has_value(); }
inline bool HasTm(const OwnedSegment& segment) { return FindTm(segment->options).has_value(); }
inline bool HasTi(const OwnedSegment& segment) { return FindTi(segment->options).has_value(); }

struct Hosts {
  Config client;
  Config server;
  bool client_speaks = true;  // else that host has no TCP/S
  bool server_speaks = true;
  wire::Family family = wire::Family::kIpv4;
  std::uint64_t seed = 1;
};

// Where a connection stands.
struct Numbers {
  wire::Endpoint client_end;
  wire::Endpoint server_end;
  // Sequence number of the next byte of each side. What each acknowledges is the other's, as far as it arrived.
  std::uint32_t client_next = 1000;
  std::uint32_t server_next = 500000;
  std::uint32_t client_acknowledges = 0;
  std::uint32_t server_acknowledges = 0;
};

class Conversation : public Numbers {
 public:
  explicit Conversation(const Hosts& hosts = {});
  static Hosts Both(Dialect dialect, stack::Policy policy = {});

  Pair& pair() { return pair_; }
  Tcps& tcps(Side side) { return static_cast<Tcps&>(*pair_.shim(side)); }
  [[nodiscard]] stack::FlowKey key() const { return {client_end, server_end}; }
  State state(Side side) { return tcps(side).StateOf(key()).value_or(State::kNone); }
  // How often a host reported `kind`.
  [[nodiscard]] std::size_t Count(Side side, EventKind kind) const { return pair_.Count(side, kind); }
  // How many segments were put on the wire so far, and the last of them.
  [[nodiscard]] std::size_t sent() const { return pair_.wire().size(); }
  [[nodiscard]] OwnedSegment last() const { return pair_.wire().back().second; }

  // The next segment of `from`'s TCP: addresses, ports, and present numbers filled in.
  OwnedSegment Next(Side from, std::uint8_t flags, std::string_view payload = {}) const;
  // Sends it and moves that side's numbers past what it takes; the other side's acknowledgement follows if it arrived.
  std::vector<OwnedSegment> Send(Side from, const OwnedSegment& segment);
  // Sends a segment that was sent before: the numbers of both sides stay.
  std::vector<OwnedSegment> Resend(Side from, const OwnedSegment& segment) { return pair_.Send(from, segment); }
  // A segment forged towards `to`.
  std::vector<OwnedSegment> Forge(Side to, const OwnedSegment& segment) { return pair_.Inject(to, segment); }

  OwnedSegment NextSyn(Side from = Side::kClient) const { return WithSynOptions(Next(from, wire::kSyn)); }
  OwnedSegment NextSynAck(Side from = Side::kServer) const {
    return WithSynOptions(Next(from, wire::kSyn | wire::kAck));
  }
  // What an attacker sends in the name of `from`: a bare ACK with TI.
  OwnedSegment NextTi(Side from, const Identity& identity) const;
  std::vector<OwnedSegment> Syn(Side from = Side::kClient) { return Send(from, NextSyn(from)); }
  std::vector<OwnedSegment> SynAck(Side from = Side::kServer) { return Send(from, NextSynAck(from)); }
  std::vector<OwnedSegment> Ack(Side from) { return Send(from, Next(from, wire::kAck)); }
  std::vector<OwnedSegment> Data(Side from, std::string_view text) {
    return Send(from, Next(from, wire::kPsh | wire::kAck, text));
  }
  std::vector<OwnedSegment> Fin(Side from) { return Send(from, Next(from, wire::kFin | wire::kAck)); }
  std::vector<OwnedSegment> Reset(Side from) { return Send(from, Next(from, wire::kRst | wire::kAck)); }
  // SYN, SYN-ACK, ACK.
  void Handshake(Side opener = Side::kClient);
  // The same and one ACK of the other side.
  void HandshakeAndAck(Side opener = Side::kClient);
  // Begins another connection of the same hosts: other client port, other initial sequence numbers.
  void NewConnection();
  // Only the initial sequence numbers are others.
  void NewConnectionOnSamePorts();
  // To go on with one of several connections.
  [[nodiscard]] Numbers numbers() const { return *this; }
  void SetNumbers(const Numbers& numbers) { static_cast<Numbers&>(*this) = numbers; }

  static OwnedSegment WithSynOptions(OwnedSegment segment);
  static stack::Pair::MakeShim Maker(const Config& config, bool speaks = true);

 private:
  Pair pair_;
};

}  // namespace tcpslab::tcps::test
