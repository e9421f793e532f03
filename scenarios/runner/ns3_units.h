// Between ns-3's units and those of the stack.
#pragma once

#include <ns3/nstime.h>
#include <ns3/simulator.h>

#include "reference/stack/instant.h"

namespace tcpslab::scenarios {

inline ns3::Time ToNs3(stack::Duration duration) { return ns3::NanoSeconds(duration.count()); }
inline stack::Duration FromNs3(const ns3::Time& time) { return stack::Duration(time.GetNanoSeconds()); }
// Since the start of the simulation.
inline stack::Duration SimulationTime() { return FromNs3(ns3::Simulator::Now()); }

}  // namespace tcpslab::scenarios
