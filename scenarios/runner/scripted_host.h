// The place of a host's TCP, taken by scripts: hands every segment that comes through the host's shim to the script of
// its connection, and sends theirs.
#pragma once

#include <ns3/address.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>

#include <map>
#include <memory>
#include <vector>

#include "scenarios/runner/scripted_endpoint.h"
#include "scenarios/runner/topology.h"

namespace tcpslab::scenarios {

class ScriptedHost {
 public:
  // The host's TCP gets no segment from now on. The host must outlive this object.
  ScriptedHost(SimulatedHost& host, const Script& script, std::uint64_t seed);
  ScriptedHost(const ScriptedHost&) = delete;
  ScriptedHost& operator=(const ScriptedHost&) = delete;

  // The script of one more connection.
  std::shared_ptr<ScriptedEndpoint> Play(const ConnectionPlan& plan, bool requests, const SimulatedHost& peer,
                                         SettledCallback on_settled);

 private:
  void OnSegment(ns3::Ptr<const ns3::Packet> packet, const ns3::Address& source, const ns3::Address& destination);
  void Send(const wire::Segment& segment, const ns3::Address& peer);

  SimulatedHost& host_;
  const Script& script_;
  std::uint64_t seed_;
  std::map<std::uint16_t, std::shared_ptr<ScriptedEndpoint>> endpoints_;  // by the host's own port
};

}  // namespace tcpslab::scenarios
