#include "reference/linux/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "reference/tcps/hex.h"
#include "reference/tcps/identity.h"

namespace tcpslab::linux_host {
namespace {

double Seconds(stack::Duration duration) { return std::chrono::duration<double>(duration).count(); }

Json PolicyToJson(const stack::Policy& policy) {
  return {{"enforce", policy.enforce},
          {"tofu_enforce", policy.tofu_enforce},
          {"max_connections", policy.max_connections},
          {"max_blocked", policy.max_blocked},
          {"collect_interval", Seconds(policy.collect_interval)},
          {"half_open_timeout", Seconds(policy.half_open_timeout)},
          {"dead_timeout", Seconds(policy.dead_timeout)},
          {"closed_timeout", Seconds(policy.closed_timeout)},
          {"idle_timeout", Seconds(policy.idle_timeout)}};
}

Json WorkerToJson(const WorkerStatus& worker) {
  const PathCounters& packets = worker.counters.packets;
  return {{"queue", worker.queue},
          {"connections", worker.connections},
          {"blocked", worker.blocked},
          {"accepted", packets.accepted},
          {"changed", packets.changed},
          {"dropped", packets.dropped},
          {"malformed", packets.malformed},
          {"fragments", packets.fragments},
          {"bad_checksum", packets.bad_checksum},
          {"split", packets.split},
          {"too_long", packets.too_long},
          {"emitted", packets.emitted},
          {"send_failed", packets.send_failed},
          {"overruns", worker.counters.overruns},
          {"kernel",
           {{"waiting", worker.kernel.waiting},
            {"queued", worker.kernel.queued},
            {"queue_dropped", worker.kernel.queue_dropped},
            {"user_dropped", worker.kernel.user_dropped}}}};
}

Json ConnectionsToJson(std::vector<ConnectionRow> rows) {
  const auto ends = [](const ConnectionRow& row) { return std::pair(row.flow.client(), row.flow.server()); };
  std::ranges::sort(rows, {}, ends);
  Json list = Json::array();
  for (const ConnectionRow& row : rows) {
    list.push_back({{"client", ToString(row.flow.client())},
                    {"server", ToString(row.flow.server())},
                    {"role", ToString(row.flow.role)},
                    {"state", ToString(row.state)},
                    {"idle_ms", std::chrono::duration_cast<std::chrono::milliseconds>(row.idle).count()}});
  }
  return list;
}

Json CountersToJson(const std::vector<WorkerStatus>& workers) {
  Json counters = Json::object();
  const auto sum = [&workers](auto count) {
    std::uint64_t total = 0;
    for (const WorkerStatus& worker : workers) total += count(worker.counters.protocol);
    return total;
  };
  for (std::size_t i = 0; i < stack::kEventKinds; ++i) {
    const auto kind = static_cast<stack::EventKind>(i);
    counters[std::string(ToString(kind))] = sum([kind](const stack::Counters& all) { return all.Of(kind); });
  }
  using Counter = std::uint64_t stack::Counters::*;
  for (const auto& [name, member] :
       {std::pair<const char*, Counter>("outbound_passed", &stack::Counters::outbound_passed),
        {"outbound_dropped", &stack::Counters::outbound_dropped},
        {"inbound_passed", &stack::Counters::inbound_passed},
        {"inbound_dropped", &stack::Counters::inbound_dropped},
        {"emitted", &stack::Counters::emitted}}) {
    counters[name] = sum([member = member](const stack::Counters& all) { return all.*member; });
  }
  return counters;
}

// Columns as wide as their longest cell; the first row is the heading.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += row.back() + "\n";
  }
  return text;
}

// "name value, name value"; without those that are 0 where `all` is false.
std::string Listed(const Json& object, bool all) {
  std::string text;
  for (const auto& [name, value] : object.items()) {
    if (value.is_object() || (!all && value == 0)) continue;
    const std::string shown = value.is_boolean() ? (value.get<bool>() ? "1" : "0") : value.dump();
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, shown);
  }
  return text.empty() ? "none" : text;
}

std::string ConnectionsText(const Json& connections) {
  if (connections.empty()) return "none\n";
  std::vector<std::vector<std::string>> rows = {{"CLIENT", "SERVER", "ROLE", "STATE", "IDLE"}};
  for (const Json& row : connections) {
    rows.push_back({row.at("client").get<std::string>(), row.at("server").get<std::string>(),
                    row.at("role").get<std::string>(), row.at("state").get<std::string>(),
                    fmt::format("{:.1f}s", row.at("idle_ms").get<double>() / 1000)});
  }
  return Table(rows);
}

}  // namespace

Json ToJson(const std::vector<PeerRow>& peers) {
  Json list = Json::array();
  for (const PeerRow& peer : peers) {
    list.push_back({{"address", ToString(peer.address)},
                    {"fingerprint", tcps::Fingerprint(peer.key)},
                    {"key", tcps::ToHex(peer.key)},
                    {"proven", peer.proven}});
  }
  return list;
}

Json ToJson(const Status& status) {
  Json workers = Json::array();
  for (const WorkerStatus& worker : status.workers) workers.push_back(WorkerToJson(worker));
  return {{"version", status.version},
          {"dialect", ToString(status.dialect)},
          {"identity", tcps::Fingerprint(status.identity)},
          {"policy", PolicyToJson(status.policy)},
          {"problems", status.problems},
          {"workers", std::move(workers)},
          {"connections", ConnectionsToJson(status.connections)},
          {"peers", ToJson(status.peers)},
          {"counters", CountersToJson(status.workers)}};
}

std::string PeersText(const Json& peers) {
  if (peers.empty()) return "none\n";
  std::vector<std::vector<std::string>> rows = {{"ADDRESS", "FINGERPRINT", "PROVEN"}};
  for (const Json& peer : peers) {
    rows.push_back({peer.at("address").get<std::string>(), peer.at("fingerprint").get<std::string>(),
                    peer.at("proven").get<bool>() ? "yes" : "no"});
  }
  return Table(rows);
}

std::string StatusText(const Json& status) {
  std::string text =
      fmt::format("tcpsd {}, dialect {}, identity fingerprint {}\n", status.at("version").get<std::string>(),
                  status.at("dialect").get<std::string>(), status.at("identity").get<std::string>());
  text += fmt::format("policy: {}\n", Listed(status.at("policy"), true));
  for (const Json& problem : status.at("problems")) text += fmt::format("problem: {}\n", problem.get<std::string>());
  const Json& connections = status.at("connections");
  text += fmt::format("\nconnections: {}\n{}", connections.size(), ConnectionsText(connections));
  const Json& peers = status.at("peers");
  text += fmt::format("\npeers: {}\n{}", peers.size(), PeersText(peers));
  text += "\n";
  for (const Json& worker : status.at("workers")) {
    Json counts = worker;
    counts.erase("queue");
    text += fmt::format("queue {}: {}; kernel: {}\n", worker.at("queue").get<unsigned>(), Listed(counts, false),
                        Listed(worker.at("kernel"), false));
  }
  text += fmt::format("counters: {}\n", Listed(status.at("counters"), false));
  return text;
}

}  // namespace tcpslab::linux_host
