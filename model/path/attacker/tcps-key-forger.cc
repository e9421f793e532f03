#include "tcps-key-forger.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/hex.hpp>
#include <string_view>

#include "../../tcps-convert.h"
#include "../tcps-path-random.h"
#include "../tcps-path-segment.h"
#include "reference/tcps/options.h"
#include "tcps-replace-option.h"

namespace ns3
{

NS_OBJECT_ENSURE_REGISTERED(TcpsKeyForger);

namespace tcps = tcpslab::tcps;
namespace wire = tcpslab::wire;
using tcpslab::crypto::PublicKey;

namespace
{

/** By Key, in RFC 7748's byte order: lowest byte first. */
constexpr std::array<std::string_view, 7> kLowOrder = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

PublicKey
MakeKey(TcpsKeyForger::Key key, UniformRandomVariable& random)
{
    PublicKey bytes{};
    if (key == TcpsKeyForger::KEY_RANDOM)
    {
        TcpsFillRandomly(random, bytes);
    }
    else
    {
        boost::algorithm::unhex(kLowOrder[key], reinterpret_cast<uint8_t*>(bytes.data()));
    }
    return bytes;
}

} // namespace

TypeId
TcpsKeyForger::GetTypeId()
{
    static TypeId tid = TypeId("ns3::TcpsKeyForger")
                            .SetParent<TcpsSelectiveElement>()
                            .SetGroupName("Tcps")
                            .AddConstructor<TcpsKeyForger>()
                            .AddAttribute("Option",
                                          "Whose key is replaced: TC, of a connection, or TI, of a host.",
                                          EnumValue(OPTION_TC),
                                          TcpsMakeEnumAccessor<Option>(&TcpsKeyForger::m_option),
                                          MakeEnumChecker(OPTION_TC, "TC", OPTION_TI, "TI"))
                            .AddAttribute("Key",
                                          "The key in its place: a point of low order, or a random one.",
                                          EnumValue(KEY_ZERO),
                                          TcpsMakeEnumAccessor<Key>(&TcpsKeyForger::m_key),
                                          MakeEnumChecker(KEY_ZERO,
                                                          "zero",
                                                          KEY_ONE,
                                                          "one",
                                                          KEY_EIGHT_FIRST,
                                                          "order-8-first",
                                                          KEY_EIGHT_SECOND,
                                                          "order-8-second",
                                                          KEY_P_MINUS_ONE,
                                                          "p-minus-one",
                                                          KEY_P,
                                                          "p",
                                                          KEY_P_PLUS_ONE,
                                                          "p-plus-one",
                                                          KEY_RANDOM,
                                                          "random"));
    return tid;
}

TcpsKeyForger::TcpsKeyForger() = default;

TcpsKeyForger::~TcpsKeyForger() = default;

void
TcpsKeyForger::HandleChosen(const TcpsPathPacket& packet, TcpsPathSegment& segment, Direction direction)
{
    const bool tc = m_option == OPTION_TC;
    const std::optional<tcps::Identity> shown = tcps::FindTi(segment->options);
    if (tc ? !tcps::FindTc(segment->options) : !shown)
    {
        Forward(packet, direction);
        return;
    }
    const PublicKey key = MakeKey(m_key, *GetRandom());
    const wire::OptionArea made =
        tc ? tcps::MakeSynOptions({}, key) : tcps::MakeTiOptions({.key = key, .proof = shown->proof});
    TcpsReplaceOption(segment->options, made.bytes());
    Forward(segment.ToPacket(), direction, true);
    Achieve("replaced a key");
}

} // namespace ns3
