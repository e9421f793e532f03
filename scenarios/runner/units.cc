#include "scenarios/runner/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace tcpslab::scenarios {
namespace {

struct Quantity {
  double number;
  std::string_view unit;
};

// A decimal number without sign or exponent, and what follows it.
std::optional<Quantity> Split(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  Quantity quantity{0, text.substr(digits)};
  const std::string_view number = text.substr(0, digits);
  if (number.empty() || number.front() == '.' || number.back() == '.') {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), quantity.number);
  if (error != std::errc{} || end != number.data() + number.size()) {
    return std::nullopt;
  }
  return quantity;
}

template <std::size_t N>
std::optional<double> FactorOf(std::string_view unit, const std::array<std::pair<std::string_view, double>, N>& units) {
  for (const auto& [name, factor] : units) {
    if (name == unit) {
      return factor;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> ParseSize(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> kUnits = {
      {{"", 1}, {"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};
  static constexpr std::uint64_t kMaximum = 1ULL << 40;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc{}) {
    return std::nullopt;
  }
  for (const auto& [name, factor] : kUnits) {
    if (name == unit && number <= kMaximum / factor) {
      return number * factor;
    }
  }
  return std::nullopt;
}

std::optional<stack::Duration> ParseDuration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 10> kNanoseconds = {{{"", 1e9},
                                                                                        {"fs", 1e-6},
                                                                                        {"ps", 1e-3},
                                                                                        {"ns", 1},
                                                                                        {"us", 1e3},
                                                                                        {"ms", 1e6},
                                                                                        {"s", 1e9},
                                                                                        {"min", 60e9},
                                                                                        {"h", 3600e9},
                                                                                        {"d", 86400e9}}};
  static constexpr double kCentury = 36500 * 86400e9;
  const std::optional<Quantity> quantity = Split(text);
  const std::optional<double> factor = quantity ? FactorOf(quantity->unit, kNanoseconds) : std::nullopt;
  if (!factor || quantity->number * *factor > kCentury) {
    return std::nullopt;
  }
  return stack::Duration(std::llround(quantity->number * *factor));
}

std::optional<std::uint64_t> ParseRate(std::string_view text) {
  const std::optional<Quantity> quantity = Split(text);
  if (!quantity) {
    return std::nullopt;
  }
  std::string_view unit = quantity->unit.empty() ? "bps" : quantity->unit;
  double factor = 1;
  if (const std::size_t power = std::string_view("kKMG").find(unit.front()); power != std::string_view::npos) {
    const bool binary = unit.size() > 1 && unit[1] == 'i' && unit.front() != 'k';
    factor = std::pow(binary ? 1024 : 1000, power == 0 ? 1 : static_cast<int>(power));
    unit.remove_prefix(binary ? 2 : 1);
    if (binary && unit.ends_with("ps")) {
      return std::nullopt;  // ns-3 has no Kibps
    }
  }
  if (unit.starts_with('B')) {
    factor *= 8;
  } else if (!unit.starts_with('b')) {
    return std::nullopt;
  }
  const double rate = quantity->number * factor;
  const bool known_suffix = unit.substr(1) == "ps" || unit.substr(1) == "/s";
  static constexpr double kMaximum = 1e15;
  if (!known_suffix || rate < 1 || rate > kMaximum) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(rate);
}

}  // namespace tcpslab::scenarios
