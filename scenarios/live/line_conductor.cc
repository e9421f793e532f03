#include "scenarios/live/line_conductor.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tcpslab::scenarios {
namespace {

HostEvent ReadEvent(const Json& json) {
  const auto kind = stack::EventKindOf(json.at("event").get<std::string>());
  if (!kind) {
    throw std::runtime_error(fmt::format("a host reports the event {}, which there is not", json.at("event").dump()));
  }
  return {
      .time = std::chrono::duration_cast<stack::Duration>(std::chrono::duration<double>(json.at("t").get<double>())),
      .host = json.at("host") == "client" ? HostName::kClient : HostName::kServer,
      .kind = *kind,
      .client = json.at("client").get<std::string>(),
      .server = json.at("server").get<std::string>(),
      .detail = json.at("detail").get<std::string>()};
}

}  // namespace

void LineConductor::PrepareVisit(std::size_t visit) { Ask({{"say", "visit"}, {"visit", visit}}); }

HostReports LineConductor::Collect() {
  const Json answer = Ask({{"say", "collect"}});
  HostReports reports;
  for (const Json& event : answer.at("events")) {
    reports.events.push_back(ReadEvent(event));
  }
  std::ranges::stable_sort(reports.events, {}, &HostEvent::time);
  for (const HostName host : kHosts) {
    reports.identities[static_cast<std::size_t>(host)] =
        answer.at("identities").at(std::string(ToString(host))).get<std::set<std::string>>();
  }
  return reports;
}

void LineConductor::Say(const Json& line) { out_ << line.dump() << std::endl; }

Json LineConductor::Ask(const Json& question) {
  Say(question);
  std::string answer;
  if (!std::getline(in_, answer)) {
    throw std::runtime_error("nobody conducts this run any more");
  }
  return Json::parse(answer);
}

}  // namespace tcpslab::scenarios
