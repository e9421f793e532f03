#include "reference/linux/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace tcpslab::linux_host {
namespace {

[[noreturn]] void Refuse(std::string_view text, std::string_view reason) {
  throw std::invalid_argument(fmt::format("'{}': {}", text, reason));
}

std::optional<unsigned> ParseNumber(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::uint16_t ParsePort(std::string_view text, std::string_view whole) {
  const std::optional<unsigned> port = ParseNumber(text);
  if (!port) Refuse(whole, "a port is a number");
  if (*port < 1 || *port > UINT16_MAX) Refuse(whole, "a port is from 1 to 65535");
  return static_cast<std::uint16_t>(*port);
}

// The first `prefix` bits of `address`.
wire::Address Masked(const wire::Address& address, unsigned prefix) {
  std::array<std::byte, wire::Address::kIpv6Size> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  for (unsigned bit = prefix; bit < 8 * address.bytes().size(); ++bit)
    bytes[bit / 8] &= ~(std::byte{0x80} >> (bit % 8));
  return address.family() == wire::Family::kIpv4
             ? wire::Address::Ipv4(std::span(bytes).first<wire::Address::kIpv4Size>())
             : wire::Address::Ipv6(bytes);
}

bool Contains(const Network& network, const wire::Address& address) {
  return network.address.family() == address.family() && Masked(address, network.prefix) == network.address;
}

bool Contains(const PortRange& range, std::uint16_t port) { return range.first <= port && port <= range.last; }

}  // namespace

PortRange ParsePortRange(std::string_view text) {
  const std::size_t dash = text.find('-');
  PortRange range;
  range.first = ParsePort(text.substr(0, dash), text);
  range.last = dash == std::string_view::npos ? range.first : ParsePort(text.substr(dash + 1), text);
  if (range.last < range.first) Refuse(text, "the range ends before it begins");
  return range;
}

Network ParseNetwork(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<wire::Address> address = wire::ParseAddress(text.substr(0, slash));
  if (!address) Refuse(text, "no IPv4 or IPv6 address");
  const auto longest = static_cast<unsigned>(8 * address->bytes().size());
  Network network{*address, longest};
  if (slash == std::string_view::npos) return network;
  const std::optional<unsigned> prefix = ParseNumber(text.substr(slash + 1));
  if (!prefix || *prefix > longest) Refuse(text, fmt::format("a prefix length is from 0 to {}", longest));
  network = {Masked(*address, *prefix), *prefix};
  if (network.address != *address) Refuse(text, fmt::format("bits are set beyond the prefix: {}?", ToString(network)));
  return network;
}

// The kernel's rule (dev_valid_name), without what iptables-restore would read as something else.
void CheckInterfaceName(std::string_view name) {
  constexpr std::size_t kLongest = 15;
  if (name.empty() || name.size() > kLongest) Refuse(name, "an interface name has 1 to 15 characters");
  const bool strange = std::ranges::any_of(
      name, [](char c) { return c <= ' ' || c > '~' || c == '/' || c == ':' || c == '"' || c == '\'' || c == '\\'; });
  if (strange || name.front() == '!' || name.front() == '-') Refuse(name, "no interface name");
  if (name == "lo") Refuse(name, "traffic of the host with itself is never touched");
}

std::string ToString(const PortRange& range) {
  return range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
}

std::string ToString(const Network& network) { return fmt::format("{}/{}", ToString(network.address), network.prefix); }

bool Covers(const Selection& selection, const stack::Flow& flow) {
  const auto has_port = [&flow](const PortRange& range) {
    return Contains(range, flow.local.port) || Contains(range, flow.remote.port);
  };
  const auto has_address = [&flow](const Network& network) {
    return Contains(network, flow.local.address) || Contains(network, flow.remote.address);
  };
  return (selection.ports.empty() || std::ranges::any_of(selection.ports, has_port)) &&
         std::ranges::none_of(selection.excluded_ports, has_port) &&
         std::ranges::none_of(selection.excluded_networks, has_address);
}

}  // namespace tcpslab::linux_host
