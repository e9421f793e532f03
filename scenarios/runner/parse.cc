#include "scenarios/runner/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace tcpslab::scenarios {
namespace {

// A connection has a server port of its own, counted from a fixed base below the ephemeral range.
constexpr std::size_t kMaximumConnections = 16384;
constexpr std::size_t kMaximumVisits = 1000;

// Names become folders under --out.
std::string ParseName(const YamlValue& value) {
  std::string name = value.Text();
  const bool plain = std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_./").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (!plain || name.empty() || name.starts_with('/') || name.ends_with('/') || name.find("..") != std::string::npos ||
      name.find("//") != std::string::npos) {
    value.Fail(fmt::format("expected words of letters, digits, '-', '_' and '.', joined by '/'; found '{}'", name));
  }
  return name;
}

Link ParseLink(const YamlValue& value) {
  Link link;
  const Fields fields = value.Map({"rate", "delay", "mtu", "family"});
  if (const YamlValue* rate = fields.Find("rate")) {
    link.rate = rate->Rate();
  }
  if (const YamlValue* delay = fields.Find("delay")) {
    link.delay = delay->Duration();
  }
  if (const YamlValue* family = fields.Find("family")) {
    static constexpr std::array<std::string_view, 2> kFamilies = {"ipv4", "ipv6"};
    link.family = static_cast<wire::Family>(family->OneOf(kFamilies));
  }
  if (const YamlValue* mtu = fields.Find("mtu")) {
    // Room for the longest headers and some data; IPv6 demands 1280 (RFC 8200, section 5).
    static constexpr std::uint64_t kLowest = 256;
    static constexpr std::uint64_t kLowestIpv6 = 1280;
    const bool ipv6 = link.family == wire::Family::kIpv6;
    link.mtu = static_cast<std::uint16_t>(mtu->Integer(ipv6 ? kLowestIpv6 : kLowest, 65535));
  }
  return link;
}

PathElement ParsePathElement(const YamlValue& value, std::size_t visits) {
  PathElement element;
  element.location = value.location();
  for (const auto& [key, entry] : value.Entries()) {
    if (key == "type") {
      element.type = entry.Text();
      element.location = entry.location();
    } else if (key == "visits") {
      for (const YamlValue& visit : entry.Items()) {
        element.visits.insert(visit.Integer(1, visits));
      }
    } else {
      element.attributes.push_back({key, entry.Text(), entry.location()});
    }
  }
  if (element.type.empty()) {
    value.Fail("'type' is missing");
  }
  return element;
}

struct Sizes {
  std::uint64_t request;
  std::uint64_t response;
};

Sizes DefaultSizes(WorkloadKind kind) {
  static constexpr std::uint64_t kSmall = 1024;
  static constexpr std::uint64_t kMedium = 64 * 1024;
  static constexpr std::uint64_t kBulk = 1024 * 1024;
  switch (kind) {
    case WorkloadKind::kUpload:
      return {kBulk, 0};
    case WorkloadKind::kDownload:
      return {0, kBulk};
    case WorkloadKind::kEcho:
      return {kSmall, kSmall};
    case WorkloadKind::kRequestResponse:
      break;
  }
  return {kSmall, kMedium};
}

void ParseSizes(const Fields& fields, const YamlValue& value, Workload& workload) {
  const Sizes sizes = DefaultSizes(workload.kind);
  const YamlValue* const request = fields.Find("request");
  const YamlValue* const response = fields.Find("response");
  workload.request = request != nullptr ? request->Size() : sizes.request;
  if (workload.kind == WorkloadKind::kEcho) {
    workload.response = workload.request;
    if (response != nullptr && response->Size() != workload.request) {
      response->Fail("an echo is as long as its request");
    }
  } else {
    workload.response = response != nullptr ? response->Size() : sizes.response;
  }
  if (workload.request + workload.response == 0) {
    value.Fail("request and response are both empty");
  }
}

void ParseDirections(const Fields& fields, Workload& workload) {
  const YamlValue* const visits = fields.Find("visits");
  const YamlValue* const directions = fields.Find("directions");
  const std::vector<YamlValue> items = directions != nullptr ? directions->Items() : std::vector<YamlValue>{};
  workload.visits = visits != nullptr ? visits->Integer(1, kMaximumVisits) : std::max<std::size_t>(1, items.size());
  if (directions != nullptr && items.size() > workload.visits) {
    directions->Fail(fmt::format("{} directions for {} visits", items.size(), workload.visits));
  }
  static constexpr std::array<std::string_view, 3> kDirections = {"forward", "reverse", "loopback"};
  for (const YamlValue& item : items) {
    workload.directions.push_back(static_cast<Direction>(item.OneOf(kDirections)));
  }
  workload.directions.resize(workload.visits, Direction::kForward);
}

