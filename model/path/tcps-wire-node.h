/**
 * @file
 * @ingroup tcps
 * The node that path elements live in.
 */
#ifndef TCPS_WIRE_NODE_H
#define TCPS_WIRE_NODE_H

#include <cstdint>
#include <vector>

#include "ns3/net-device.h"
#include "ns3/node.h"
#include "tcps-path-element.h"

namespace ns3
{

/**
 * @ingroup tcps
 *
 * A bump in the wire: a node without internet stack that joins two devices and passes every IP packet through a chain
 * of TcpsPathElement. It has no addresses and no routes; the hosts on either side are in one subnet, or routers. Works
 * with PointToPointNetDevice on both sides or CsmaNetDevice on both sides (link-layer addresses are kept; what is not
 * IP, as ARP, passes untouched).
 *
 * @code
 *   Ptr<TcpsWireNode> wire = CreateObject<TcpsWireNode>();
 *   NetDeviceContainer left = link.Install(client, wire);
 *   NetDeviceContainer right = link.Install(wire, server);
 *   wire->Join(left.Get(1), right.Get(0));
 *   wire->AddElement(CreateObjectWithAttributes<TcpsLoss>("Segments", StringValue("3,7")));
 * @endcode
 */
class TcpsWireNode : public Node
{
  public:
    /**
     * @return the TypeId
     */
    static TypeId GetTypeId();

    TcpsWireNode();
    ~TcpsWireNode() override;

    /**
     * @param clientSide the device towards the client, of this node
     * @param serverSide the device towards the server, of this node
     */
    void Join(Ptr<NetDevice> clientSide, Ptr<NetDevice> serverSide);

    /**
     * @param element is put behind those already there, seen from the client
     */
    void AddElement(Ptr<TcpsPathElement> element);

    /**
     * @param index 0 is next to the client
     * @return that element
     */
    Ptr<TcpsPathElement> GetElement(uint32_t index) const;

    /**
     * Calls AssignStreams of each element.
     * @param stream first stream index to use
     * @return the number of stream indices assigned
     */
    int64_t AssignStreams(int64_t stream);

  protected:
    void DoDispose() override;

  private:
    void ReceiveFromDevice(Ptr<NetDevice> device,
                           Ptr<const Packet> packet,
                           uint16_t protocol,
                           const Address& source,
                           const Address& destination,
                           NetDevice::PacketType packetType);
    void PassOnFrom(uint32_t index, const TcpsPathPacket& packet, TcpsPathElement::Direction direction);
    void Transmit(const TcpsPathPacket& packet, TcpsPathElement::Direction direction);

    /** Link-layer addresses last seen in one direction, for packets that elements make or delay. */
    struct LinkAddresses
    {
        Address source;      //!< of the frame
        Address destination; //!< of the frame
    };

    Ptr<NetDevice> m_devices[2];                  //!< by the direction in which they send
    LinkAddresses m_linkAddresses[2];             //!< by direction
    std::vector<Ptr<TcpsPathElement>> m_elements; //!< client first
};

} // namespace ns3

#endif /* TCPS_WIRE_NODE_H */
