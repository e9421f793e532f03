#include "tcps-identity-forger.h"

#include <limits>

#include "../../tcps-convert.h"
#include "../tcps-flow-tracker.h"
#include "../tcps-path-segment.h"
#include "ns3/integer.h"
#include "reference/tcps/options.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsIdentityForger);

namespace crypto = tcpslab::crypto;
namespace tcps = tcpslab::tcps;

/** What it shows. */
class TcpsIdentityForger::Keys
{
  public:
    explicit Keys(int64_t stream)
        : m_random(TcpsMakeRandom(stream)), m_own(crypto::KeyPair::Generate(m_random).public_key)
    {
    }

    crypto::PublicKey Of(Key kind)
    {
        switch (kind)
        {
            case KEY_RANDOM:
                return crypto::KeyPair::Generate(m_random).public_key;
            case KEY_LOW_ORDER:
                return {};
            case KEY_OWN:
                break;
        }
        return m_own;
    }

  private:
    crypto::SeededRandom m_random;
    crypto::PublicKey m_own;
};

TypeId
TcpsIdentityForger::GetTypeId()
{
    constexpr int64_t furthest = std::numeric_limits<uint32_t>::max();
    static TypeId tid =
        TypeId("ns3::TcpsIdentityForger")
            .SetParent<TcpsInjector>()
            .SetGroupName("Tcps")
            .AddConstructor<TcpsIdentityForger>()
            .AddAttribute("Key",
                          "The identity that is shown.",
                          EnumValue(KEY_OWN),
                          TcpsMakeEnumAccessor<Key>(&TcpsIdentityForger::m_key),
                          MakeEnumChecker(KEY_OWN, "own", KEY_RANDOM, "random", KEY_LOW_ORDER, "low-order"))
            .AddAttribute("SequenceOffset",
                          "Added to the sequence number that would be in order, modulo 2^32.",
                          IntegerValue(0),
                          MakeIntegerAccessor(&TcpsIdentityForger::m_sequenceOffset),
                          MakeIntegerChecker<int64_t>(-furthest, furthest))
            .AddAttribute("AcknowledgementOffset",
                          "Added to the acknowledgement of the end in whose name the ACK is, modulo 2^32.",
                          IntegerValue(0),
                          MakeIntegerAccessor(&TcpsIdentityForger::m_acknowledgementOffset),
                          MakeIntegerChecker<int64_t>(-furthest, furthest));
    return tid;
}

TcpsIdentityForger::TcpsIdentityForger() = default;

TcpsIdentityForger::~TcpsIdentityForger() = default;

int64_t
TcpsIdentityForger::AssignStreams(int64_t stream)
{
    m_stream = stream;
    m_keys.reset();
    return 1 + TcpsInjector::AssignStreams(stream + 1);
}

void
TcpsIdentityForger::Fire(const TcpsTrackedFlow& flow, Direction direction, uint32_t /* shot */)
{
    if (!m_keys)
    {
        m_keys = std::make_unique<Keys>(m_stream);
    }
    TcpsPathSegment ack = Forge(flow, direction);
    ack->sequence += static_cast<uint32_t>(m_sequenceOffset);
    ack->acknowledgement += static_cast<uint32_t>(m_acknowledgementOffset);
    ack->options = tcps::MakeTiOptions({.key = m_keys->Of(m_key), .proof = {}});
    InjectSegment(ack, direction);
    Achieve("showed a false identity");
}

} // namespace ns3
