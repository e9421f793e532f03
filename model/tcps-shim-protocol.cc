#include "tcps-shim-protocol.h"

#include "ns3/boolean.h"
#include "ns3/integer.h"
#include "ns3/ipv4-interface.h"
#include "ns3/ipv6-interface.h"
#include "ns3/node.h"
#include "ns3/tcp-l4-protocol.h"
#include "ns3/uinteger.h"
#include "tcps-convert.h"
#include "tcps-shim-protocol-impl.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsShimProtocol);

const uint8_t TcpsShimProtocol::PROT_NUMBER = 6;

TypeId
TcpsShimProtocol::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsShimProtocol")
            .SetParent<IpL4Protocol>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsShimProtocol>()
            .AddAttribute("RandomIsn",
                          "Start connections at random sequence numbers.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsShimProtocol::m_randomIsn),
                          MakeBooleanChecker())
            .AddAttribute("Isn",
                          "Start every connection at this sequence number, for tests; -1: as RandomIsn says.",
                          IntegerValue(-1),
                          MakeIntegerAccessor(&TcpsShimProtocol::m_isn),
                          MakeIntegerChecker<int64_t>(-1, 0xffffffffLL))
            .AddAttribute("MssOption",
                          "Announce the maximum segment size, obey the peer's, and split segments that exceed it or "
                          "the MTU.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsShimProtocol::m_mssOption),
                          MakeBooleanChecker())
            .AddAttribute("WindowAfterUnansweredScale",
                          "Announce the real window if the offer to scale windows was not answered.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsShimProtocol::m_windowAfterUnansweredScale),
                          MakeBooleanChecker())
            .AddAttribute(
                "OptionGuard",
                "Keep options from TCP that ns-3's parser does not survive, and pad outgoing options with NOP.",
                BooleanValue(true),
                MakeBooleanAccessor(&TcpsShimProtocol::m_optionGuard),
                MakeBooleanChecker())
            .AddAttribute("DuplicateAckGuard",
                          "Segments with data are no duplicate acknowledgements.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsShimProtocol::m_duplicateAckGuard),
                          MakeBooleanChecker())
            .AddAttribute("SendWindowGuard",
                          "Loss recovery does not crash ns-3's TCP when it fills the peer's window.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsShimProtocol::m_sendWindowGuard),
                          MakeBooleanChecker())
            .AddAttribute("PersistGuard",
                          "A closed window does not crash ns-3's TCP where there is nothing to send.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsShimProtocol::m_persistGuard),
                          MakeBooleanChecker())
            .AddAttribute("ControlGuard",
                          "RST, SYN and what has no ACK do to a connection only what RFC 9293, section 3.10.7, says.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsShimProtocol::m_controlGuard),
                          MakeBooleanChecker())
            .AddAttribute("MaxFlows",
                          "Connections that host parts remember; further ones start at sequence number 0.",
                          UintegerValue(65536),
                          MakeUintegerAccessor(&TcpsShimProtocol::m_maxFlows),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("FlowTimeout",
                          "How long host parts remember a connection that is closed, or was never established.",
                          TimeValue(Seconds(240)),
                          MakeTimeAccessor(&TcpsShimProtocol::m_flowTimeout),
                          MakeTimeChecker(Seconds(1)))
            .AddTraceSource("Drop",
                            "A segment went no further.",
                            MakeTraceSourceAccessor(&TcpsShimProtocol::m_dropTrace),
                            "ns3::TcpsShimProtocol::DropTracedCallback");
    return tid;
}

TcpsShimProtocol::TcpsShimProtocol() : m_impl(std::make_unique<Impl>(*this))
{
}

TcpsShimProtocol::~TcpsShimProtocol() = default;

void
TcpsShimProtocol::Install(Ptr<Node> node)
{
    m_impl->Install(node);
}

int64_t
TcpsShimProtocol::AssignStreams(int64_t stream)
{
    m_impl->m_stream = stream;
    m_impl->m_host.reset();
    m_impl->m_random.reset();
    return 1;
}

uint32_t
TcpsShimProtocol::GetNFlows() const
{
    return m_impl->m_host ? static_cast<uint32_t>(m_impl->m_host->size()) : 0;
}

