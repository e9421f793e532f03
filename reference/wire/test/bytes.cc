#include "reference/wire/test/bytes.h"

#include <algorithm>
#include <charconv>
#include <ostream>

namespace tcpslab::wire {

std::ostream& operator<<(std::ostream& stream, Error error) { return stream << ToString(error); }

namespace test {

Bytes Hex(std::string_view digits) {
  std::string packed;
  std::ranges::copy_if(digits, std::back_inserter(packed), [](char c) { return c != ' '; });
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < packed.size(); i += 2) {
    std::uint8_t value = 0;
    std::from_chars(packed.data() + i, packed.data() + i + 2, value, 16);
    bytes.push_back(std::byte{value});
  }
  return bytes;
}

Bytes ToBytes(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void Put16(Bytes& bytes, std::size_t offset, std::size_t value) {
  bytes.at(offset) = static_cast<std::byte>(value >> 8);
  bytes.at(offset + 1) = static_cast<std::byte>(value);
}

std::uint16_t NaiveChecksum(const Bytes& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto value = std::to_integer<std::uint32_t>(bytes[i]);
    sum += i % 2 == 0 ? value << 8 : value;
    if (sum > 0xffff) sum -= 0xffff;  // end-around carry
  }
  return static_cast<std::uint16_t>(~sum);
}

Bytes PseudoHeader(const Address& source, const Address& destination, std::size_t size) {
  Bytes rest = source.family() == Family::kIpv4 ? Hex("00 06 0000") : Hex("00000000 000000 06");
  if (source.family() == Family::kIpv4) {
    Put16(rest, 2, size);
  } else {
    Put16(rest, 0, size >> 16);
    Put16(rest, 2, size);
  }
  return ToBytes(source.bytes()) + ToBytes(destination.bytes()) + rest;
}

bool Same(const Segment& a, const Segment& b) {
  return a.source == b.source && a.destination == b.destination && a.sequence == b.sequence &&
         a.acknowledgement == b.acknowledgement && a.flags == b.flags && a.reserved_bits == b.reserved_bits &&
         a.window == b.window && a.urgent_pointer == b.urgent_pointer && a.options == b.options &&
         std::ranges::equal(a.payload, b.payload) && a.reassembled == b.reassembled;
}

rc::Gen<Bytes> ArbitraryBytes(std::size_t size) {
  return rc::gen::container<Bytes>(
      size, rc::gen::map(rc::gen::arbitrary<std::uint8_t>(), [](std::uint8_t value) { return std::byte{value}; }));
}

rc::Gen<Bytes> BytesUpTo(std::size_t maximum_size) {
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, maximum_size + 1), ArbitraryBytes);
}

rc::Gen<Address> ArbitraryAddress(Family family) {
  if (family == Family::kIpv4) {
    return rc::gen::map(ArbitraryBytes(Address::kIpv4Size),
                        [](const Bytes& bytes) { return Address::Ipv4(std::span(bytes).first<Address::kIpv4Size>()); });
  }
  return rc::gen::map(ArbitraryBytes(Address::kIpv6Size),
                      [](const Bytes& bytes) { return Address::Ipv6(std::span(bytes).first<Address::kIpv6Size>()); });
}

rc::Gen<Segment> ArbitrarySegment(Family family) {
  return rc::gen::exec([family] {
    Segment segment;
    segment.source = {*ArbitraryAddress(family), *rc::gen::arbitrary<std::uint16_t>()};
    segment.destination = {*ArbitraryAddress(family), *rc::gen::arbitrary<std::uint16_t>()};
    segment.sequence = *rc::gen::arbitrary<std::uint32_t>();
    segment.acknowledgement = *rc::gen::arbitrary<std::uint32_t>();
    segment.flags = *rc::gen::arbitrary<std::uint8_t>();
    segment.reserved_bits = *rc::gen::inRange<std::uint8_t>(0, 16);
    segment.window = *rc::gen::arbitrary<std::uint16_t>();
    segment.urgent_pointer = *rc::gen::arbitrary<std::uint16_t>();
    segment.options = OptionArea::FromBytes(*ArbitraryBytes(*rc::gen::inRange<std::size_t>(0, 11) * 4)).value();
    return segment;
  });
}

rc::Gen<Bytes> ArbitraryTcp(Address source, Address destination) {
  return rc::gen::exec([source, destination] {
    const auto words = *rc::gen::inRange<std::size_t>(5, 16);
    Bytes bytes = *ArbitraryBytes(words * 4) + *BytesUpTo(100);
    bytes[12] = static_cast<std::byte>(words << 4) | (bytes[12] & std::byte{0x0f});
    Put16(bytes, 16, 0);
    Put16(bytes, 16, NaiveChecksum(PseudoHeader(source, destination, bytes.size()) + bytes));
    return bytes;
  });
}

}  // namespace test
}  // namespace tcpslab::wire
