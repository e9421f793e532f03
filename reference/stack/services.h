// What a host lends to a protocol.
#pragma once

#include "reference/crypto/random.h"
#include "reference/stack/event.h"
#include "reference/stack/shim.h"

namespace tcpslab::stack {

// References must outlive the protocol that holds them.
struct Services {
  SegmentSink& segments;
  EventSink& events;
  crypto::Random& random;
  KeyLog* key_log = nullptr;  // none: secrets stay inside; TCPS-KEY-12
};

}  // namespace tcpslab::stack
