#include "tcps-key-substitution.h"

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/boolean.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"
#include "reference/stack/flow.h"
#include "tcps-false-identity.h"
#include "tcps-middle-session.h"
#include "tcps-replace-option.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsKeySubstitution);

namespace tcps = tcpslab::tcps;
namespace wire = tcpslab::wire;
using tcpslab::stack::FlowKey;

/** Connections and identities. */
class TcpsKeySubstitution::State
{
  public:
    using Key = std::array<std::byte, FlowKey::kByteSize>;

    /** What goes on between two endpoints. */
    struct Flow
    {
        std::optional<TcpsMiddleSession> offered; //!< its SYN passed; the one before may still be running
        std::optional<TcpsMiddleSession> running;
    };

    explicit State(int64_t stream) : random(TcpsMakeRandom(stream)), identities(random)
    {
    }

    static Key KeyOf(const wire::Segment& segment)
    {
        return FlowKey(segment.source, segment.destination).Bytes();
    }

    /** The connection that a segment belongs to, if it is in this element's hands. */
    TcpsMiddleSession* RunningOf(const wire::Segment& segment)
    {
        const auto flow = flows.find(KeyOf(segment));
        return flow != flows.end() && flow->second.running ? &*flow->second.running : nullptr;
    }

    tcpslab::crypto::SeededRandom random;
    TcpsFalseIdentity identities;
    std::map<Key, Flow> flows;
};

TypeId
TcpsKeySubstitution::GetTypeId()
{
    static TypeId tid =
        TypeId("ns3::TcpsKeySubstitution")
            .SetParent<TcpsPathElement>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsKeySubstitution>()
            .AddAttribute("Identity",
                          "What becomes of the identities that the hosts show each other.",
                          EnumValue(IDENTITY_RELAY),
                          TcpsMakeEnumAccessor<Identity>(&TcpsKeySubstitution::m_identity),
                          MakeEnumChecker(IDENTITY_RELAY,
                                          "relay",
                                          IDENTITY_OWN,
                                          "own",
                                          IDENTITY_ZERO,
                                          "zero",
                                          IDENTITY_GUESSED,
                                          "guessed",
                                          IDENTITY_FORGED,
                                          "forged",
                                          IDENTITY_NONE,
                                          "none"))
            .AddAttribute("Dialect",
                          "How tags are computed; auto: as the first tag of a connection is.",
                          EnumValue(DIALECT_AUTO),
                          TcpsMakeEnumAccessor<Dialect>(&TcpsKeySubstitution::m_dialect),
                          MakeEnumChecker(DIALECT_AUTO, "auto", DIALECT_README, "readme", DIALECT_LKM, "lkm"))
            .AddAttribute("OwnSequence",
                          "Both ends get initial sequence numbers of the attacker's.",
                          BooleanValue(false),
                          MakeBooleanAccessor(&TcpsKeySubstitution::m_ownSequence),
                          MakeBooleanChecker())
            .AddAttribute("Text",
                          "Overwrites the plaintext from Offset on; nothing if empty.",
                          StringValue(""),
                          MakeStringAccessor(&TcpsKeySubstitution::m_text),
                          MakeStringChecker())
            .AddAttribute("Offset",
                          "Where Text begins: bytes of the stream, the first one being 0.",
                          UintegerValue(0),
                          MakeUintegerAccessor(&TcpsKeySubstitution::m_offset),
                          MakeUintegerChecker<uint64_t>())
            .AddAttribute("Towards",
                          "In which stream: towards which end of the path.",
                          EnumValue(TcpsInjector::TOWARDS_SERVER),
                          TcpsMakeEnumAccessor<TcpsInjector::Towards>(&TcpsKeySubstitution::m_towards),
                          MakeEnumChecker(TcpsInjector::TOWARDS_CLIENT,
                                          "client",
                                          TcpsInjector::TOWARDS_SERVER,
                                          "server",
                                          TcpsInjector::TOWARDS_BOTH,
                                          "both"));
    return tid;
}

TcpsKeySubstitution::TcpsKeySubstitution() = default;

TcpsKeySubstitution::~TcpsKeySubstitution() = default;

int64_t
TcpsKeySubstitution::AssignStreams(int64_t stream)
{
    m_stream = stream;
    m_state.reset();
    return 1;
}

uint64_t
TcpsKeySubstitution::GetNSubstituted() const
{
    return m_substituted;
}

TcpsKeySubstitution::State&
TcpsKeySubstitution::GetState()
{
    if (!m_state)
    {
        m_state = std::make_unique<State>(m_stream);
    }
    return *m_state;
}

void
TcpsKeySubstitution::Handle(const TcpsPathPacket& packet, Direction direction)
{
    std::optional<TcpsPathSegment> segment = TcpsPathSegment::Parse(packet);
    bool modified = false;
    if (segment && (*segment)->IsSyn())
    {
        modified = HandleSyn(*segment, direction);
    }
    else if (segment && (*segment)->IsSynAck())
    {
        modified = HandleSynAck(*segment, direction);
    }
    else if (segment)
    {
        modified = HandleOther(*segment, direction);
    }
    Forward(modified ? segment->ToPacket() : packet, direction, modified);
}

bool
TcpsKeySubstitution::HandleSyn(TcpsPathSegment& segment, Direction direction)
{
    const TcpsMiddleSession& session = SessionOf(*segment, direction);
    const wire::OptionArea tc = tcps::MakeSynOptions({}, session.KeyForServer());
    const bool replaced = TcpsReplaceOption(segment->options, tc.bytes());
    const bool translated = session.Translate(*segment, direction);
    return replaced || translated;
}

