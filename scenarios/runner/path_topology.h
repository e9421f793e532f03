// The path of a scenario in ns-3: one wire node for each path element, and the links between them. What stands at its
// two ends is somebody else's: simulated hosts, or interfaces of a real one.
#pragma once

#include <ns3/node.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/ptr.h>
#include <ns3/tcps-path-element.h>

#include <cstddef>
#include <vector>

#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

struct PathTopology {
  std::vector<ns3::Ptr<ns3::PointToPointNetDevice>> client_ends;  // of each link, in path order
  std::vector<ns3::Ptr<ns3::PointToPointNetDevice>> server_ends;
  std::vector<ns3::Ptr<ns3::TcpsPathElement>> elements;  // in the order of Scenario::path
  std::vector<const PathElement*> element_plans;         // what each is in the scenario

  // From now on those elements act that act in `visit`, counting from 1.
  void StartVisit(std::size_t visit) const;
};

// Links `client` to `server` by way of the path's elements; their own devices are the first of the client ends and the
// last of the server ends. Every random stream is assigned. `with_goals`: whether the elements that have a goal are
// there too.
[[nodiscard]] PathTopology BuildPath(const Scenario& scenario, bool with_goals, const ns3::Ptr<ns3::Node>& client,
                                     const ns3::Ptr<ns3::Node>& server);

}  // namespace tcpslab::scenarios
