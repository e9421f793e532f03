#include "tcps-proxy-relay.h"

#include <algorithm>
#include <utility>

#include "../../tcps-abort.h"
#include "ns3/callback.h"
#include "ns3/packet.h"

namespace ns3
{

namespace
{

constexpr std::size_t kBufferSize = 65536; // bytes read from one connection and not yet taken by the other

} // namespace

TcpsProxyRelay::TcpsProxyRelay(const Ptr<Socket>& accepted, const Ptr<Socket>& onward, const Reader& reader)
    : m_accepted(accepted, reader, TcpSocket::ESTABLISHED), m_onward(onward, reader, TcpSocket::CLOSED)
{
    m_accepted.SetPeer(m_onward);
    m_onward.SetPeer(m_accepted);
}

TcpsProxyRelay::Leg::Leg(const Ptr<Socket>& socket, const Reader& reader, TcpSocket::TcpStates_t state)
    : m_socket(socket), m_reader(reader), m_state(state)
{
    m_socket->SetConnectCallback(MakeCallback(&Leg::OnConnected, this), MakeCallback(&Leg::OnEnded, this));
    m_socket->SetCloseCallbacks(MakeCallback(&Leg::OnClosed, this), MakeCallback(&Leg::OnEnded, this));
    m_socket->SetRecvCallback(MakeCallback(&Leg::OnReadable, this));
    m_socket->SetSendCallback(MakeCallback(&Leg::OnWritable, this));
    m_socket->TraceConnectWithoutContext("State", MakeCallback(&Leg::OnState, this));
}

TcpsProxyRelay::Leg::~Leg()
{
    const auto nothing = MakeNullCallback<void, Ptr<Socket>>();
    m_socket->SetConnectCallback(nothing, nothing);
    m_socket->SetCloseCallbacks(nothing, nothing);
    m_socket->SetRecvCallback(nothing);
    m_socket->SetSendCallback(MakeNullCallback<void, Ptr<Socket>, uint32_t>());
    m_socket->TraceDisconnectWithoutContext("State", MakeCallback(&Leg::OnState, this));
}

void
TcpsProxyRelay::Leg::SetPeer(Leg& peer)
{
    m_peer = &peer;
}

bool
TcpsProxyRelay::Leg::IsEstablished() const
{
    return m_state != TcpSocket::CLOSED && m_state != TcpSocket::SYN_SENT && m_state != TcpSocket::SYN_RCVD;
}

void
TcpsProxyRelay::Leg::Read()
{
    std::vector<uint8_t>& pending = m_peer->m_pending;
    while (pending.size() < kBufferSize)
    {
        const Ptr<Packet> packet = m_socket->Recv(static_cast<uint32_t>(kBufferSize - pending.size()), 0);
        if (!packet || packet->GetSize() == 0)
        {
            break;
        }
        std::vector<uint8_t> bytes(packet->GetSize());
        packet->CopyData(bytes.data(), packet->GetSize());
        pending.insert(pending.end(), bytes.begin(), bytes.end());
        m_reader(bytes);
    }
    m_peer->Write();
}

void
TcpsProxyRelay::Leg::Write()
{
    if (m_dead || !IsEstablished())
    {
        return;
    }
    const auto size = std::min(static_cast<uint32_t>(m_pending.size()), m_socket->GetTxAvailable());
    const int taken = size == 0 ? 0 : m_socket->Send(m_pending.data(), size, 0);
    m_pending.erase(m_pending.begin(), m_pending.begin() + std::max(taken, 0));
    if (m_pending.empty() && m_peer->m_endOfStream && m_peer->m_socket->GetRxAvailable() == 0 &&
        !std::exchange(m_shutDown, true))
    {
        m_socket->ShutdownSend();
    }
}

void
TcpsProxyRelay::Leg::Abort()
{
    if (std::exchange(m_dead, true))
    {
        return;
    }
    if (IsEstablished())
    {
        TcpsAbort(m_socket);
    }
    else
    {
        m_socket->Close();
    }
}

// NOLINTBEGIN(performance-unnecessary-value-param): the signatures are ns-3's.
void
TcpsProxyRelay::Leg::OnConnected(Ptr<Socket> /* socket */)
{
    m_state = TcpSocket::ESTABLISHED;
    Write();
}

void
TcpsProxyRelay::Leg::OnEnded(Ptr<Socket> /* socket */)
{
    m_dead = true;
    m_peer->Abort();
}

void
TcpsProxyRelay::Leg::OnReadable(Ptr<Socket> /* socket */)
{
    Read();
}

void
TcpsProxyRelay::Leg::OnWritable(Ptr<Socket> /* socket */, uint32_t /* available */)
{
    Write();
    m_peer->Read();
}

// ns-3 calls this for the end of the stream, after it went on to CLOSE_WAIT or beyond, and also for a RST, which finds
// the socket in an earlier state still.
void
TcpsProxyRelay::Leg::OnClosed(Ptr<Socket> socket)
{
    switch (m_state)
    {
        case TcpSocket::SYN_SENT:
        case TcpSocket::SYN_RCVD:
        case TcpSocket::ESTABLISHED:
        case TcpSocket::FIN_WAIT_1:
        case TcpSocket::FIN_WAIT_2:
            OnEnded(socket);
            break;
        default:
            m_endOfStream = true;
            Read();
            break;
    }
}

void
TcpsProxyRelay::Leg::OnState(TcpSocket::TcpStates_t /* from */, TcpSocket::TcpStates_t to)
{
    m_state = to;
}

// NOLINTEND(performance-unnecessary-value-param)

} // namespace ns3
