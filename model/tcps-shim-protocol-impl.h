/**
 * @file
 * @ingroup tcps
 * How code of this project gives a node's TcpsShimProtocol its Shim. Internal: C++20, and not installed.
 */
#ifndef TCPS_SHIM_PROTOCOL_IMPL_H
#define TCPS_SHIM_PROTOCOL_IMPL_H

#include <functional>
#include <memory>

#include "reference/stack/shim.h"
#include "tcps-shim-protocol.h"

namespace ns3
{

/** Builds a Shim that emits its own segments to the sink given. The sink outlives the Shim. */
using TcpsShimFactory = std::function<std::unique_ptr<tcpslab::stack::Shim>(tcpslab::stack::SegmentSink& segments)>;

/**
 * Replaces the Shim of a node. Called from outside Shim calls only; the old Shim's pending emissions still leave.
 * @param protocol the adapter
 * @param make builds the new Shim; empty: host parts only
 */
void SetTcpsShim(TcpsShimProtocol& protocol, const TcpsShimFactory& make);

/**
 * @param protocol the adapter
 * @return the Shim, or null
 */
tcpslab::stack::Shim* GetTcpsShim(TcpsShimProtocol& protocol);

}  // namespace ns3

#endif /* TCPS_SHIM_PROTOCOL_IMPL_H */
