// IP addresses of either family, and transport endpoints, as plain values.
//
//   Address a = *ParseAddress("10.0.0.1");
//   Endpoint e{a, 80};   // ToString(e) == "10.0.0.1:80"
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tcpslab::wire {

enum class Family : std::uint8_t { kIpv4, kIpv6 };

// An IPv4 or IPv6 address in network byte order. The unused bytes of an IPv4 address are zero, so that
// equality of values is equality of addresses.
class Address {
 public:
  static constexpr std::size_t kIpv4Size = 4;
  static constexpr std::size_t kIpv6Size = 16;

  constexpr Address() = default;
  static Address Ipv4(std::span<const std::byte, kIpv4Size> bytes);
  static Address Ipv6(std::span<const std::byte, kIpv6Size> bytes);

  [[nodiscard]] constexpr Family family() const { return family_; }
  // 4 or 16 bytes, network byte order; valid as long as this object.
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::span(bytes_).first(family_ == Family::kIpv4 ? kIpv4Size : kIpv6Size);
  }
  // 127.0.0.0/8 or ::1.
  [[nodiscard]] bool IsLoopback() const;

  friend constexpr bool operator==(const Address&, const Address&) = default;
  friend constexpr auto operator<=>(const Address&, const Address&) = default;

 private:
  Family family_ = Family::kIpv4;
  std::array<std::byte, kIpv6Size> bytes_{};
};

struct Endpoint {
  Address address;
  std::uint16_t port = 0;  // host byte order

  friend constexpr bool operator==(const Endpoint&, const Endpoint&) = default;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

std::string ToString(const Address& address);    // "10.0.0.1", "2001:db8::1" (RFC 5952)
std::string ToString(const Endpoint& endpoint);  // "10.0.0.1:80", "[2001:db8::1]:80"
std::optional<Address> ParseAddress(std::string_view text);

}  // namespace tcpslab::wire
