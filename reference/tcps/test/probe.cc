#include "reference/tcps/test/probe.h"

#include <boost/test/unit_test.hpp>
#include <map>

#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {
namespace {

Hosts HostsFor(Start start, bool enforce) {
  Hosts hosts = Conversation::Both(Dialect::kLkm, {.enforce = enforce});
  hosts.server_speaks = start != Start::kDeadClient;
  return hosts;
}

Side SideOf(Start start) {
  const bool server = start == Start::kSynReceived || start == Start::kEncryptedServer ||
                      start == Start::kAuthenticatedServer || start == Start::kDeadServer;
  return server ? Side::kServer : Side::kClient;
}

bool SameButForOptions(const OwnedSegment& a, const OwnedSegment& b) {
  return a->source == b->source && a->destination == b->destination && a->sequence == b->sequence &&
         a->acknowledgement == b->acknowledgement && a->flags == b->flags && a->window == b->window &&
         a->urgent_pointer == b->urgent_pointer && a->reserved_bits == b->reserved_bits;
}

bool Same(const OwnedSegment& a, const OwnedSegment& b) {
  return SameButForOptions(a, b) && a->options == b->options && a.PayloadText() == b.PayloadText();
}

}  // namespace

State StateOf(Start start) {
  static const std::map<Start, State> kStates = {{Start::kNone, State::kNone},
                                                 {Start::kSynSent, State::kSynSent},
                                                 {Start::kSynReceived, State::kSynReceived},
                                                 {Start::kEncryptedClient, State::kEncrypted},
                                                 {Start::kEncryptedServer, State::kEncrypted},
                                                 {Start::kAuthenticatedClient, State::kAuthenticated},
                                                 {Start::kAuthenticatedServer, State::kAuthenticated},
                                                 {Start::kDeadClient, State::kDead},
                                                 {Start::kDeadServer, State::kDead}};
  return kStates.at(start);
}

std::ostream& operator<<(std::ostream& out, Fate fate) {
  static constexpr const char* kNames[] = {"unchanged",      "dropped",   "TC of a fresh key", "TC of the same key",
                                           "replaced by TI", "encrypted", "decrypted",         "something else"};
  return out << kNames[static_cast<int>(fate)];
}

Probe::Probe(Start start, bool enforce) : Conversation(HostsFor(start, enforce)), me_(SideOf(start)) {
  const auto lose = [](Side, OwnedSegment&) { return false; };
  switch (start) {
    case Start::kNone:
      break;
    case Start::kSynSent:
    case Start::kSynReceived:
      Syn();
      break;
    case Start::kEncryptedServer:
      Syn();
      SynAck();
      break;
    case Start::kEncryptedClient:
    case Start::kAuthenticatedServer:
      Handshake();
      break;
    case Start::kAuthenticatedClient:  // section 9: "third ACK lost: server sends TI, client becomes A"
      Syn();
      SynAck();
      pair().SetPath(lose);
      Ack(Side::kClient);
      pair().SetPath({});
      Ack(Side::kServer);
      break;
    case Start::kDeadClient:
      Syn();
      SynAck();
      break;
    case Start::kDeadServer:
      Handshake();
      Reset(Side::kServer);
      break;
  }
  events_before_ = pair().events(me_).size();
  BOOST_TEST_REQUIRE(MyState() == StateOf(start));
}

Fate Probe::FateOfTc(const OwnedSegment& before, const OwnedSegment& after) {
  const auto key = FindTc(after->options);
  if (!key || after->options != MakeSynOptions(before->options, *key)) return Fate::kOther;
  bool seen = false;
  for (std::size_t i = 0; i + 1 < sent(); ++i) {
    seen = seen || FindTc(pair().wire()[i].second->options) == key;
  }
  return seen ? Fate::kTcOfSameKey : Fate::kTcOfFreshKey;
}

Fate Probe::FateOfTm(const OwnedSegment& before, const OwnedSegment& after) {
  const SessionKeys keys = LastSessionKeys(pair());
  const bool client = me_ == Side::kClient;
  const std::uint64_t position = 0;  // nothing was sent before
  const auto tag = FindTm(after->options);
  wire::OptionArea expected = before->options;
  if (!tag || !AppendTm(expected, *tag) || after->options != expected) return Fate::kOther;
  if (*tag != LkmTag(client ? keys.mac_c2s : keys.mac_s2c, position, after)) return Fate::kOther;
  if (DecryptAt(client ? keys.enc_c2s : keys.enc_s2c, position, after) != before.PayloadText()) return Fate::kOther;
  return Fate::kEncryptedAndTagged;
}

