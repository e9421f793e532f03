// What a host's network card lets through. ns-3's IP reads headers without looking whether they are there; only what it
// survives gets to it. What it sends to nobody in particular stays on the host.
#pragma once

#include <span>

#include "bindings/core/casters.h"
#include "reference/wire/error.h"

namespace tcpslab::bindings {

struct HostAddresses {
  wire::Address ipv4;
  wire::Address ipv6;
};

// Whether a host can have a TCP connection with this address: unicast, and neither unspecified, loopback nor
// IPv4-mapped.
bool IsPeerAddress(const wire::Address& address);

// The packet at the start of `bytes`, as ns-3 may have it: whole segments and fragments of TCP and whole echo requests
// for one of `host`, without IPv4 options and link-layer padding. Empty where a host discards the packet without a
// word: wrong IPv4 header checksum, other addresses, a source that no host has, another protocol, IPv6 extension
// headers other than a fragment header, fragments that no packet has (RFC 791, section 3.2; RFC 8200, section 4.5).
// Errors: kIpTruncated, kIpVersion, kIpHeaderLength, kIpTotalLength for bytes that are no IP packet.
wire::Result<ByteVector> Admit(std::span<const std::byte> bytes, const HostAddresses& host);

// Whether a packet of ns-3's is what TCP sends, or the answer to a ping, whole or in fragments: a host's other ICMP and
// router solicitations are left out.
bool IsForPeers(std::span<const std::byte> packet);

}  // namespace tcpslab::bindings
