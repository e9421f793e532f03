// What the application at one end of a connection has to do, whatever TCP carries it.
#pragma once

#include <cstdint>

#include "scenarios/runner/connection_plan.h"
#include "scenarios/runner/pattern.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

// What an application does once its data has gone through.
enum class Ending : std::uint8_t {
  kClose,  // closes; is finished when everything it sent is acknowledged
  kAwait,  // waits for the peer's end of stream, then closes; or for its reset
  kAbort,  // sends RST, once everything it sent is acknowledged
};

struct ApplicationPlan {
  const Pattern* outgoing = nullptr;
  const Pattern* incoming = nullptr;
  bool answers = false;     // sends only when all of `incoming` is there
  stack::Duration pause{};  // and then waits so long
  bool echoes = false;      // sends back what comes, as it comes
  Ending ending = Ending::kAwait;
};

// Of the side that connects (`requests`), or of the one that answers. The connection's plan must outlive it.
[[nodiscard]] ApplicationPlan PlanApplication(const Workload& workload, const ConnectionPlan& connection,
                                              bool requests);

}  // namespace tcpslab::scenarios
