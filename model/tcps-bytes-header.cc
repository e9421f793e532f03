#include "tcps-bytes-header.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsBytesHeader);

TypeId
TcpsBytesHeader::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsBytesHeader").SetParent<Header>().SetGroupName("Tcps").AddConstructor<TcpsBytesHeader>();
    return tid;
}

TcpsBytesHeader::TcpsBytesHeader(std::span<const std::byte> bytes) : m_bytes(bytes)
{
}

TypeId
TcpsBytesHeader::GetInstanceTypeId() const
{
    return GetTypeId();
}

void
TcpsBytesHeader::Print(std::ostream& os) const
{
    os << "size=" << GetSerializedSize();
}

uint32_t
TcpsBytesHeader::GetSerializedSize() const
{
    return m_bytes.empty() ? m_deserializedSize : static_cast<uint32_t>(m_bytes.size());
}

void
TcpsBytesHeader::Serialize(Buffer::Iterator start) const
{
    start.Write(reinterpret_cast<const uint8_t*>(m_bytes.data()), static_cast<uint32_t>(m_bytes.size()));
}

uint32_t
TcpsBytesHeader::Deserialize(Buffer::Iterator start)
{
    m_bytes = {};
    m_deserializedSize = start.GetRemainingSize();
    return m_deserializedSize;
}

} // namespace ns3
