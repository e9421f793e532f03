#include "tcps-path-element.h"

#include "../tcps-convert.h"
#include "ns3/boolean.h"
#include "ns3/log.h"
#include "ns3/simulator.h"

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("TcpsPathElement");
NS_OBJECT_ENSURE_REGISTERED(TcpsPathElement);

TypeId
TcpsPathElement::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsPathElement")
            .SetParent<Object>()
            .SetGroupName("Tcps")
            .AddAttribute("Direction",
                          "In which directions the element acts; what travels in another passes unseen.",
                          EnumValue(SCOPE_BOTH),
                          TcpsMakeEnumAccessor<Scope>(&TcpsPathElement::m_scope),
                          MakeEnumChecker(SCOPE_BOTH, "both", SCOPE_FORWARD, "forward", SCOPE_BACKWARD, "backward"))
            .AddAttribute("Enabled",
                          "While false, everything passes unseen; may be changed during a simulation.",
                          BooleanValue(true),
                          MakeBooleanAccessor(&TcpsPathElement::m_enabled),
                          MakeBooleanChecker())
            .AddAttribute("Goal",
                          "What the element is after, if it is an attacker.",
                          EnumValue(GOAL_NONE),
                          TcpsMakeEnumAccessor<Goal>(&TcpsPathElement::m_goal),
                          MakeEnumChecker(GOAL_NONE,
                                          "none",
                                          GOAL_READ,
                                          "read",
                                          GOAL_INJECT,
                                          "inject",
                                          GOAL_KILL,
                                          "kill",
                                          GOAL_BLOCK,
                                          "block",
                                          GOAL_POISON,
                                          "poison",
                                          GOAL_DOWNGRADE,
                                          "downgrade"))
            .AddTraceSource("Drop",
                            "A packet goes no further.",
                            MakeTraceSourceAccessor(&TcpsPathElement::m_dropTrace),
                            "ns3::TcpsPathElement::PacketTracedCallback")
            .AddTraceSource("Modify",
                            "A packet goes on edited; as it is now.",
                            MakeTraceSourceAccessor(&TcpsPathElement::m_modifyTrace),
                            "ns3::TcpsPathElement::PacketTracedCallback")
            .AddTraceSource("Delay",
                            "A packet will go on later.",
                            MakeTraceSourceAccessor(&TcpsPathElement::m_delayTrace),
                            "ns3::TcpsPathElement::PacketTracedCallback")
            .AddTraceSource("Inject",
                            "The element sends a packet of its own.",
                            MakeTraceSourceAccessor(&TcpsPathElement::m_injectTrace),
                            "ns3::TcpsPathElement::PacketTracedCallback")
            .AddTraceSource("Achieved",
                            "The element did what its goal asks, for the first time.",
                            MakeTraceSourceAccessor(&TcpsPathElement::m_achievedTrace),
                            "ns3::TcpsPathElement::AchievedTracedCallback")
            .AddTraceSource("Read",
                            "The element holds what it takes for application data.",
                            MakeTraceSourceAccessor(&TcpsPathElement::m_readTrace),
                            "ns3::TcpsPathElement::ReadTracedCallback");
    return tid;
}

TcpsPathElement::TcpsPathElement() = default;

TcpsPathElement::~TcpsPathElement() = default;

void
TcpsPathElement::Receive(const TcpsPathPacket& packet, Direction direction)
{
    const Scope own = direction == FORWARD ? SCOPE_FORWARD : SCOPE_BACKWARD;
    if (m_enabled && (m_scope == SCOPE_BOTH || m_scope == own))
    {
        Handle(packet, direction);
    }
    else
    {
        Deliver(packet, direction);
    }
}

void
TcpsPathElement::SetOutput(Output output)
{
    m_output = output;
}

TcpsPathElement::Goal
TcpsPathElement::GetGoal() const
{
    return m_goal;
}

bool
TcpsPathElement::HasAchieved() const
{
    return m_achieved;
}

int64_t
TcpsPathElement::AssignStreams(int64_t /* stream */)
{
    return 0;
}

void
TcpsPathElement::Forward(const TcpsPathPacket& packet, Direction direction, bool modified)
{
    if (modified)
    {
        m_modifyTrace(packet.GetPacket(), direction);
    }
    Deliver(packet, direction);
}

void
TcpsPathElement::ForwardAfter(Time delay, const TcpsPathPacket& packet, Direction direction)
{
    m_delayTrace(packet.GetPacket(), direction);
    Simulator::Schedule(delay, &TcpsPathElement::Deliver, Ptr<TcpsPathElement>(this), packet, direction);
}

void
TcpsPathElement::Inject(const TcpsPathPacket& packet, Direction direction)
{
    m_injectTrace(packet.GetPacket(), direction);
    Deliver(packet, direction);
}

void
TcpsPathElement::Drop(const TcpsPathPacket& packet, Direction direction)
{
    NS_LOG_INFO(GetInstanceTypeId().GetName() << " drops a packet of " << packet.GetSize() << " bytes");
    m_dropTrace(packet.GetPacket(), direction);
}

void
TcpsPathElement::Achieve(const std::string& what)
{
    if (m_achieved)
    {
        return;
    }
    NS_LOG_INFO(GetInstanceTypeId().GetName() << " " << what);
    m_achieved = true;
    m_achievedTrace(what);
}

void
TcpsPathElement::ClaimRead(const std::vector<uint8_t>& bytes)
{
    m_readTrace(bytes);
}

void
TcpsPathElement::Deliver(TcpsPathPacket packet, Direction direction)
{
    if (!m_output.IsNull())
    {
        m_output(packet, direction);
    }
}

void
TcpsPathElement::DoDispose()
{
    m_output.Nullify();
    Object::DoDispose();
}

} // namespace ns3
