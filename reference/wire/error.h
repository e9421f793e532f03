// Everything that can be wrong with the bytes of a packet, by name.
#pragma once

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

namespace tcpslab::wire {

enum class Error : std::uint8_t {
  kIpTruncated,         // fewer bytes than the IP header (or its extension headers) needs
  kIpVersion,           // version neither 4 nor 6
  kIpHeaderLength,      // IPv4 IHL below 5
  kIpTotalLength,       // IP length field smaller than the headers or beyond the bytes at hand
  kIpFragment,          // a fragment: its TCP header may be missing or partial
  kNotTcp,              // the transport protocol is not 6
  kTcpTruncated,        // fewer than 20 bytes of TCP
  kDataOffsetTooSmall,  // TCP data offset below 5
  kDataOffsetTooLarge,  // TCP data offset beyond the segment
  kOptionTooShort,      // an option length of 0 or 1
  kOptionOverrun,       // an option that runs past the header, or whose length byte is missing
  kOptionsTooLong,      // more than 40 bytes of options
  kBufferTooSmall,      // the output buffer cannot hold the result
  kPacketTooLong,       // the result does not fit the 16-bit IP length field
};

std::string_view ToString(Error error);

template <class T>
using Result = tl::expected<T, Error>;

}  // namespace tcpslab::wire
