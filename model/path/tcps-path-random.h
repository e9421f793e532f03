/**
 * @file
 * @ingroup tcps
 * Random bits for path elements, from ns-3's streams. Internal: C++20, not installed.
 */
#ifndef TCPS_PATH_RANDOM_H
#define TCPS_PATH_RANDOM_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "ns3/random-variable-stream.h"

namespace ns3
{

/** Every byte on its own. */
inline void
TcpsFillRandomly(UniformRandomVariable& random, std::span<std::byte> bytes)
{
    for (std::byte& byte : bytes)
    {
        byte = static_cast<std::byte>(random.GetInteger(0, UINT8_MAX));
    }
}

} // namespace ns3

#endif /* TCPS_PATH_RANDOM_H */
