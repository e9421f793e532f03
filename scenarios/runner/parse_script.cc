// The key `script` of a host (scenarios/README.md, "Scripted hosts").
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <sstream>

#include "reference/wire/options.h"
#include "reference/wire/segment.h"
#include "scenarios/runner/parse.h"

namespace tcpslab::scenarios {
namespace {

using Bytes = std::vector<std::byte>;

std::uint8_t ParseFlags(const YamlValue& value) {
  static constexpr std::array<std::string_view, 8> kNames = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  std::uint8_t flags = 0;
  const std::string text = value.Text();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('|', begin), text.size());
    const std::string_view name = std::string_view(text).substr(begin, end - begin);
    const auto found = std::ranges::find(kNames, name);
    if (found == kNames.end()) {
      value.Fail(fmt::format("'{}' is no TCP flag; expected names joined by '|', such as SYN|ACK", name));
    }
    flags = static_cast<std::uint8_t>(flags | 1U << (found - kNames.begin()));
    begin = end + 1;
  }
  return flags;
}

Bytes ParseHex(const YamlValue& value, std::string_view text) {
  Bytes bytes;
  while (!text.empty()) {
    std::uint8_t byte = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + std::min<std::size_t>(2, text.size()), byte, 16);
    if (error != std::errc{} || end != text.data() + 2) {
      value.Fail("expected an even number of hex digits");
    }
    bytes.push_back(static_cast<std::byte>(byte));
    text.remove_prefix(2);
  }
  return bytes;
}

// The numbers behind an option's name: how many bytes each takes, big-endian.
struct NamedOption {
  std::string_view name;
  wire::OptionKind kind;
  std::vector<std::size_t> fields;
};

Bytes EncodeNamed(const YamlValue& value, const NamedOption& option, std::istringstream& arguments) {
  Bytes bytes = {static_cast<std::byte>(option.kind)};
  if (option.kind == wire::kNoOperation || option.kind == wire::kEndOfOptions) {
    return bytes;
  }
  Bytes body;
  std::uint64_t number = 0;
  std::size_t given = 0;
  for (const std::size_t width : option.fields) {
    if (!(arguments >> number)) {
      break;
    }
    if (number >> (8 * width) != 0) {
      value.Fail(fmt::format("{} does not fit {} bytes", number, width));
    }
    ++given;
    for (std::size_t i = width; i-- > 0;) {
      body.push_back(static_cast<std::byte>(number >> (8 * i) & 0xff));
    }
  }
  if (given != 0 && given != option.fields.size()) {
    value.Fail(fmt::format("option {} takes {} numbers", option.name, option.fields.size()));
  }
  if (given == option.fields.size()) {
    bytes.push_back(static_cast<std::byte>(2 + body.size()));
    bytes.insert(bytes.end(), body.begin(), body.end());
  }
  return bytes;
}

// "mss 1460", "window-scale 7", "sack-permitted", "timestamps 1 0", "nop", "eol", "kind 253", "hex fd14544d…". Without
// its numbers, an option is its kind alone, which only an expectation can use.
OptionBytes ParseOption(const YamlValue& value, bool complete) {
  static const std::array<NamedOption, 6> kNamed = {{{"mss", wire::kMaximumSegmentSize, {2}},
                                                     {"window-scale", wire::kWindowScale, {1}},
                                                     {"sack-permitted", wire::kSackPermitted, {}},
                                                     {"timestamps", wire::kTimestamps, {4, 4}},
                                                     {"nop", wire::kNoOperation, {}},
                                                     {"eol", wire::kEndOfOptions, {}}}};
  std::istringstream words(value.Text());
  std::string name;
  words >> name;
  Bytes bytes;
  if (const auto found = std::ranges::find(kNamed, name, &NamedOption::name); found != kNamed.end()) {
    bytes = EncodeNamed(value, *found, words);
  } else if (name == "hex") {
    std::string digits;
    words >> digits;
    bytes = ParseHex(value, digits);
  } else if (unsigned kind = 0; name == "kind" && words >> kind && kind <= 255) {
    bytes = {static_cast<std::byte>(kind)};
  } else {
    value.Fail("expected mss N, window-scale N, sack-permitted, timestamps VALUE ECHO, nop, eol, kind N or hex BYTES");
  }
  std::string rest;
  if (words.clear(), words >> rest) {
    value.Fail(fmt::format("'{}' is too much", rest));
  }
  const bool single = !bytes.empty() && std::to_integer<unsigned>(bytes[0]) <= wire::kNoOperation;
  if (complete && !single && bytes.size() < 2) {
    value.Fail("the option to send is incomplete");
  }
  return bytes;
}

std::vector<OptionBytes> ParseOptions(const YamlValue& value, bool complete) {
  std::vector<OptionBytes> options;
  std::size_t total = 0;
  for (const YamlValue& item : value.Items()) {
    options.push_back(ParseOption(item, complete));
    total += options.back().size();
  }
  if (total > wire::kMaximumOptionBytes) {
    value.Fail(fmt::format("{} bytes of options do not fit a TCP header", total));
  }
  return options;
}

