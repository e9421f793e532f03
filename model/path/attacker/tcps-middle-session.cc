#include "tcps-middle-session.h"

#include <algorithm>

#include "../tcps-flow-tracker.h"
#include "ns3/abort.h"
#include "reference/crypto/secret.h"
#include "reference/tcps/dialect.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/options.h"
#include "tcps-replace-option.h"

namespace ns3
{

namespace crypto = tcpslab::crypto;
namespace tcps = tcpslab::tcps;
namespace wire = tcpslab::wire;
using tcps::TagArithmetic;

namespace
{

constexpr std::size_t kClient = 0; //!< index of Offer::shift
constexpr std::size_t kServer = 1;

} // namespace

TcpsMiddleSession::TcpsMiddleSession(const Offer& offer,
                                     std::optional<TagArithmetic> arithmetic,
                                     crypto::Random& random)
    : m_offer(offer),
      m_towardsServer(crypto::KeyPair::Generate(random)),
      m_towardsClient(crypto::KeyPair::Generate(random))
{
    m_toServer.isn = offer.clientIsn;
    if (arithmetic)
    {
        SetArithmetic(*arithmetic);
    }
}

bool
TcpsMiddleSession::IsBegunBy(const wire::Segment& syn, TcpsPathElement::Direction direction) const
{
    return direction == m_offer.fromClient && syn.sequence == m_offer.clientIsn &&
           tcps::FindTc(syn.options) == m_offer.clientKey;
}

bool
TcpsMiddleSession::IsAnsweredBy(const wire::Segment& synAck, TcpsPathElement::Direction direction) const
{
    return direction != m_offer.fromClient && synAck.acknowledgement == ClientIsnAtSender(direction) + 1;
}

bool
TcpsMiddleSession::Derive(const wire::Segment& synAck)
{
    const std::optional<crypto::PublicKey> serverKey = tcps::FindTc(synAck.options);
    if (m_answered)
    {
        // The client goes by the first one, too. Its retransmission gets the same key.
        return m_serverKey && m_serverKey == serverKey && m_toClient.isn == synAck.sequence;
    }
    m_answered = true;
    m_toClient.isn = synAck.sequence;
    if (!m_offer.clientKey || !serverKey)
    {
        return false;
    }
    const std::optional<crypto::SharedSecret> client = crypto::Agree(m_towardsClient.private_key, *m_offer.clientKey);
    const std::optional<crypto::SharedSecret> server = crypto::Agree(m_towardsServer.private_key, *serverKey);
    if (!client || !server)
    {
        return false;
    }
    tcps::SessionKeys withClient = tcps::DeriveSessionKeys(*client);
    tcps::SessionKeys withServer = tcps::DeriveSessionKeys(*server);
    m_toServer.sender.encryption = std::move(withClient.enc_c2s);
    m_toServer.sender.mac = std::move(withClient.mac_c2s);
    m_toServer.encryption = std::move(withServer.enc_c2s);
    m_toServer.mac = std::move(withServer.mac_c2s);
    m_toClient.sender.encryption = std::move(withServer.enc_s2c);
    m_toClient.sender.mac = std::move(withServer.mac_s2c);
    m_toClient.encryption = std::move(withClient.enc_s2c);
    m_toClient.mac = std::move(withClient.mac_s2c);
    m_serverKey = serverKey;
    return true;
}

const crypto::PublicKey&
TcpsMiddleSession::KeyForServer() const
{
    return m_towardsServer.public_key;
}

const crypto::PublicKey&
TcpsMiddleSession::KeyForClient() const
{
    return m_towardsClient.public_key;
}

std::optional<uint64_t>
TcpsMiddleSession::Open(wire::Segment& segment, TcpsPathElement::Direction direction)
{
    const std::optional<crypto::Tag> tag = tcps::FindTm(segment.options);
    if (!tag || !m_serverKey)
    {
        return std::nullopt;
    }
    Way& way = WayOf(direction);
    const uint32_t offset = tcps::StreamOffset(segment.sequence, way.isn);
    const auto verifies = [&](TagArithmetic arithmetic, uint64_t position)
    {
        return crypto::ConstantTimeEqual(
            *tag, tcps::PacketTag(arithmetic, way.sender.mac, position, segment.flags, segment.payload));
    };
    if (!m_arithmetic)
    {
        // Before the first tag no position has wrapped: the offset is the position.
        for (const TagArithmetic candidate : {TagArithmetic::kStandard, TagArithmetic::kLkm})
        {
            if (verifies(candidate, offset))
            {
                SetArithmetic(candidate);
                break;
            }
        }
        if (!m_arithmetic)
        {
            return std::nullopt;
        }
    }
    const uint64_t position = way.sender.PositionOf(offset);
    if (!verifies(*m_arithmetic, position))
    {
        return std::nullopt;
    }
    way.sender.Commit(position);
    crypto::XorKeystream(way.sender.encryption, position, segment.payload);
    return position;
}

std::optional<uint64_t>
TcpsMiddleSession::PlainPosition(const wire::Segment& segment, TcpsPathElement::Direction direction) const
{
    if (m_serverKey || tcps::FindTm(segment.options))
    {
        return std::nullopt;
    }
    return tcps::StreamOffset(segment.sequence, WayOf(direction).isn);
}

bool
TcpsMiddleSession::IsNew(TcpsPathElement::Direction direction, uint64_t end)
{
    Way& way = WayOf(direction);
    const bool isNew = end > way.seen;
    way.seen = std::max(way.seen, end);
    return isNew;
}

void
TcpsMiddleSession::Seal(wire::Segment& segment, TcpsPathElement::Direction direction, uint64_t position) const
{
    const Way& way = WayOf(direction);
    crypto::XorKeystream(way.encryption, position, segment.payload);
    wire::OptionArea tm;
    tcps::AppendTm(tm, tcps::PacketTag(*m_arithmetic, way.mac, position, segment.flags, segment.payload));
    const bool replaced = TcpsReplaceOption(segment.options, tm.bytes());
    NS_ABORT_MSG_UNLESS(replaced, "Seal() takes a segment that Open() took");
}

bool
TcpsMiddleSession::Translate(wire::Segment& segment, TcpsPathElement::Direction direction) const
{
    const bool fromClient = direction == m_offer.fromClient;
    segment.sequence += m_offer.shift[fromClient ? kClient : kServer];
    if (segment.Has(wire::kAck))
    {
        segment.acknowledgement -= m_offer.shift[fromClient ? kServer : kClient];
    }
    return m_offer.shift != decltype(m_offer.shift){};
}

uint32_t
TcpsMiddleSession::ClientIsnAtSender(TcpsPathElement::Direction direction) const
{
    return m_offer.clientIsn + (direction == m_offer.fromClient ? 0 : m_offer.shift[kClient]);
}

uint32_t
TcpsMiddleSession::ClientIsnAtReceiver(TcpsPathElement::Direction direction) const
{
    return ClientIsnAtSender(TcpsReverse(direction));
}

TcpsMiddleSession::Way&
TcpsMiddleSession::WayOf(TcpsPathElement::Direction direction)
{
    return direction == m_offer.fromClient ? m_toServer : m_toClient;
}

const TcpsMiddleSession::Way&
TcpsMiddleSession::WayOf(TcpsPathElement::Direction direction) const
{
    return direction == m_offer.fromClient ? m_toServer : m_toClient;
}

void
TcpsMiddleSession::SetArithmetic(TagArithmetic arithmetic)
{
    m_arithmetic = arithmetic;
    // Where a dialect puts a segment beyond 2^32 goes with its arithmetic, and both sides must be met.
    for (Way* way : {&m_toServer, &m_toClient})
    {
        if (arithmetic == TagArithmetic::kLkm)
        {
            way->sender.position.emplace<tcps::WrapCountingPosition>();
        }
        else
        {
            way->sender.position.emplace<tcps::NearestPosition>();
        }
    }
}

} // namespace ns3
