#include "scenarios/runner/outcome.h"

#include <array>

namespace tcpslab::scenarios {

template <>
std::span<const std::string_view> NamesOf<Connection>() {
  static constexpr std::array<std::string_view, 4> kNames = {"blocked", "reset", "hung", "established"};
  return kNames;
}

template <>
std::span<const std::string_view> NamesOf<Protection>() {
  static constexpr std::array<std::string_view, 3> kNames = {"none", "encrypted", "authenticated"};
  return kNames;
}

template <>
std::span<const std::string_view> NamesOf<Delivery>() {
  static constexpr std::array<std::string_view, 4> kNames = {"corrupted", "none", "truncated", "intact"};
  return kNames;
}

template <>
std::span<const std::string_view> NamesOf<Attack>() {
  static constexpr std::array<std::string_view, 4> kNames = {"undetected", "detected", "prevented", "none"};
  return kNames;
}

Outcomes Worse(const Outcomes& a, const Outcomes& b) {
  return {.connection = std::min(a.connection, b.connection),
          .protection = std::min(a.protection, b.protection),
          .delivery = std::min(a.delivery, b.delivery),
          .attack = std::min(a.attack, b.attack)};
}

}  // namespace tcpslab::scenarios
