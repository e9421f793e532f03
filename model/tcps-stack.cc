#include "tcps-stack.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "ns3/abort.h"
#include "ns3/boolean.h"
#include "ns3/enum.h"
#include "ns3/log.h"
#include "ns3/output-stream-wrapper.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/tcps.h"
#include "tcps-convert.h"
#include "tcps-shim-protocol-impl.h"

namespace ns3
{

NS_LOG_COMPONENT_DEFINE("TcpsStack");
NS_OBJECT_ENSURE_REGISTERED(TcpsStack);

namespace stack = tcpslab::stack;
namespace tcps = tcpslab::tcps;

namespace
{

/** Counters beside those of events. */
constexpr std::array<std::pair<std::string_view, uint64_t stack::Counters::*>, 5> kSegmentCounters{{
    {"outbound-passed", &stack::Counters::outbound_passed},
    {"outbound-dropped", &stack::Counters::outbound_dropped},
    {"inbound-passed", &stack::Counters::inbound_passed},
    {"inbound-dropped", &stack::Counters::inbound_dropped},
    {"emitted", &stack::Counters::emitted},
}};

tcps::Deviations
ParseDeviations(const std::string& list)
{
    tcps::Deviations deviations;
    std::string_view rest = list;
    while (!rest.empty())
    {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        std::string_view name = rest.substr(0, comma);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
        name = name.substr(0, name.find_last_not_of(' ') + 1);
        const std::optional<tcps::Deviation> deviation = tcps::DeviationFromName(name);
        NS_ABORT_MSG_UNLESS(deviation, "no deviation is called '" << name << "'");
        deviations.Set(*deviation);
    }
    return deviations;
}

} // namespace

/** What the protocol is lent, and what is kept of it. */
class TcpsStack::Impl final : public stack::EventSink, public stack::KeyLog
{
  public:
    explicit Impl(TcpsStack& owner) : m_owner(owner)
    {
    }

    /** Destroys the protocol; another one is built when it is first needed. */
    void Renew()
    {
        m_tcps = nullptr;
        m_host->GetImpl().SetShim([this](stack::SegmentSink& segments) { return Make(segments); });
    }

    /** The protocol, built if need be. */
    tcps::Tcps& Tcps()
    {
        NS_ABORT_MSG_UNLESS(m_host, "the TcpsStack is not aggregated to a node");
        m_host->GetImpl().GetShim();
        return *m_tcps;
    }

    stack::Policy Policy() const
    {
        stack::Policy policy;
        policy.enforce = m_owner.m_enforce;
        policy.tofu_enforce = m_owner.m_tofuEnforce;
        policy.max_connections = m_owner.m_maxConnections;
        policy.max_blocked = m_owner.m_maxBlocked;
        policy.collect_interval = TcpsToDuration(m_owner.m_collectInterval);
        policy.half_open_timeout = TcpsToDuration(m_owner.m_halfOpenTimeout);
        policy.dead_timeout = TcpsToDuration(m_owner.m_deadTimeout);
        policy.closed_timeout = TcpsToDuration(m_owner.m_closedTimeout);
        policy.idle_timeout = TcpsToDuration(m_owner.m_idleTimeout);
        return policy;
    }

    void OnEvent(const stack::Event& event) override
    {
        NS_LOG_INFO(ToString(event.kind) << " " << ToString(event.flow) << " " << event.detail);
        m_owner.m_eventTrace({.kind = std::string(ToString(event.kind)),
                              .alarm = IsAlarm(event.kind),
                              .time = TcpsToTime(event.time),
                              .flow = ToString(event.flow),
                              .local = ToString(event.flow.local),
                              .remote = ToString(event.flow.remote),
                              .role = std::string(ToString(event.flow.role)),
                              .detail = event.detail});
    }

    void OnStateChange(const stack::StateChange& change) override
    {
        NS_LOG_INFO(ToString(change.flow) << " " << change.from << " -> " << change.to);
        m_owner.m_stateChangeTrace({.time = TcpsToTime(change.time),
                                    .flow = ToString(change.flow),
                                    .local = ToString(change.flow.local),
                                    .remote = ToString(change.flow.remote),
                                    .role = std::string(ToString(change.flow.role)),
                                    .from = std::string(change.from),
                                    .to = std::string(change.to)});
    }

    void Line(std::string_view line) override
    {
        if (m_keyLog)
        {
            *m_keyLog->GetStream() << line << '\n' << std::flush;
        }
    }

