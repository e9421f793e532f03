#include "scenarios/runner/pattern_application.h"

#include <ns3/callback.h>
#include <ns3/packet.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/tcp-socket-base.h>
#include <ns3/tcp-socket-factory.h>
#include <ns3/tcp-tx-buffer.h>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <utility>

#include "model/tcps-abort.h"
#include "scenarios/runner/ns3_units.h"

namespace tcpslab::scenarios {

PatternApplication::PatternApplication(const ns3::Ptr<ns3::Node>& node, const ApplicationPlan& plan,
                                       const std::vector<AttributeSetting>& attributes, SettledCallback on_settled)
    : conversation_(plan), on_settled_(std::move(on_settled)) {
  socket_ = ns3::Socket::CreateSocket(node, ns3::TcpSocketFactory::GetTypeId());
  for (const AttributeSetting& attribute : attributes) {
    socket_->SetAttribute(attribute.name, ns3::StringValue(attribute.value));
  }
}

PatternApplication::~PatternApplication() { pause_.Cancel(); }

void PatternApplication::ListenAt(const ns3::Address& local) {
  listener_ = std::exchange(socket_, nullptr);
  if (listener_->Bind(local) != 0) {
    throw std::logic_error("a server port is taken");
  }
}

void PatternApplication::ConnectTo(const ns3::Address& remote) { remote_ = remote; }

void PatternApplication::Start() {
  if (listener_) {
    listener_->SetAcceptCallback(ns3::MakeNullCallback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&>(),
                                 ns3::MakeCallback(&PatternApplication::OnAccepted, this));
    listener_->Listen();
    return;
  }
  socket_->SetConnectCallback(ns3::MakeCallback(&PatternApplication::OnConnected, this),
                              ns3::MakeCallback(&PatternApplication::OnRefused, this));
  Use(socket_);
  if (socket_->Connect(remote_) != 0) {
    throw std::logic_error("no route to the other host");
  }
}

void PatternApplication::Use(const ns3::Ptr<ns3::Socket>& socket) {
  socket_ = socket;
  socket_->SetRecvCallback(ns3::MakeCallback(&PatternApplication::OnReadable, this));
  socket_->SetSendCallback(ns3::MakeCallback(&PatternApplication::OnWritable, this));
  socket_->SetCloseCallbacks(ns3::MakeCallback(&PatternApplication::OnClosed, this),
                             ns3::MakeCallback(&PatternApplication::OnError, this));
  socket_->TraceConnectWithoutContext("State", ns3::MakeCallback(&PatternApplication::OnState, this));
}

// NOLINTBEGIN(performance-unnecessary-value-param): the signatures are ns-3's.
void PatternApplication::OnAccepted(ns3::Ptr<ns3::Socket> socket, const ns3::Address& /*from*/) {
  Use(socket);
  state_ = ns3::TcpSocket::ESTABLISHED;
  Established();
}

void PatternApplication::OnConnected(ns3::Ptr<ns3::Socket> /*socket*/) { Established(); }

void PatternApplication::OnRefused(ns3::Ptr<ns3::Socket> /*socket*/) { Settle(); }

void PatternApplication::Established() {
  conversation_.OnEstablished(SimulationTime());
  SendMore();
  EndIfDone();
}

void PatternApplication::OnReadable(ns3::Ptr<ns3::Socket> socket) {
  std::array<std::uint8_t, 16384> bytes{};
  while (const ns3::Ptr<ns3::Packet> packet = socket->Recv(bytes.size(), 0)) {
    const std::uint32_t size = packet->CopyData(bytes.data(), bytes.size());
    if (size == 0) {
      break;
    }
    conversation_.OnReceived(std::as_bytes(std::span(bytes).first(size)), SimulationTime());
  }
  SendMore();
  EndIfDone();
}

void PatternApplication::OnWritable(ns3::Ptr<ns3::Socket> /*socket*/, std::uint32_t /*available*/) {
  SendMore();
  EndIfDone();
}

void PatternApplication::SendMore() {
  if (settled_) {
    return;
  }
  const stack::Duration now = SimulationTime();
  for (auto bytes = conversation_.Due(now); !bytes.empty(); bytes = conversation_.Due(now)) {
    const std::size_t taken = SendSome(bytes);
    conversation_.OnSent(taken);
    if (taken == 0) {
      return;
    }
  }
  if (const auto resumes = conversation_.resumes(); resumes > now && !pause_.IsRunning()) {
    pause_ = ns3::Simulator::Schedule(ToNs3(*resumes - now), [this] {
      SendMore();
      EndIfDone();
    });
  }
}

// Hands what fits to the socket; returns how much that was.
std::size_t PatternApplication::SendSome(std::span<const std::byte> bytes) {
  const std::size_t size = std::min<std::size_t>(bytes.size(), socket_->GetTxAvailable());
  if (size == 0) {
    return 0;
  }
  const auto packet =
      ns3::Create<ns3::Packet>(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(size));
  return static_cast<std::size_t>(std::max(socket_->Send(packet), 0));
}

bool PatternApplication::AllAcknowledged() const {
  return ns3::DynamicCast<ns3::TcpSocketBase>(socket_)->GetTxBuffer()->Size() == 0;
}

void PatternApplication::EndIfDone() {
  if (settled_ || !conversation_.complete()) {
    return;
  }
  switch (conversation_.ending()) {
    case Ending::kClose:
      if (!std::exchange(closed_, true)) {
        socket_->Close();
      }
      if (AllAcknowledged()) {
        Finish();
      }
      break;
    case Ending::kAwait:
      if (peer_closed_) {
        Finish();
        socket_->Close();
      }
      break;
    case Ending::kAbort:
      if (AllAcknowledged()) {
        Finish();
        ns3::TcpsAbort(socket_);
      }
      break;
  }
}

void PatternApplication::Finish() {
  conversation_.OnFinished();
  Settle();
}

void PatternApplication::OnState(ns3::TcpSocket::TcpStates_t /*from*/, ns3::TcpSocket::TcpStates_t to) { state_ = to; }

// ns-3 calls this for the peer's end of stream, after it went on to CLOSE_WAIT or beyond, and also for an RST, which
// finds the socket in an earlier state still.
void PatternApplication::OnClosed(ns3::Ptr<ns3::Socket> socket) {
  switch (state_) {
    case ns3::TcpSocket::SYN_SENT:
    case ns3::TcpSocket::SYN_RCVD:
    case ns3::TcpSocket::ESTABLISHED:
    case ns3::TcpSocket::FIN_WAIT_1:
    case ns3::TcpSocket::FIN_WAIT_2:
      OnError(socket);
      return;
    default:
      break;
  }
  peer_closed_ = true;
  EndIfDone();
  if (!settled_ && !std::exchange(closed_, true)) {  // the peer closed before its time: nothing more will come
    socket_->Close();
    Settle();
  }
}

void PatternApplication::OnError(ns3::Ptr<ns3::Socket> /*socket*/) {
  if (!settled_) {
    conversation_.OnError(SimulationTime());
  }
  Settle();
}

void PatternApplication::Settle() {
  if (!settled_) {
    settled_ = true;
    on_settled_();
  }
}

// NOLINTEND(performance-unnecessary-value-param)

}  // namespace tcpslab::scenarios
