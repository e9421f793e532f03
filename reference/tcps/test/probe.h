// One host of dialect lkm, brought into a state, given one event, and watched from outside.
//
//   Probe probe(Start::kEncryptedServer, /*enforce=*/false);
//   Fate fate = probe.Run(Event::kInRst);
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {

// Each state in every way that matters: by role, and DEAD by falling back or after the host's own RST.
enum class Start {
  kNone,
  kSynSent,
  kSynReceived,
  kEncryptedClient,
  kEncryptedServer,
  kAuthenticatedClient,
  kAuthenticatedServer,
  kDeadClient,
  kDeadServer,
};
State StateOf(Start start);

enum class Event {
  kOutSyn,
  kOutSynAck,
  kOutRst,
  kOutAck,
  kOutData,
  kOutFin,
  kInSynWithTc,
  kInSyn,
  kInSynAckWithTc,
  kInSynAck,
  kInRst,
  kInAck,
  kInAckWithTi,  // of a stranger
  kInDataWithoutTm,
  kInFinWithoutTm,
  kInDataWithBadTm,
  kInDataWithGoodTm,
};
inline constexpr int kEvents = 17;

// What happened to the segment. Whatever is not exactly one of these is kOther.
enum class Fate {
  kUnchanged,
  kDropped,
  kTcOfFreshKey,  // the options are those of section 2.1
  kTcOfSameKey,
  kOptionsReplacedByTi,
  kEncryptedAndTagged,  // as the session keys say
  kDecrypted,           // in place, TM left in the header
  kOther,
};
std::ostream& operator<<(std::ostream& out, Fate fate);

class Probe : public Conversation {
 public:
  Probe(Start start, bool enforce);

  Fate Run(Event event);
  [[nodiscard]] Side me() const { return me_; }
  State MyState() { return state(me_); }
  // What the module would have logged since the host is in its state, as names of events.
  std::vector<std::string> Log();

 private:
  [[nodiscard]] Side peer() const { return stack::Opposite(me_); }
  Fate Out(const OwnedSegment& segment);
  Fate In(const OwnedSegment& segment);
  Fate GenuineDataIn();
  Fate FateOfTc(const OwnedSegment& before, const OwnedSegment& after);
  Fate FateOfTm(const OwnedSegment& before, const OwnedSegment& after);

  Side me_;
  std::size_t events_before_ = 0;
};

}  // namespace tcpslab::tcps::test