    Ptr<TcpsShimProtocol> m_host;
    Ptr<OutputStreamWrapper> m_keyLog;
    std::optional<tcpslab::crypto::SeededRandom> m_random;
    int64_t m_stream = -1;
    tcps::Tcps* m_tcps = nullptr; //!< owned by m_host; null until first needed

  private:
    std::unique_ptr<stack::Shim> Make(stack::SegmentSink& segments)
    {
        if (!m_random)
        {
            m_random.emplace(TcpsMakeRandom(m_stream));
        }
        const tcps::Config config{
            .dialect = m_owner.m_dialect == LKM ? tcps::Dialect::kLkm : tcps::Dialect::kReadme,
            .policy = Policy(),
            .deviations = ParseDeviations(m_owner.m_deviations),
        };
        auto made = std::make_unique<tcps::Tcps>(
            config, stack::Services{.segments = segments, .events = *this, .random = *m_random, .key_log = this});
        m_tcps = made.get();
        return made;
    }

    TcpsStack& m_owner;
};

template <typename T, T TcpsStack::*Member>
void
TcpsStack::Set(T value)
{
    this->*Member = value;
    if (m_impl->m_tcps != nullptr)
    {
        m_impl->m_tcps->SetPolicy(m_impl->Policy());
    }
}

template <typename T, T TcpsStack::*Member>
T
TcpsStack::Get() const
{
    return this->*Member;
}

TypeId
TcpsStack::GetTypeId()
{
    const stack::Policy defaults;
    const auto seconds = [](stack::Duration duration) { return TimeValue(NanoSeconds(duration.count())); };
    static TypeId tid =
        TypeId("ns3::TcpsStack")
            .SetParent<Object>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsStack>()
            .AddAttribute("Dialect",
                          "TCP/S as its readme promises it, or as the upstream kernel module does it.",
                          EnumValue(README),
                          TcpsMakeEnumAccessor<Dialect>(&TcpsStack::m_dialect),
                          MakeEnumChecker(README, "readme", LKM, "lkm"))
            .AddAttribute("Deviations",
                          "Deliberate misbehaviours, separated by commas; reference/tcps/deviations.h lists them.",
                          StringValue(""),
                          MakeStringAccessor(&TcpsStack::m_deviations),
                          MakeStringChecker())
            .AddAttribute("Enforce",
                          "Drop connections that cannot be protected, instead of letting them run in clear.",
                          BooleanValue(defaults.enforce),
                          MakeBooleanAccessor(&TcpsStack::Set<bool, &TcpsStack::m_enforce>,
                                              &TcpsStack::Get<bool, &TcpsStack::m_enforce>),
                          MakeBooleanChecker())
            .AddAttribute("TofuEnforce",
                          "Act on an identity mismatch, instead of only reporting it.",
                          BooleanValue(defaults.tofu_enforce),
                          MakeBooleanAccessor(&TcpsStack::Set<bool, &TcpsStack::m_tofuEnforce>,
                                              &TcpsStack::Get<bool, &TcpsStack::m_tofuEnforce>),
                          MakeBooleanChecker())
            .AddAttribute("MaxConnections",
                          "Connections in the table, every state counted.",
                          UintegerValue(defaults.max_connections),
                          MakeUintegerAccessor(&TcpsStack::Set<uint32_t, &TcpsStack::m_maxConnections>,
                                               &TcpsStack::Get<uint32_t, &TcpsStack::m_maxConnections>),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("MaxBlocked",
                          "Connections remembered as blocked.",
                          UintegerValue(defaults.max_blocked),
                          MakeUintegerAccessor(&TcpsStack::Set<uint32_t, &TcpsStack::m_maxBlocked>,
                                               &TcpsStack::Get<uint32_t, &TcpsStack::m_maxBlocked>),
                          MakeUintegerChecker<uint32_t>())
            .AddAttribute("CollectInterval",
                          "Time between two runs of the collector, which applies the timeouts below.",
                          seconds(defaults.collect_interval),
                          MakeTimeAccessor(&TcpsStack::Set<Time, &TcpsStack::m_collectInterval>,
                                           &TcpsStack::Get<Time, &TcpsStack::m_collectInterval>),
                          MakeTimeChecker(NanoSeconds(1)))
            .AddAttribute("HalfOpenTimeout",
                          "How long a connection may be idle before its handshake is complete.",
                          seconds(defaults.half_open_timeout),
                          MakeTimeAccessor(&TcpsStack::Set<Time, &TcpsStack::m_halfOpenTimeout>,
                                           &TcpsStack::Get<Time, &TcpsStack::m_halfOpenTimeout>),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("DeadTimeout",
                          "How long a connection may be idle that is not protected.",
                          seconds(defaults.dead_timeout),
                          MakeTimeAccessor(&TcpsStack::Set<Time, &TcpsStack::m_deadTimeout>,
                                           &TcpsStack::Get<Time, &TcpsStack::m_deadTimeout>),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("ClosedTimeout",
                          "How long a connection may be idle after both FINs.",
                          seconds(defaults.closed_timeout),
                          MakeTimeAccessor(&TcpsStack::Set<Time, &TcpsStack::m_closedTimeout>,
                                           &TcpsStack::Get<Time, &TcpsStack::m_closedTimeout>),
                          MakeTimeChecker(Time(0)))
            .AddAttribute("IdleTimeout",
                          "How long a connection may be idle in any state.",
                          seconds(defaults.idle_timeout),
                          MakeTimeAccessor(&TcpsStack::Set<Time, &TcpsStack::m_idleTimeout>,
                                           &TcpsStack::Get<Time, &TcpsStack::m_idleTimeout>),
                          MakeTimeChecker(Time(0)))
            .AddTraceSource("Event",
                            "The protocol noticed something.",
                            MakeTraceSourceAccessor(&TcpsStack::m_eventTrace),
                            "ns3::TcpsEvent::TracedCallback")
            .AddTraceSource("StateChange",
                            "The protocol state of a connection changed.",
                            MakeTraceSourceAccessor(&TcpsStack::m_stateChangeTrace),
                            "ns3::TcpsStateChange::TracedCallback");
    return tid;
}

TcpsStack::TcpsStack() : m_impl(std::make_unique<Impl>(*this))
{
}

TcpsStack::~TcpsStack() = default;

void
TcpsStack::Restart()
{
    NS_ABORT_MSG_UNLESS(m_impl->m_host, "the TcpsStack is not aggregated to a node");
    m_impl->Renew();
}

int64_t
TcpsStack::AssignStreams(int64_t stream)
{
    m_impl->m_stream = stream;
    m_impl->m_random.reset();
    if (m_impl->m_host)
    {
        m_impl->Renew();
    }
    return 1;
}

void
TcpsStack::SetKeyLogStream(Ptr<OutputStreamWrapper> stream)
{
    m_impl->m_keyLog = stream;
}

std::string
TcpsStack::GetIdentityFingerprint()
{
    return tcps::Fingerprint(m_impl->Tcps().identity());
}

std::string
TcpsStack::GetState(const Address& local, const Address& remote) const
{
    const stack::FlowKey key(TcpsToWire(local), TcpsToWire(remote));
    return std::string(ToString(m_impl->Tcps().StateOf(key).value_or(tcps::State::kNone)));
}

uint64_t
TcpsStack::GetCounter(const std::string& name) const
{
    const stack::Counters& counters = m_impl->Tcps().counters();
    for (const auto& [known, member] : kSegmentCounters)
    {
        if (name == known)
        {
            return counters.*member;
        }
    }
    for (std::size_t kind = 0; kind < stack::kEventKinds; ++kind)
    {
        if (name == ToString(static_cast<stack::EventKind>(kind)))
        {
            return counters.events[kind];
        }
    }
    NS_ABORT_MSG("no counter is called '" << name << "'");
}

std::vector<std::string>
TcpsStack::GetCounterNames()
{
    std::vector<std::string> names;
    for (std::size_t kind = 0; kind < stack::kEventKinds; ++kind)
    {
        names.emplace_back(ToString(static_cast<stack::EventKind>(kind)));
    }
    for (const auto& [name, member] : kSegmentCounters)
    {
        names.emplace_back(name);
    }
    return names;
}

uint32_t
TcpsStack::GetNConnections() const
{
    return static_cast<uint32_t>(m_impl->Tcps().connections());
}

void
TcpsStack::NotifyNewAggregate()
{
    if (!m_impl->m_host)
    {
        m_impl->m_host = GetObject<TcpsShimProtocol>();
        if (m_impl->m_host)
        {
            m_impl->Renew();
        }
    }
    Object::NotifyNewAggregate();
}

void
TcpsStack::DoDispose()
{
    if (m_impl->m_host)
    {
        m_impl->m_host->GetImpl().SetShim(nullptr);
        m_impl->m_tcps = nullptr;
        m_impl->m_host = nullptr;
    }
    m_impl->m_keyLog = nullptr;
    Object::DoDispose();
}

} // namespace ns3
