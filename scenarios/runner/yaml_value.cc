#include "scenarios/runner/yaml_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "scenarios/runner/units.h"

namespace tcpslab::scenarios {
namespace {

std::string Child(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

}  // namespace

YamlValue YamlValue::Load(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    throw std::runtime_error(fmt::format("{}: cannot be read", file));
  }
  return Parse(text.str(), file);
}

YamlValue YamlValue::Parse(const std::string& text, const std::string& file) {
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() != 1) {
      throw ScenarioError({file, 1}, fmt::format("expected one YAML document, found {}", documents.size()));
    }
    return {documents.front(), file, "", 1};
  } catch (const YAML::Exception& error) {
    throw ScenarioError({file, error.mark.line + 1}, fmt::format("not YAML: {}", error.msg));
  }
}

Location YamlValue::location() const { return {file_, line_}; }

void YamlValue::Fail(std::string_view message) const {
  throw ScenarioError(location(), path_.empty() ? std::string(message) : fmt::format("{}: {}", path_, message));
}

void YamlValue::FailUnknownKey(const std::string& key, int line, std::span<const std::string_view> keys) const {
  const std::string where = path_.empty() ? "" : fmt::format(" in {}", path_);
  throw ScenarioError({file_, line},
                      fmt::format("unknown key '{}'{}; expected one of: {}", key, where, fmt::join(keys, ", ")));
}

const std::string& YamlValue::Scalar(std::string_view expected) const {
  if (!node_.IsScalar()) {
    Fail(fmt::format("expected {}, found {}", expected,
                     node_.IsMap()        ? "a map"
                     : node_.IsSequence() ? "a list"
                                          : "nothing"));
  }
  return node_.Scalar();
}

std::string YamlValue::Text() const { return Scalar("a value"); }

bool YamlValue::Switch() const {
  static constexpr std::string_view kExpected = "true or false";
  std::string text = Scalar(kExpected);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 4> kOn = {"true", "on", "yes", "1"};
  static constexpr std::array<std::string_view, 4> kOff = {"false", "off", "no", "0"};
  if (std::ranges::find(kOn, text) != kOn.end()) {
    return true;
  }
  if (std::ranges::find(kOff, text) != kOff.end()) {
    return false;
  }
  Fail(fmt::format("expected {}, found '{}'", kExpected, text));
}

std::uint64_t YamlValue::Integer(std::uint64_t low, std::uint64_t high) const {
  const std::string expected = fmt::format("a whole number from {} to {}", low, high);
  const std::string& text = Scalar(expected);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < low || number > high) {
    Fail(fmt::format("expected {}, found '{}'", expected, text));
  }
  return number;
}

std::int64_t YamlValue::SignedInteger() const {
  static constexpr std::string_view kExpected = "a whole number";
  const std::string& text = Scalar(kExpected);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    Fail(fmt::format("expected {}, found '{}'", kExpected, text));
  }
  return number;
}

std::uint64_t YamlValue::Size() const {
  static constexpr std::string_view kExpected = "a size such as 512B, 64KiB or 1MiB";
  const std::optional<std::uint64_t> size = ParseSize(Scalar(kExpected));
  if (!size) {
    Fail(fmt::format("expected {}, found '{}'", kExpected, node_.Scalar()));
  }
  return *size;
}

stack::Duration YamlValue::Duration() const {
  static constexpr std::string_view kExpected = "a time such as 10ms, 1.5s or 2min";
  const std::optional<stack::Duration> duration = ParseDuration(Scalar(kExpected));
  if (!duration) {
    Fail(fmt::format("expected {}, found '{}'", kExpected, node_.Scalar()));
  }
  return *duration;
}

std::uint64_t YamlValue::Rate() const {
  static constexpr std::string_view kExpected = "a rate such as 100Mbps or 64kb/s";
  const std::optional<std::uint64_t> rate = ParseRate(Scalar(kExpected));
  if (!rate) {
    Fail(fmt::format("expected {}, found '{}'", kExpected, node_.Scalar()));
  }
  return *rate;
}

std::size_t YamlValue::OneOf(std::span<const std::string_view> names) const {
  const std::string expected = fmt::format("one of: {}", fmt::join(names, ", "));
  const std::string& text = Scalar(expected);
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) {
    Fail(fmt::format("expected {}; found '{}'", expected, text));
  }
  return static_cast<std::size_t>(found - names.begin());
}

std::vector<YamlValue> YamlValue::Items() const {
  if (!node_.IsSequence() && !node_.IsNull()) {
    Fail(fmt::format("expected a list, found {}", node_.IsMap() ? "a map" : fmt::format("'{}'", node_.Scalar())));
  }
  std::vector<YamlValue> items;
  for (const YAML::Node& item : node_) {
    const int line = item.Mark().line < 0 ? line_ : item.Mark().line + 1;
    items.push_back({item, file_, fmt::format("{}[{}]", path_, items.size() + 1), line});
  }
  return items;
}

std::vector<std::pair<std::string, YamlValue>> YamlValue::Entries() const {
  if (!node_.IsMap() && !node_.IsNull()) {
    Fail(fmt::format("expected a map, found {}", node_.IsSequence() ? "a list" : fmt::format("'{}'", node_.Scalar())));
  }
  std::vector<std::pair<std::string, YamlValue>> entries;
  for (const auto& entry : node_) {
    const int line = entry.first.Mark().line + 1;
    if (!entry.first.IsScalar()) {
      throw ScenarioError({file_, line}, "a key must be a plain word");
    }
    const std::string& key = entry.first.Scalar();
    const YamlValue value(entry.second, file_, Child(path_, key), line);
    if (std::ranges::find(entries, key, &std::pair<std::string, YamlValue>::first) != entries.end()) {
      value.Fail("is given twice");
    }
    entries.emplace_back(key, value);
  }
  return entries;
}

Fields YamlValue::Map(std::initializer_list<std::string_view> keys) const {
  return Map(std::span(keys.begin(), keys.size()));
}

Fields YamlValue::Map(std::span<const std::string_view> keys) const {
  std::vector<std::pair<std::string, YamlValue>> entries = Entries();
  for (const auto& [key, value] : entries) {
    if (std::ranges::find(keys, key) == keys.end()) {
      FailUnknownKey(key, value.line_, keys);
    }
  }
  return {*this, std::move(entries)};
}

const YamlValue* Fields::Find(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &std::pair<std::string, YamlValue>::first);
  return found == entries_.end() ? nullptr : &found->second;
}

const YamlValue& Fields::Required(std::string_view key) const {
  const YamlValue* const value = Find(key);
  if (value == nullptr) {
    owner_.Fail(fmt::format("'{}' is missing", key));
  }
  return *value;
}

}  // namespace tcpslab::scenarios
