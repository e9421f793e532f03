// A host with TCP in virtual time: ns-3's, with or without TCP/S below it. The caller is its network card.
#pragma once

#include <ns3/net-device.h>
#include <ns3/node.h>
#include <ns3/tcps-stack.h>
#include <ns3/virtual-net-device.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bindings/core/casters.h"
#include "bindings/sim/card.h"
#include "bindings/sim/clock.h"
#include "bindings/sim/connection.h"
#include "bindings/sim/records.h"
#include "bindings/sim/simulation.h"
#include "reference/stack/policy.h"
#include "reference/tcps/tcps.h"

namespace tcpslab::bindings {

// An address and the length of its network's prefix.
struct Network {
  wire::Address address;
  std::uint8_t prefix;
};

struct SimSettings {
  std::optional<tcps::Config> config;  // none: a host without TCP/S
  std::uint64_t seed = 1;
  Network ipv4;
  Network ipv6;
  std::uint16_t mtu = 1500;
  std::optional<std::uint32_t> isn;        // of every connection; none: random
  std::map<std::string, std::string> tcp;  // attributes of ns3::TcpSocketBase
};

// One at a time. Every call leaves the time where it is, but for Advance and RunUntil; what ns-3 does without delay has
// happened when it returns. Arguments that make no sense are ValueErrors.
class SimNode {
 public:
  using ConnectionId = std::uint32_t;
  using Sent = std::pair<std::int64_t, ByteVector>;  // when, in nanoseconds, and the whole IP packet

  explicit SimNode(const SimSettings& settings);
  SimNode(const SimNode&) = delete;
  SimNode& operator=(const SimNode&) = delete;
  ~SimNode();

  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] std::int64_t now() const;
  // The packets that the node sent since the last call: TCP only.
  std::vector<Sent> Take();
  // A packet arrives now; errors and what the host ignores: Admit(). Returns whether it got as far as the host's IP.
  bool Inject(std::span<const std::byte> packet);
  void Advance(std::int64_t duration);
  bool RunUntil(const std::function<bool()>& predicate, std::int64_t limit);

  void Listen(std::uint16_t port);
  [[nodiscard]] const std::vector<ConnectionId>& Accepted(std::uint16_t port) const;
  ConnectionId Connect(const wire::Address& address, std::uint16_t port);
  std::size_t Send(ConnectionId id, std::span<const std::byte> bytes);
  ByteVector TakeReceived(ConnectionId id);
  void Close(ConnectionId id);
  void Abort(ConnectionId id);
  [[nodiscard]] const Connection& connection(ConnectionId id) const { return Find(id); }

  // Of TCP/S: RuntimeError on a host without it.
  ns3::TcpsStack& stack();
  [[nodiscard]] const Records& records() const;
  [[nodiscard]] stack::Policy policy() const;
  void SetPolicy(const stack::Policy& policy);

 private:
  struct Listener {
    std::vector<ns3::Ptr<ns3::Socket>> sockets;
    std::vector<ConnectionId> accepted;
  };

  void AddDevice(const SimSettings& settings);
  void InstallTcp(const SimSettings& settings);
  ns3::Ptr<ns3::Socket> CreateSocket();
  ConnectionId AddConnection(std::unique_ptr<Connection> connection);
  [[nodiscard]] Connection& Find(ConnectionId id) const;
  [[nodiscard]] ns3::Time Later(std::int64_t duration) const;
  void Settle();

  // Called by ns-3.
  bool OnSent(ns3::Ptr<ns3::Packet> packet, const ns3::Address& source, const ns3::Address& destination,
              std::uint16_t protocol);
  void OnAccepted(ns3::Ptr<ns3::Socket> socket, const ns3::Address& from);

  HostAddresses addresses_;
  Clock clock_;
  std::optional<stack::Policy> policy_;
  std::vector<Sent> sent_;
  std::map<std::uint16_t, Listener> listeners_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by id - 1
  std::unique_ptr<Records> records_;
  std::map<std::string, std::string> socket_attributes_;
  ns3::Ptr<ns3::Node> node_;
  ns3::Ptr<ns3::VirtualNetDevice> device_;
  ns3::Ptr<ns3::TcpsStack> stack_;
  Simulation simulation_;  // ends before what it calls is gone
};

}  // namespace tcpslab::bindings
