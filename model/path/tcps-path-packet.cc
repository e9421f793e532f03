#include "tcps-path-packet.h"

#include "../tcps-bytes-header.h"

namespace ns3
{

TcpsPathPacket::TcpsPathPacket(Ptr<const Packet> packet) : m_packet(packet), m_modified(false)
{
}

TcpsPathPacket::TcpsPathPacket(const std::vector<uint8_t>& bytes) : m_bytes(bytes), m_modified(false)
{
}

const std::vector<uint8_t>&
TcpsPathPacket::GetBytes() const
{
    if (m_bytes.empty() && m_packet)
    {
        m_bytes.resize(m_packet->GetSize());
        m_packet->CopyData(m_bytes.data(), m_packet->GetSize());
    }
    return m_bytes;
}

void
TcpsPathPacket::SetBytes(const std::vector<uint8_t>& bytes)
{
    m_bytes = bytes;
    m_modified = true;
}

uint32_t
TcpsPathPacket::GetSize() const
{
    return m_packet && !m_modified ? m_packet->GetSize() : static_cast<uint32_t>(m_bytes.size());
}

Ptr<Packet>
TcpsPathPacket::GetPacket() const
{
    Ptr<Packet> packet = m_packet ? m_packet->Copy() : Create<Packet>();
    if (!m_packet || m_modified)
    {
        packet->RemoveAtStart(packet->GetSize());
        packet->AddHeader(TcpsBytesHeader(std::as_bytes(std::span(m_bytes))));
    }
    return packet;
}

} // namespace ns3
