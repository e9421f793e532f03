// The kernel's own TCP connections (sock_diag).
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "reference/stack/flow.h"

namespace tcpslab::linux_host {

struct EndedConnections {
  std::size_t ended = 0;
  std::vector<stack::FlowKey> left;  // that the kernel would not end: it may lack CONFIG_INET_DIAG_DESTROY
};

// Ends this network namespace's TCP connections that `which` names: their programs get ECONNABORTED, and nothing of
// what waits to be sent leaves any more. Needs CAP_NET_ADMIN. Throws std::system_error.
EndedConnections EndConnections(const std::function<bool(const stack::FlowKey&)>& which);

}  // namespace tcpslab::linux_host