ScriptPayload ParsePayload(const YamlValue& value) {
  static constexpr std::size_t kMaximumLength = 65000;
  const Fields fields = value.Map({"text", "hex", "of", "offset", "length"});
  ScriptPayload payload;
  const YamlValue* const of = fields.Find("of");
  const YamlValue* const text = fields.Find("text");
  const YamlValue* const hex = fields.Find("hex");
  if ((of != nullptr) + (text != nullptr) + (hex != nullptr) != 1) {
    value.Fail("expected exactly one of: of, text, hex");
  }
  if (of == nullptr && (fields.Find("offset") != nullptr || fields.Find("length") != nullptr)) {
    value.Fail("offset and length go with 'of'");
  }
  if (text != nullptr) {
    const std::string characters = text->Text();
    const std::span<const std::byte> bytes = std::as_bytes(std::span(characters));
    payload.bytes.assign(bytes.begin(), bytes.end());
  } else if (hex != nullptr) {
    payload.bytes = ParseHex(*hex, hex->Text());
  } else {
    static constexpr std::array<std::string_view, 2> kSources = {"request", "response"};
    payload.source = of->OneOf(kSources) == 0 ? ScriptPayload::Source::kRequest : ScriptPayload::Source::kResponse;
    const YamlValue* const offset = fields.Find("offset");
    payload.offset = offset != nullptr ? offset->Size() : 0;
    const YamlValue& length = fields.Required("length");
    payload.length = length.Size();
    if (payload.length == 0 || payload.length > kMaximumLength) {
      length.Fail(fmt::format("expected 1 to {} bytes", kMaximumLength));
    }
  }
  return payload;
}

SendStep ParseSend(const YamlValue& value) {
  const Fields fields = value.Map({"flags", "seq", "ack", "window", "urgent", "options", "payload"});
  SendStep step;
  step.flags = ParseFlags(fields.Required("flags"));
  if (const YamlValue* const sequence = fields.Find("seq")) {
    step.sequence = sequence->SignedInteger();
  }
  if (const YamlValue* const acknowledgement = fields.Find("ack")) {
    step.acknowledgement = acknowledgement->SignedInteger();
  }
  if (const YamlValue* const window = fields.Find("window")) {
    step.window = static_cast<std::uint16_t>(window->Integer(0, 65535));
  }
  if (const YamlValue* const urgent = fields.Find("urgent")) {
    step.urgent_pointer = static_cast<std::uint16_t>(urgent->Integer(0, 65535));
  }
  if (const YamlValue* const options = fields.Find("options")) {
    step.options = ParseOptions(*options, true);
  }
  if (const YamlValue* const payload = fields.Find("payload")) {
    step.payload = ParsePayload(*payload);
  }
  return step;
}

ExpectStep ParseExpectStep(const YamlValue& value) {
  const Fields fields = value.Map({"flags", "seq", "ack", "options", "without", "payload", "absent", "within"});
  ExpectStep step;
  if (const YamlValue* const flags = fields.Find("flags")) {
    step.flags = ParseFlags(*flags);
  }
  if (const YamlValue* const sequence = fields.Find("seq")) {
    step.sequence = sequence->SignedInteger();
  }
  if (const YamlValue* const acknowledgement = fields.Find("ack")) {
    step.acknowledgement = acknowledgement->SignedInteger();
  }
  if (const YamlValue* const options = fields.Find("options")) {
    step.options = ParseOptions(*options, false);
  }
  if (const YamlValue* const without = fields.Find("without")) {
    step.without = ParseOptions(*without, false);
  }
  if (const YamlValue* const payload = fields.Find("payload")) {
    static constexpr std::array<std::string_view, 3> kPayloads = {"any", "none", "some"};
    if (payload->IsMap()) {
      step.content = ParsePayload(*payload);
    } else {
      step.payload = static_cast<ExpectStep::Payload>(payload->OneOf(kPayloads));
    }
  }
  if (const YamlValue* const absent = fields.Find("absent")) {
    step.absent = absent->Switch();
  }
  if (const YamlValue* const within = fields.Find("within")) {
    step.within = within->Duration();
  }
  return step;
}

ReceiveStep ParseReceive(const YamlValue& value) {
  const Fields fields = value.Map({"bytes", "within"});
  ReceiveStep step;
  step.bytes = fields.Required("bytes").Size();
  if (const YamlValue* const within = fields.Find("within")) {
    step.within = within->Duration();
  }
  return step;
}

Step ParseStep(const YamlValue& value) {
  const Fields fields = value.Map({"send", "expect", "receive", "wait"});
  if (value.Entries().size() != 1) {
    value.Fail("expected exactly one of: send, expect, receive, wait");
  }
  const int line = value.location().line;
  if (const YamlValue* const send = fields.Find("send")) {
    return {line, ParseSend(*send)};
  }
  if (const YamlValue* const expect = fields.Find("expect")) {
    return {line, ParseExpectStep(*expect)};
  }
  if (const YamlValue* const receive = fields.Find("receive")) {
    return {line, ParseReceive(*receive)};
  }
  return {line, WaitStep{fields.Required("wait").Duration()}};
}

}  // namespace

Script ParseScript(const YamlValue& value) {
  Script script;
  for (const YamlValue& item : value.Items()) {
    script.push_back(ParseStep(item));
  }
  if (script.empty()) {
    value.Fail("a script needs at least one step");
  }
  return script;
}

}  // namespace tcpslab::scenarios
