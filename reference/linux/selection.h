// Which TCP traffic of the host goes through the Shim. The firewall rules say the same to the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reference/stack/flow.h"
#include "reference/wire/address.h"

namespace tcpslab::linux_host {

struct PortRange {
  std::uint16_t first = 0;  // host byte order, 1 or more
  std::uint16_t last = 0;   // inclusive
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

struct Network {
  wire::Address address;  // no bit set beyond the prefix
  unsigned prefix = 0;    // bits
  friend bool operator==(const Network&, const Network&) = default;
};

// Ports and addresses count at either end of a connection; what is excluded stays excluded. Traffic over the interface
// `lo` is never selected (spec tcps-dialects.md, R17).
struct Selection {
  std::vector<PortRange> ports;           // empty: every port
  std::vector<PortRange> excluded_ports;  // no protection for these
  std::vector<Network> excluded_networks;
  std::vector<std::string> interfaces;  // empty: every interface but lo; "eth+" is every one whose name starts with eth

  friend bool operator==(const Selection&, const Selection&) = default;
};

// "80", "5000-5010". Throws std::invalid_argument with a sentence for the user, as the next ones do.
PortRange ParsePortRange(std::string_view text);
// "10.0.0.0/8", "2001:db8::1".
Network ParseNetwork(std::string_view text);
void CheckInterfaceName(std::string_view name);

std::string ToString(const PortRange& range);  // "80", "5000-5010"
std::string ToString(const Network& network);  // "10.0.0.0/8", "2001:db8::1/128"

// Whether the flow's ports and addresses are selected, the interface apart.
bool Covers(const Selection& selection, const stack::Flow& flow);

}  // namespace tcpslab::linux_host
