/**
 * @file
 * @ingroup tcps
 * Sequence numbers inside the SACK option (RFC 2018). Internal: C++20, not installed.
 */
#ifndef TCPS_SACK_BLOCKS_H
#define TCPS_SACK_BLOCKS_H

#include <cstdint>
#include <functional>

#include "reference/wire/options.h"

namespace ns3
{

/**
 * Replaces both edges of every SACK block.
 * @param options the option area of a segment
 * @param map from an edge to the one in its place
 */
void TcpsMapSackEdges(tcpslab::wire::OptionArea& options, const std::function<uint32_t(uint32_t)>& map);

} // namespace ns3

#endif /* TCPS_SACK_BLOCKS_H */
