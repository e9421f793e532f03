#include "reference/wire/address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace tcpslab::wire {

Address Address::Ipv4(std::span<const std::byte, kIpv4Size> bytes) {
  Address address;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

Address Address::Ipv6(std::span<const std::byte, kIpv6Size> bytes) {
  Address address;
  address.family_ = Family::kIpv6;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

bool Address::IsLoopback() const {
  if (family_ == Family::kIpv4) return bytes_[0] == std::byte{127};
  const auto last = bytes_.end() - 1;
  return *last == std::byte{1} && std::all_of(bytes_.begin(), last, [](std::byte b) { return b == std::byte{0}; });
}

std::string ToString(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.family() == Family::kIpv4 ? AF_INET : AF_INET6, address.bytes().data(), text.data(), text.size());
  return text.data();
}

std::string ToString(const Endpoint& endpoint) {
  const std::string address = ToString(endpoint.address);
  const bool v6 = endpoint.address.family() == Family::kIpv6;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port);
}

std::optional<Address> ParseAddress(std::string_view text) {
  // inet_pton stops at a NUL and would judge only what stands before it.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  std::array<std::byte, Address::kIpv6Size> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return Address::Ipv4(std::span(bytes).first<4>());
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return Address::Ipv6(bytes);
  return std::nullopt;
}

}  // namespace tcpslab::wire