void CheckConnections(const YamlValue& place, const Workload& workload) {
  if (workload.visits * workload.connections > kMaximumConnections) {
    place.Fail(fmt::format("at most {} connections over all visits", kMaximumConnections));
  }
}

Workload ParseWorkload(const YamlValue& value) {
  Workload workload;
  const Fields fields =
      value.Map({"kind", "request", "response", "visits", "connections", "gap", "pause", "directions", "close"});
  if (const YamlValue* kind = fields.Find("kind")) {
    static constexpr std::array<std::string_view, 4> kKinds = {"request-response", "upload", "download", "echo"};
    workload.kind = static_cast<WorkloadKind>(kind->OneOf(kKinds));
  }
  ParseSizes(fields, value, workload);
  ParseDirections(fields, workload);
  if (const YamlValue* connections = fields.Find("connections")) {
    workload.connections = connections->Integer(1, kMaximumConnections);
    CheckConnections(*connections, workload);
  }
  if (const YamlValue* gap = fields.Find("gap")) {
    workload.gap = gap->Duration();
  }
  if (const YamlValue* pause = fields.Find("pause")) {
    workload.pause = pause->Duration();
    if (workload.kind == WorkloadKind::kEcho) {
      pause->Fail("an echo comes back at once");
    }
  }
  if (const YamlValue* close = fields.Find("close")) {
    static constexpr std::array<std::string_view, 3> kClosings = {"client", "server", "abort"};
    workload.close = static_cast<Closing>(close->OneOf(kClosings));
  }
  return workload;
}

Workload DefaultWorkload() {
  Workload workload;
  const Sizes sizes = DefaultSizes(workload.kind);
  workload.request = sizes.request;
  workload.response = sizes.response;
  workload.directions = {Direction::kForward};
  return workload;
}

Restart ParseRestart(const YamlValue& value, std::size_t visits) {
  const Fields fields = value.Map({"host", "before_visit"});
  static constexpr std::array<std::string_view, 2> kNames = {"client", "server"};
  return {.host = static_cast<HostName>(fields.Required("host").OneOf(kNames)),
          .before_visit = fields.Required("before_visit").Integer(1, visits)};
}

Scenario FromDocument(const YamlValue& document, const std::string& file) {
  Scenario scenario;
  scenario.file = file;
  const Fields fields =
      document.Map({"name", "summary", "hosts", "link", "path", "workload", "restart", "duration", "expect"});
  scenario.name = ParseName(fields.Required("name"));
  if (const YamlValue* summary = fields.Find("summary")) {
    scenario.summary = summary->Text();
  }
  if (const YamlValue* hosts = fields.Find("hosts")) {
    const Fields each = hosts->Map({"client", "server"});
    for (const HostName name : kHosts) {
      if (const YamlValue* host = each.Find(ToString(name))) {
        (name == HostName::kClient ? scenario.client : scenario.server) = ParseHost(*host);
      }
    }
  }
  if (const YamlValue* link = fields.Find("link")) {
    scenario.link = ParseLink(*link);
  }
  const YamlValue* const workload = fields.Find("workload");
  scenario.workload = workload != nullptr ? ParseWorkload(*workload) : DefaultWorkload();
  if (scenario.client.script && std::ranges::count(scenario.workload.directions, Direction::kLoopback) != 0) {
    workload->Fail("a script has no loopback interface");
  }
  if (const YamlValue* path = fields.Find("path")) {
    for (const YamlValue& element : path->Items()) {
      scenario.path.push_back(ParsePathElement(element, scenario.workload.visits));
    }
  }
  if (const YamlValue* restarts = fields.Find("restart")) {
    for (const YamlValue& restart : restarts->Items()) {
      scenario.restarts.push_back(ParseRestart(restart, scenario.workload.visits));
    }
  }
  if (const YamlValue* duration = fields.Find("duration")) {
    scenario.duration = duration->Duration();
    if (scenario.duration == stack::Duration::zero()) {
      duration->Fail("must not be 0");
    }
  }
  scenario.expectations = ParseExpect(fields.Required("expect"), scenario.workload.visits);
  return scenario;
}

}  // namespace

Scenario LoadScenario(const std::string& file) { return FromDocument(YamlValue::Load(file), file); }

Scenario ParseScenario(const std::string& text, const std::string& file) {
  return FromDocument(YamlValue::Parse(text, file), file);
}

}  // namespace tcpslab::scenarios