void
TcpsShimProtocol::SetHostReceiver(HostReceiver receiver)
{
    m_impl->m_hostReceiver = receiver;
}

void
TcpsShimProtocol::SendFromHost(Ptr<Packet> segment, const Address& source, const Address& destination)
{
    const bool v4 = Ipv4Address::IsMatchingType(source);
    const auto toWire = [v4](const Address& address)
    { return v4 ? TcpsToWire(Ipv4Address::ConvertFrom(address)) : TcpsToWire(Ipv6Address::ConvertFrom(address)); };
    m_impl->OutboundFromScript({segment, toWire(source), toWire(destination), {}});
}

int
TcpsShimProtocol::GetProtocolNumber() const
{
    // TCPS-LOOP-05
    return PROT_NUMBER;
}

IpL4Protocol::RxStatus
TcpsShimProtocol::Receive(Ptr<Packet> packet, const Ipv4Header& header, Ptr<Ipv4Interface> incomingInterface)
{
    const bool goesOn = m_impl->Inbound(
        packet, TcpsToWire(header.GetSource()), TcpsToWire(header.GetDestination()), m_impl->m_fragment4);
    if (goesOn && !m_impl->m_hostReceiver.IsNull())
    {
        m_impl->m_hostReceiver(packet, header.GetSource(), header.GetDestination());
        return RX_OK;
    }
    return goesOn ? m_impl->m_tcp->Receive(packet, header, incomingInterface) : RX_OK;
}

IpL4Protocol::RxStatus
TcpsShimProtocol::Receive(Ptr<Packet> packet, const Ipv6Header& header, Ptr<Ipv6Interface> incomingInterface)
{
    const bool goesOn = m_impl->Inbound(
        packet, TcpsToWire(TcpsSourceOf(header)), TcpsToWire(TcpsDestinationOf(header)), m_impl->m_fragment6);
    if (goesOn && !m_impl->m_hostReceiver.IsNull())
    {
        m_impl->m_hostReceiver(packet, TcpsSourceOf(header), TcpsDestinationOf(header));
        return RX_OK;
    }
    return goesOn ? m_impl->m_tcp->Receive(packet, header, incomingInterface) : RX_OK;
}

void
TcpsShimProtocol::ReceiveIcmp(Ipv4Address icmpSource,
                              uint8_t icmpTtl,
                              uint8_t icmpType,
                              uint8_t icmpCode,
                              uint32_t icmpInfo,
                              Ipv4Address payloadSource,
                              Ipv4Address payloadDestination,
                              const uint8_t payload[8])
{
    m_impl->m_tcp->ReceiveIcmp(
        icmpSource, icmpTtl, icmpType, icmpCode, icmpInfo, payloadSource, payloadDestination, payload);
}

void
TcpsShimProtocol::ReceiveIcmp(Ipv6Address icmpSource,
                              uint8_t icmpTtl,
                              uint8_t icmpType,
                              uint8_t icmpCode,
                              uint32_t icmpInfo,
                              Ipv6Address payloadSource,
                              Ipv6Address payloadDestination,
                              const uint8_t payload[8])
{
    m_impl->m_tcp->ReceiveIcmp(
        icmpSource, icmpTtl, icmpType, icmpCode, icmpInfo, payloadSource, payloadDestination, payload);
}

void
TcpsShimProtocol::SetDownTarget(IpL4Protocol::DownTargetCallback cb)
{
    m_impl->m_down4 = cb;
}

void
TcpsShimProtocol::SetDownTarget6(IpL4Protocol::DownTargetCallback6 cb)
{
    m_impl->m_down6 = cb;
}

IpL4Protocol::DownTargetCallback
TcpsShimProtocol::GetDownTarget() const
{
    return m_impl->m_down4;
}

IpL4Protocol::DownTargetCallback6
TcpsShimProtocol::GetDownTarget6() const
{
    return m_impl->m_down6;
}

TcpsShimProtocol::Impl&
TcpsShimProtocol::GetImpl()
{
    return *m_impl;
}

void
TcpsShimProtocol::DoDispose()
{
    m_impl->Dispose();
    IpL4Protocol::DoDispose();
}

} // namespace ns3