Fate Probe::Out(const OwnedSegment& segment) {
  pair().SetPath([](Side, OwnedSegment&) { return false; });
  const std::size_t before = sent();
  Resend(me_, segment);
  if (sent() == before) return Fate::kDropped;
  if (sent() != before + 1) return Fate::kOther;  // the module sends nothing on its own
  if (Same(last(), segment)) return Fate::kUnchanged;
  if (!SameButForOptions(last(), segment)) return Fate::kOther;
  if (HasTc(last())) return FateOfTc(segment, last());
  if (HasTm(last())) return FateOfTm(segment, last());
  if (HasTi(last()) && last()->payload.empty()) return Fate::kOptionsReplacedByTi;
  return Fate::kOther;
}

Fate Probe::In(const OwnedSegment& segment) {
  const std::size_t before = sent();
  const std::vector<OwnedSegment> arrived = Forge(me_, segment);
  if (sent() != before) return Fate::kOther;  // "Drops never generate a packet."
  if (arrived.empty()) return Fate::kDropped;
  return arrived.size() == 1 && Same(arrived[0], segment) ? Fate::kUnchanged : Fate::kOther;
}

Fate Probe::GenuineDataIn() {
  const std::vector<OwnedSegment> arrived = Data(peer(), "genuine");
  if (arrived.empty()) return Fate::kDropped;
  const bool decrypted = arrived.size() == 1 && arrived[0].PayloadText() == "genuine" &&
                         last().PayloadText() != "genuine" && arrived[0]->options == last()->options && HasTm(last());
  return decrypted ? Fate::kDecrypted : Fate::kOther;
}

Fate Probe::Run(Event event) {
  constexpr std::uint8_t kData = wire::kPsh | wire::kAck;
  const Identity stranger{.key = {std::byte{0x42}}, .proof = {}};
  OwnedSegment segment;
  switch (event) {
    case Event::kOutSyn:
      return Out(NextSyn(me_));
    case Event::kOutSynAck:
      return Out(NextSynAck(me_));
    case Event::kOutRst:
      return Out(Next(me_, wire::kRst | wire::kAck));
    case Event::kOutAck:
      return Out(Next(me_, wire::kAck));
    case Event::kOutData:
      return Out(Next(me_, kData, "some data"));
    case Event::kOutFin:
      return Out(Next(me_, wire::kFin | wire::kAck));
    case Event::kInSynWithTc:
    case Event::kInSynAckWithTc:
      segment = event == Event::kInSynWithTc ? NextSyn(peer()) : NextSynAck(peer());
      segment->options = MakeSynOptions(segment->options, crypto::PublicKey{std::byte{9}});
      return In(segment);
    case Event::kInSyn:
      return In(NextSyn(peer()));
    case Event::kInSynAck:
      return In(NextSynAck(peer()));
    case Event::kInRst:
      return In(Next(peer(), wire::kRst | wire::kAck));
    case Event::kInAck:
      return In(Next(peer(), wire::kAck));
    case Event::kInAckWithTi:
      return In(NextTi(peer(), stranger));
    case Event::kInDataWithoutTm:
      return In(Next(peer(), kData, "forged"));
    case Event::kInFinWithoutTm:
      return In(Next(peer(), wire::kFin | wire::kAck));
    case Event::kInDataWithBadTm:
      segment = Next(peer(), kData, "forged");
      AppendTm(segment->options, crypto::Tag{});
      return In(segment);
    case Event::kInDataWithGoodTm:
      return GenuineDataIn();
  }
  return Fate::kOther;
}

std::vector<std::string> Probe::Log() {
  // The module logs none of these: "drop, no log" and "drop silently".
  const auto silent = [](const stack::Event& event) {
    return event.kind == EventKind::kResetIgnored || event.detail == "SYN without TC";
  };
  const auto& events = pair().events(me_);
  std::vector<std::string> log;
  for (std::size_t i = events_before_; i < events.size(); ++i) {
    if (!silent(events[i])) log.emplace_back(ToString(events[i].kind));
  }
  return log;
}

}  // namespace tcpslab::tcps::test
