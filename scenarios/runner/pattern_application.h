// The application of every scenario: sends its pattern, checks every byte that comes against the peer's, and closes as
// the workload says. It uses ns-3 sockets like any other application.
#pragma once

#include <ns3/address.h>
#include <ns3/event-id.h>
#include <ns3/node.h>
#include <ns3/ptr.h>
#include <ns3/socket.h>
#include <ns3/tcp-socket.h>

#include <cstddef>
#include <span>
#include <vector>

#include "scenarios/runner/application_plan.h"
#include "scenarios/runner/conversation.h"
#include "scenarios/runner/endpoint.h"
#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

class PatternApplication final : public Endpoint {
 public:
  // Listens at `local`, or connects to `remote` where that is set. The attributes are set on its socket, and so on what
  // a listening one accepts.
  PatternApplication(const ns3::Ptr<ns3::Node>& node, const ApplicationPlan& plan,
                     const std::vector<AttributeSetting>& attributes, SettledCallback on_settled);
  ~PatternApplication() override;
  PatternApplication(const PatternApplication&) = delete;
  PatternApplication& operator=(const PatternApplication&) = delete;

  void ListenAt(const ns3::Address& local);
  void ConnectTo(const ns3::Address& remote);

  void Start() override;
  [[nodiscard]] const ApplicationObservation& observation() const override { return conversation_.observation(); }
  [[nodiscard]] bool settled() const override { return settled_; }

 private:
  void Use(const ns3::Ptr<ns3::Socket>& socket);
  // Called by the socket; the signatures are ns-3's.
  void OnAccepted(ns3::Ptr<ns3::Socket> socket, const ns3::Address& from);
  void OnConnected(ns3::Ptr<ns3::Socket> socket);
  void OnRefused(ns3::Ptr<ns3::Socket> socket);
  void OnReadable(ns3::Ptr<ns3::Socket> socket);
  void OnWritable(ns3::Ptr<ns3::Socket> socket, std::uint32_t available);
  void OnClosed(ns3::Ptr<ns3::Socket> socket);
  void OnError(ns3::Ptr<ns3::Socket> socket);
  void OnState(ns3::TcpSocket::TcpStates_t from, ns3::TcpSocket::TcpStates_t to);

  void Established();
  void SendMore();
  std::size_t SendSome(std::span<const std::byte> bytes);
  void EndIfDone();
  void Finish();
  void Settle();
  [[nodiscard]] bool AllAcknowledged() const;

  Conversation conversation_;
  SettledCallback on_settled_;
  ns3::Address remote_;
  ns3::Ptr<ns3::Socket> listener_;
  ns3::Ptr<ns3::Socket> socket_;
  ns3::TcpSocket::TcpStates_t state_ = ns3::TcpSocket::CLOSED;
  ns3::EventId pause_;
  bool closed_ = false;
  bool peer_closed_ = false;
  bool settled_ = false;
};

}  // namespace tcpslab::scenarios
