/**
 * @file
 * @ingroup tcps
 * One TCP/S option in another's place. Internal: C++20, not installed.
 */
#ifndef TCPS_REPLACE_OPTION_H
#define TCPS_REPLACE_OPTION_H

#include <cstddef>
#include <span>

#include "reference/wire/options.h"

namespace ns3
{

/**
 * Puts an option in the place of the first one of the same kind, length and identifier (the two bytes behind them).
 * @param area is edited; every other byte stays
 * @param option the whole option
 * @return whether there was one
 */
bool TcpsReplaceOption(tcpslab::wire::OptionArea& area, std::span<const std::byte> option);

} // namespace ns3

#endif /* TCPS_REPLACE_OPTION_H */
