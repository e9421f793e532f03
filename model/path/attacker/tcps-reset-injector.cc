#include "tcps-reset-injector.h"

#include <algorithm>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/uinteger.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsResetInjector);

namespace wire = tcpslab::wire;

TypeId
TcpsResetInjector::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsResetInjector")
            .SetParent<TcpsInjector>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsResetInjector>()
            .AddAttribute("Guess",
                          "What the attacker knows of the receiver's next sequence number.",
                          EnumValue(GUESS_EXACT),
                          TcpsMakeEnumAccessor<Guess>(&TcpsResetInjector::m_guess),
                          MakeEnumChecker(GUESS_EXACT, "exact", GUESS_IN_WINDOW, "in-window", GUESS_BLIND, "blind"))
            .AddAttribute("Stride",
                          "From one blind guess to the next, in bytes of sequence space.",
                          UintegerValue(65535),
                          MakeUintegerAccessor(&TcpsResetInjector::m_stride),
                          MakeUintegerChecker<uint32_t>(1))
            .AddAttribute("WithAck",
                          "The RST carries an acknowledgement.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&TcpsResetInjector::m_withAck),
                          MakeBooleanChecker());
    return tid;
}

TcpsResetInjector::TcpsResetInjector() = default;

TcpsResetInjector::~TcpsResetInjector() = default;

void
TcpsResetInjector::Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot)
{
    TcpsPathSegment segment = Forge(flow, direction);
    segment->sequence = ChooseSequence(flow, direction, shot);
    segment->flags = m_withAck ? wire::kRst | wire::kAck : wire::kRst;
    segment->acknowledgement = m_withAck ? segment->acknowledgement : 0;
    segment->window = 0;
    if (m_guess == GUESS_BLIND)
    {
        segment->options.clear(); // timestamps would be known on the path only
    }
    InjectSegment(segment, direction);
    Achieve("sent a RST");
}

uint32_t
TcpsResetInjector::ChooseSequence(const TcpsTrackedFlow& flow, Direction direction, uint32_t shot)
{
    const uint32_t next = flow.Sender(direction).next;
    switch (m_guess)
    {
        case GUESS_EXACT:
            break;
        case GUESS_IN_WINDOW:
        {
            const uint32_t window = flow.Sender(TcpsReverse(direction)).window;
            return next + GetRandom()->GetInteger(1, std::max(window, 2U) - 1);
        }
        case GUESS_BLIND:
            if (!m_swept)
            {
                m_swept = true;
                m_start = GetRandom()->GetInteger(0, UINT32_MAX);
            }
            return m_start + shot * m_stride;
    }
    return next;
}

} // namespace ns3
