/**
 * @file
 * @ingroup tcps
 * Options that a box has not been told of. Internal: C++20, not installed.
 */
#ifndef TCPS_KNOWN_KINDS_H
#define TCPS_KNOWN_KINDS_H

#include <algorithm>
#include <cstdint>
#include <set>

#include "reference/wire/options.h"

namespace ns3
{

/**
 * What any box knows: EOL, NOP and MSS (RFC 9293), window scale and timestamps (RFC 7323), SACK (RFC 2018). Default of
 * the attributes `KnownKinds`.
 */
inline constexpr const char* kTcpsCommonKinds = "0,1,2,3,4,5,8";

/** @return whether one of the options is of another kind than those */
inline bool
TcpsHasUnknownOption(const tcpslab::wire::OptionArea& options, const std::set<uint8_t>& known)
{
    return std::ranges::any_of(options, [&known](const auto& option) { return !known.contains(option.kind()); });
}

} // namespace ns3

#endif /* TCPS_KNOWN_KINDS_H */
