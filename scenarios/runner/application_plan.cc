#include "scenarios/runner/application_plan.h"

namespace tcpslab::scenarios {

ApplicationPlan PlanApplication(const Workload& workload, const ConnectionPlan& connection, bool requests) {
  const bool closes = (workload.close == Closing::kServer) != requests;
  const Ending ending = !closes ? Ending::kAwait : workload.close == Closing::kAbort ? Ending::kAbort : Ending::kClose;
  if (requests) {
    return {.outgoing = &connection.request, .incoming = &connection.response, .ending = ending};
  }
  return {.outgoing = &connection.response,
          .incoming = &connection.request,
          .answers = true,
          .pause = workload.pause,
          .echoes = workload.kind == WorkloadKind::kEcho,
          .ending = ending};
}

}  // namespace tcpslab::scenarios
