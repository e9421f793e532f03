// How each deviation shows from outside: on the wire, or in what reaches TCP.
#pragma once

#include <ostream>
#include <vector>

#include "reference/tcps/test/conversation.h"
#include "reference/tcps/test/key_log_reader.h"

namespace tcpslab::tcps::test {

struct DeviantCase {
  Deviation deviation;
  Side side;                          // which of two readme hosts misbehaves
  bool (*seen)(Conversation& talk);   // plays a conversation: true where that host misbehaves, false where none does
  stack::Policy policy = {};          // of that host
  void (*arrange)(Hosts&) = nullptr;  // what else differs
};
inline std::ostream& operator<<(std::ostream& out, const DeviantCase& c) { return out << ToString(c.deviation); }

std::vector<DeviantCase> HandshakeDeviations();   // TC, finding options, keys
std::vector<DeviantCase> ProtectionDeviations();  // encryption, positions, tags, FIN, RST, ACK
std::vector<DeviantCase> IdentityDeviations();    // TI and trust on first use
std::vector<DeviantCase> PolicyDeviations();      // enforce, opening, limits, timers

inline void ClientIsPlain(Hosts& hosts) { hosts.client_speaks = false; }
inline void ServerIsPlain(Hosts& hosts) { hosts.server_speaks = false; }

}  // namespace tcpslab::tcps::test