TcpsMiddleSession&
TcpsKeySubstitution::SessionOf(const wire::Segment& syn, Direction direction)
{
    State& state = GetState();
    State::Flow& flow = state.flows[State::KeyOf(syn)];
    if (flow.running && flow.running->IsBegunBy(syn, direction))
    {
        return *flow.running;
    }
    if (!flow.offered || !flow.offered->IsBegunBy(syn, direction))
    {
        TcpsMiddleSession::Offer offer{
            .fromClient = direction, .clientIsn = syn.sequence, .clientKey = tcps::FindTc(syn.options), .shift = {}};
        if (m_ownSequence)
        {
            offer.shift = {state.random.Uint32(), state.random.Uint32()};
        }
        std::optional<tcps::TagArithmetic> arithmetic;
        if (m_dialect != DIALECT_AUTO)
        {
            arithmetic = m_dialect == DIALECT_LKM ? tcps::TagArithmetic::kLkm : tcps::TagArithmetic::kStandard;
        }
        flow.offered.emplace(offer, arithmetic, state.random);
    }
    return *flow.offered;
}

bool
TcpsKeySubstitution::HandleSynAck(TcpsPathSegment& segment, Direction direction)
{
    const auto found = GetState().flows.find(State::KeyOf(*segment));
    if (found == GetState().flows.end())
    {
        return false;
    }
    State::Flow& flow = found->second;
    if (flow.offered && flow.offered->IsAnsweredBy(*segment, direction))
    {
        flow.running = std::exchange(flow.offered, std::nullopt);
    }
    if (!flow.running || !flow.running->IsAnsweredBy(*segment, direction))
    {
        return false;
    }
    TcpsMiddleSession& session = *flow.running;
    bool replaced = false;
    if (session.Derive(*segment))
    {
        const wire::OptionArea tc = tcps::MakeSynOptions({}, session.KeyForClient());
        replaced = TcpsReplaceOption(segment->options, tc.bytes());
        ++m_substituted;
    }
    const bool translated = session.Translate(*segment, direction);
    return replaced || translated;
}

bool
TcpsKeySubstitution::HandleOther(TcpsPathSegment& segment, Direction direction)
{
    TcpsMiddleSession* session = GetState().RunningOf(*segment);
    if (session == nullptr)
    {
        return false;
    }
    bool modified = false;
    if (const std::optional<uint64_t> position = session->Open(*segment, direction))
    {
        Read(*segment, *session, direction, *position);
        Edit(segment, direction, *position);
        session->Seal(*segment, direction, *position);
        modified = true;
    }
    else if (const std::optional<uint64_t> plain = session->PlainPosition(*segment, direction))
    {
        Read(*segment, *session, direction, *plain);
        modified = Edit(segment, direction, *plain);
    }
    modified = ReplaceIdentity(segment, *session, direction) || modified;
    return session->Translate(*segment, direction) || modified;
}

void
TcpsKeySubstitution::Read(const wire::Segment& segment,
                          TcpsMiddleSession& session,
                          Direction direction,
                          uint64_t position)
{
    if (segment.payload.empty() || !session.IsNew(direction, position + segment.payload.size()))
    {
        return;
    }
    const auto* bytes = reinterpret_cast<const uint8_t*>(segment.payload.data());
    ClaimRead({bytes, bytes + segment.payload.size()});
    Achieve("read application data");
}

bool
TcpsKeySubstitution::ReplaceIdentity(TcpsPathSegment& segment, const TcpsMiddleSession& session, Direction direction)
{
    const std::optional<tcps::Identity> shown = tcps::FindTi(segment->options);
    if (!shown)
    {
        return false;
    }
    TcpsFalseIdentity& identities = GetState().identities;
    const TcpsFalseIdentity::Passing passing{.shown = *shown,
                                             .sender = segment->source.address,
                                             .receiver = segment->destination.address,
                                             .clientIsnAtSender = session.ClientIsnAtSender(direction),
                                             .clientIsnAtReceiver = session.ClientIsnAtReceiver(direction)};
    identities.Learn(passing);
    tcps::Identity made;
    switch (m_identity)
    {
        case IDENTITY_RELAY:
            return false;
        case IDENTITY_NONE:
            segment->options.clear(); // it fills the area
            return true;
        case IDENTITY_OWN:
            made = identities.Own(passing);
            break;
        case IDENTITY_ZERO:
            made = identities.OwnWithoutProof();
            break;
        case IDENTITY_GUESSED:
            made = identities.Guess(passing);
            break;
        case IDENTITY_FORGED:
            made = identities.Forge(passing);
            break;
    }
    segment->options = tcps::MakeTiOptions(made);
    return true;
}

bool
TcpsKeySubstitution::Edit(TcpsPathSegment& segment, Direction direction, uint64_t position)
{
    const auto other = direction == FORWARD ? TcpsInjector::TOWARDS_CLIENT : TcpsInjector::TOWARDS_SERVER;
    if (m_towards == other)
    {
        return false;
    }
    bool edited = false;
    for (std::byte& byte : segment->payload)
    {
        if (const uint64_t place = position++ - m_offset; place < m_text.size())
        {
            byte = static_cast<std::byte>(m_text[place]);
            edited = true;
        }
    }
    return edited;
}

} // namespace ns3
