/**
 * @file
 * @ingroup tcps
 * Raw bytes at the start of an ns3::Packet. Internal: C++20, not installed.
 */
#ifndef TCPS_BYTES_HEADER_H
#define TCPS_BYTES_HEADER_H

#include <cstddef>
#include <span>

#include "ns3/header.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * Writes bytes that reference/wire emitted into a packet. This module edits packets in one way only:
 * `packet->RemoveAtStart(n); packet->AddHeader(TcpsBytesHeader(bytes));` keeps the packet's uid and tags (TOS, TTL and
 * the like travel as tags), and costs less than Packet::AddAtEnd.
 */
class TcpsBytesHeader : public Header
{
  public:
    static TypeId GetTypeId();

    TcpsBytesHeader() = default;
    /**
     * @param bytes what to write; not copied before Serialize()
     */
    explicit TcpsBytesHeader(std::span<const std::byte> bytes);

    // From Header
    TypeId GetInstanceTypeId() const override;
    void Print(std::ostream& os) const override;
    uint32_t GetSerializedSize() const override;
    void Serialize(Buffer::Iterator start) const override;
    uint32_t Deserialize(Buffer::Iterator start) override;

  private:
    std::span<const std::byte> m_bytes;
    uint32_t m_deserializedSize = 0; //!< for Packet::Print, which has no other use for the content
};

} // namespace ns3

#endif /* TCPS_BYTES_HEADER_H */
