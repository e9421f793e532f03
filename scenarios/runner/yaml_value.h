// A checked view of a YAML document: every conversion either succeeds or throws a ScenarioError that names file, line,
// the place in the document and what was expected.
//
//   Fields fields = document.Map({"name", "summary"});          // any other key throws
//   std::string name = fields.Required("name").Text();
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/runner/scenario.h"

namespace tcpslab::scenarios {

class Fields;

class YamlValue {
 public:
  // The only document of a file. Throws ScenarioError also for what is not YAML, and std::runtime_error if the file
  // cannot be read.
  static YamlValue Load(const std::string& file);
  // The same from text; `file` is for messages only.
  static YamlValue Parse(const std::string& text, const std::string& file);

  [[nodiscard]] Location location() const;
  [[nodiscard]] const std::string& path() const { return path_; }  // "hosts.client.policy"; empty for the document
  [[noreturn]] void Fail(std::string_view message) const;

  [[nodiscard]] std::string Text() const;  // any scalar
  [[nodiscard]] bool Switch() const;       // true/false, on/off, yes/no, 1/0
  [[nodiscard]] std::uint64_t Integer(std::uint64_t low, std::uint64_t high) const;
  [[nodiscard]] std::int64_t SignedInteger() const;
  [[nodiscard]] std::uint64_t Size() const;                                        // units.h
  [[nodiscard]] stack::Duration Duration() const;                                  // units.h
  [[nodiscard]] std::uint64_t Rate() const;                                        // units.h
  [[nodiscard]] std::size_t OneOf(std::span<const std::string_view> names) const;  // the index of the name
  [[nodiscard]] std::vector<YamlValue> Items() const;                              // of a list; empty for nothing
  [[nodiscard]] bool IsMap() const { return node_.IsMap(); }
  [[nodiscard]] bool IsScalar() const { return node_.IsScalar(); }

  // The entries of a map (empty for nothing), each key once.
  [[nodiscard]] std::vector<std::pair<std::string, YamlValue>> Entries() const;
  // The same, with a closed set of keys.
  [[nodiscard]] Fields Map(std::initializer_list<std::string_view> keys) const;
  [[nodiscard]] Fields Map(std::span<const std::string_view> keys) const;

  // The message for a key that is not in a closed set, at the place of the key.
  [[noreturn]] void FailUnknownKey(const std::string& key, int line, std::span<const std::string_view> keys) const;

 private:
  YamlValue(const YAML::Node& node, std::string file, std::string path, int line)
      : node_(node), file_(std::move(file)), path_(std::move(path)), line_(line) {}
  [[nodiscard]] const std::string& Scalar(std::string_view expected) const;

  YAML::Node node_;
  std::string file_;
  std::string path_;
  int line_;  // of the key if there is one: an empty value has no line of its own
};

class Fields {
 public:
  Fields(YamlValue owner, std::vector<std::pair<std::string, YamlValue>> entries)
      : owner_(std::move(owner)), entries_(std::move(entries)) {}
  [[nodiscard]] const YamlValue* Find(std::string_view key) const;
  [[nodiscard]] const YamlValue& Required(std::string_view key) const;

 private:
  YamlValue owner_;
  std::vector<std::pair<std::string, YamlValue>> entries_;
};

}  // namespace tcpslab::scenarios
