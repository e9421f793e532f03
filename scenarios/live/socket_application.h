// The application of every scenario on a live host: the same conversation as in ns-3, on a socket of the kernel.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "reference/linux/descriptor.h"
#include "scenarios/live/network_namespace.h"
#include "scenarios/runner/conversation.h"
#include "scenarios/runner/endpoint.h"

namespace tcpslab::scenarios {

// Since the start of the run.
using RunClock = std::function<stack::Duration()>;

class SocketApplication final : public Endpoint {
 public:
  // Listens at `address`, one of the host's, or connects to it, the other's. Throws std::system_error if the system
  // refuses the socket.
  enum class Role : std::uint8_t { kConnects, kListens };
  SocketApplication(const NetworkNamespace& host, Role role, const std::string& address, std::uint16_t port,
                    const ApplicationPlan& plan, RunClock clock);

  void Start() override;
  [[nodiscard]] const ApplicationObservation& observation() const override { return conversation_.observation(); }
  [[nodiscard]] bool settled() const override { return settled_; }

  // Adds what to wait for.
  void AddWanted(std::vector<pollfd>& wanted) const;
  // No event tells when all that was sent is acknowledged, or when a pause is over: Serve() must be called now and
  // then.
  [[nodiscard]] bool NeedsTime() const;
  // Does what can be done now.
  void Serve();

 private:
  void Accept();
  void CompleteConnect();
  void Established();
  void Receive();
  void SendMore();
  std::size_t SendSome(std::span<const std::byte> bytes);
  void EndIfDone();
  void Finish();
  void OnPeerClosed();
  void OnError();
  [[nodiscard]] bool AllAcknowledged() const;

  Role role_;
  sockaddr_storage address_{};
  socklen_t address_size_ = 0;
  RunClock clock_;
  Conversation conversation_;
  linux_host::Descriptor listener_;  // as in ns-3, it takes whatever connection comes, and the latest counts
  std::vector<linux_host::Descriptor> earlier_;  // accepted before that
  linux_host::Descriptor socket_;
  bool connecting_ = false;
  bool send_blocked_ = false;
  bool closed_ = false;  // said that nothing more will be sent
  bool peer_closed_ = false;
  bool settled_ = false;
};

}  // namespace tcpslab::scenarios
