// What the tests of this folder share: byte strings, and packets built without the code under test.
#pragma once

#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "reference/wire/segment.h"

namespace tcpslab::wire::test {

// On the heap and of exact size, so that AddressSanitizer sees an access one byte outside.
using Bytes = std::vector<std::byte>;

Bytes Hex(std::string_view digits);  // blanks are ignored
Bytes ToBytes(std::span<const std::byte> bytes);
Bytes operator+(Bytes a, const Bytes& b);
void Put16(Bytes& bytes, std::size_t offset, std::size_t value);

// The definition in RFC 1071, section 1, word by word.
std::uint16_t NaiveChecksum(const Bytes& bytes);
Bytes PseudoHeader(const Address& source, const Address& destination, std::size_t size);

// Equality of every field; payloads by content.
bool Same(const Segment& a, const Segment& b);

rc::Gen<Bytes> ArbitraryBytes(std::size_t size);
rc::Gen<Bytes> BytesUpTo(std::size_t maximum_size);
rc::Gen<Address> ArbitraryAddress(Family family);
// A segment with any field values and 0 to 40 bytes of any options, in whole words. The payload is empty.
rc::Gen<Segment> ArbitrarySegment(Family family);
// A whole TCP segment as it is on the wire, with any header bits, options and payload, and a correct checksum.
rc::Gen<Bytes> ArbitraryTcp(Address source, Address destination);

}  // namespace tcpslab::wire::test

namespace tcpslab::wire {

// How Boost.Test prints an error by name.
std::ostream& operator<<(std::ostream& stream, Error error);

}  // namespace tcpslab::wire
