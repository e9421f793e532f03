// One end of the path on a live host: a TUN device, through which the host's kernel sends and receives IP packets. The
// kernel segments and completes checksums before it hands a packet to one.
#pragma once

#include <ns3/fd-reader.h>
#include <ns3/node.h>
#include <ns3/packet.h>
#include <ns3/ptr.h>

#include <cstdint>
#include <string>
#include <vector>

#include "reference/linux/descriptor.h"
#include "scenarios/live/network_namespace.h"

namespace tcpslab::scenarios {

// Joins a TUN device to an ns-3 node: what the host sends leaves by the node's only device, what arrives there goes to
// the host.
class TunDevice {
 public:
  // Attaches to the device, which exists already and is nobody else's. Throws std::system_error.
  TunDevice(const NetworkNamespace& host, const std::string& device);
  TunDevice(const TunDevice&) = delete;
  TunDevice& operator=(const TunDevice&) = delete;
  ~TunDevice();

  // Packets flow as long as the simulator runs. The node must outlive this object.
  void Join(const ns3::Ptr<ns3::Node>& node);

 private:
  void ToPath(std::vector<std::uint8_t> packet);
  void ToHost(const ns3::Ptr<const ns3::Packet>& packet);

  linux_host::Descriptor file_;
  ns3::Ptr<ns3::Node> node_;
  ns3::Ptr<ns3::FdReader> reader_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace tcpslab::scenarios
