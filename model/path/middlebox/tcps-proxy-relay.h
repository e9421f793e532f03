/**
 * @file
 * @ingroup tcps
 * What joins the two connections of a proxy. Internal: C++20, not installed.
 */
#ifndef TCPS_PROXY_RELAY_H
#define TCPS_PROXY_RELAY_H

#include <cstdint>
#include <functional>
#include <vector>

#include "ns3/ptr.h"
#include "ns3/socket.h"
#include "ns3/tcp-socket.h"

namespace ns3
{

/**
 * @ingroup tcps
 * Carries bytes from each of two connections to the other, ends of streams too, and answers the death of one with a RST
 * on the other.
 */
class TcpsProxyRelay
{
  public:
    /** Sees what is carried. */
    using Reader = std::function<void(const std::vector<uint8_t>& bytes)>;

    /**
     * @param accepted a connection that is established
     * @param onward one that is about to connect
     * @param reader is called for every piece of either stream
     */
    TcpsProxyRelay(const Ptr<Socket>& accepted, const Ptr<Socket>& onward, const Reader& reader);

  private:
    /** One of the connections. */
    class Leg
    {
      public:
        Leg(const Ptr<Socket>& socket, const Reader& reader, TcpSocket::TcpStates_t state);
        ~Leg();
        Leg(const Leg&) = delete;
        Leg& operator=(const Leg&) = delete;

        void SetPeer(Leg& peer);

      private:
        bool IsEstablished() const;
        void Read();
        void Write();
        void Abort();
        void OnConnected(Ptr<Socket> socket);
        void OnEnded(Ptr<Socket> socket);
        void OnReadable(Ptr<Socket> socket);
        void OnWritable(Ptr<Socket> socket, uint32_t available);
        void OnClosed(Ptr<Socket> socket);
        void OnState(TcpSocket::TcpStates_t from, TcpSocket::TcpStates_t to);

        Ptr<Socket> m_socket;
        Reader m_reader;
        TcpSocket::TcpStates_t m_state;
        Leg* m_peer{nullptr};
        std::vector<uint8_t> m_pending; //!< from the peer, not yet taken by the socket
        bool m_endOfStream{false};      //!< nothing more comes from this one
        bool m_shutDown{false};         //!< nothing more goes to this one
        bool m_dead{false};             //!< reset, refused or timed out
    };

    Leg m_accepted;
    Leg m_onward;
};

} // namespace ns3

#endif /* TCPS_PROXY_RELAY_H */
