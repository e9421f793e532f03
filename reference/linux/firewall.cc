#include "reference/linux/firewall.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "reference/linux/command.h"

namespace tcpslab::linux_host {
namespace {

constexpr std::array kFamilies{wire::Family::kIpv4, wire::Family::kIpv6};
constexpr std::array kDirections{Direction::kOut, Direction::kIn};

struct Names {
  std::string_view table;
  std::string_view hook;
  std::string_view chain;
  std::string_view interface;  // the match of the interface
};

const Names& NamesOf(Direction direction) {
  static constexpr Names kOut{"mangle", "OUTPUT", "TCPSD-OUT", "-o"};
  // raw: before conntrack, which would end a connection at a forged RST.
  static constexpr Names kIn{"raw", "PREROUTING", "TCPSD-IN", "-i"};
  return direction == Direction::kOut ? kOut : kIn;
}

// One line for all ports or several: a multiport match has room for 15, and a range takes two of them.
std::vector<std::string> PortMatches(const std::vector<PortRange>& ranges) {
  constexpr std::size_t kRoom = 15;
  std::vector<std::string> matches;
  std::vector<std::string> ports;
  std::size_t used = 0;
  const auto finish = [&] {
    if (!ports.empty()) matches.push_back(fmt::format(" -m multiport --ports {}", fmt::join(ports, ",")));
    ports.clear();
    used = 0;
  };
  for (const PortRange& range : ranges) {
    const bool single = range.first == range.last;
    if (used + (single ? 1 : 2) > kRoom) finish();
    ports.push_back(single ? fmt::format("{}", range.first) : fmt::format("{}:{}", range.first, range.last));
    used += single ? 1 : 2;
  }
  finish();
  return matches;
}

// How a rule that selects a segment ends.
std::string Target(const RuleSettings& settings) {
  const std::string queue = settings.queues == 1 ? fmt::format("--queue-num {}", settings.first_queue)
                                                 : fmt::format("--queue-balance {}:{}", settings.first_queue,
                                                               settings.first_queue + settings.queues - 1);
  return fmt::format("NFQUEUE {}{}", queue, settings.bypass ? " --queue-bypass" : "");
}

// A chain's rules, without "-A CHAIN ".
std::vector<std::string> Rules(const RuleSettings& settings, wire::Family family, Direction direction) {
  const Names& names = NamesOf(direction);
  const Selection& selection = settings.selection;
  std::vector<std::string> rules;
  rules.push_back(fmt::format("{} lo -j RETURN", names.interface));  // R17
  rules.push_back("! -p tcp -j RETURN");
  if (direction == Direction::kOut) {
    rules.push_back(fmt::format("-m mark --mark {:#x} -j RETURN", settings.mark));
  } else {
    rules.push_back("-m addrtype ! --dst-type LOCAL -j RETURN");  // forwarded: not ours
  }
  if (family == wire::Family::kIpv4) {
    // What still is a fragment has no ports to select by (the first one has: the worker sees to it). Reassembly goes
    // before, and in IPv6 nothing escapes it.
    rules.push_back(fmt::format("-p tcp -f -j {}", settings.reassemble ? "DROP" : "RETURN"));
  }
  for (const Network& network : selection.excluded_networks) {
    if (network.address.family() != family) continue;
    for (const std::string_view end : {"-s", "-d"}) {
      rules.push_back(fmt::format("{} {} -j RETURN", end, ToString(network)));
    }
  }
  for (const std::string& ports : PortMatches(selection.excluded_ports)) {
    rules.push_back(fmt::format("-p tcp{} -j RETURN", ports));
  }
  std::vector<std::string> interfaces;
  interfaces.reserve(selection.interfaces.size() + 1);
  for (const std::string& name : selection.interfaces) {
    interfaces.push_back(fmt::format("{} {} ", names.interface, name));
  }
  if (interfaces.empty()) interfaces.emplace_back();
  std::vector<std::string> ports = PortMatches(selection.ports);
  if (ports.empty()) ports.emplace_back();
  const std::string target = Target(settings);
  for (const std::string& interface : interfaces) {
    for (const std::string& match : ports) rules.push_back(fmt::format("{}-p tcp{} -j {}", interface, match, target));
  }
  // That this rule exists makes the kernel reassemble, in both directions, before any table; it does nothing else.
  if (direction == Direction::kIn && settings.reassemble) rules.push_back("-p tcp -m socket -j RETURN");
  return rules;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The numbers after `option` in a rule: "--queue-num 3", "--queue-balance 0:3".
std::vector<std::uint16_t> Queues(std::string_view rule) {
  std::vector<std::uint16_t> queues;
  for (const std::string_view option : {"--queue-num ", "--queue-balance "}) {
    const std::size_t at = rule.find(option);
    if (at == std::string_view::npos) continue;
    rule.remove_prefix(at + option.size());
    std::uint16_t first = 0;
    const auto [end, error] = std::from_chars(rule.data(), rule.data() + rule.size(), first);
    std::uint16_t last = first;
    if (end != rule.data() + rule.size() && *end == ':') std::from_chars(end + 1, rule.data() + rule.size(), last);
    for (unsigned queue = first; queue <= last; ++queue) queues.push_back(static_cast<std::uint16_t>(queue));
  }
  return queues;
}

// "ip6tables-nft-restore"
std::string Program(Tool tool, wire::Family family, std::string_view action) {
  return fmt::format("{}-{}-{}", family == wire::Family::kIpv4 ? "iptables" : "ip6tables",
                     tool == Tool::kNft ? "nft" : "legacy", action);
}

// What iptables said, as one line.
std::string Trimmed(std::string_view errors) {
  std::string line;
  for (const std::string_view part : Lines(errors)) {
    if (part.empty() || part.starts_with("Try `")) continue;
    line += fmt::format("{}{}", line.empty() ? "" : "; ", part);
  }
  return line.empty() ? "failed" : line;
}

bool IsInKernel(wire::Family family) {
  return family == wire::Family::kIpv4 || std::filesystem::exists("/proc/net/if_inet6");
}

// Whether the older iptables has the table in this network namespace: asking iptables-legacy itself would make it.
bool LegacyTableExists(wire::Family family, std::string_view table) {
  std::ifstream names(family == wire::Family::kIpv4 ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names");
  if (!names) return errno == EACCES;  // only root may look: ask, then
  for (std::string name; std::getline(names, name);) {
    if (name == table) return true;
  }
  return false;
}

}  // namespace

TableState ReadTable(std::string_view saved, Direction direction) {
  const Names& names = NamesOf(direction);
  const std::string chain = fmt::format(":{} ", names.chain);
  const std::string jump = fmt::format("-A {} -j {}", names.hook, names.chain);
  const std::string rule = fmt::format("-A {} ", names.chain);
  TableState state;
  for (const std::string_view line : Lines(saved)) {
    if (line.starts_with(chain)) state.chain = true;
    if (line == jump) ++state.jumps;
    if (line.starts_with(rule)) std::ranges::copy(Queues(line), std::back_inserter(state.queues));
  }
  return state;
}

std::string InstallText(const RuleSettings& settings, wire::Family family, Direction direction,
                        const TableState& present) {
  const Names& names = NamesOf(direction);
  // Declaring the chain makes it, or empties it.
  std::string text = fmt::format("*{}\n:{} - [0:0]\n", names.table, names.chain);
  for (const std::string& rule : Rules(settings, family, direction)) {
    text += fmt::format("-A {} {}\n", names.chain, rule);
  }
  // Last in the hook: a verdict of the queue ends the hook's chain, and rules of the user's that follow ours would not
  // see the packet.
  if (present.jumps == 0) text += fmt::format("-A {} -j {}\n", names.hook, names.chain);
  return text + "COMMIT\n";
}

std::string RemoveText(Direction direction, const TableState& present) {
  if (!present.chain) return {};
  const Names& names = NamesOf(direction);
  std::string text = fmt::format("*{}\n", names.table);
  for (unsigned jump = 0; jump < present.jumps; ++jump) {
    text += fmt::format("-D {} -j {}\n", names.hook, names.chain);
  }
  return text + fmt::format("-F {0}\n-X {0}\nCOMMIT\n", names.chain);
}

void Firewall::Install(const RuleSettings& settings) {
  // What nf_tables holds of an earlier run keeps traffic out: it is replaced or it stays, never removed for a trial.
  if (!tool_ && Present(Tool::kNft)) tool_ = Tool::kNft;
  if (tool_) {
    Install(*tool_, settings);
  } else {
    Try(settings);
  }
  // Of an earlier run, which found another kernel or other programs.
  Remove(*tool_ == Tool::kNft ? Tool::kLegacy : Tool::kNft);
}

void Firewall::Try(const RuleSettings& settings) {
  try {
    Install(Tool::kNft, settings);
    tool_ = Tool::kNft;
    return;
  } catch (const std::runtime_error& first) {
    Remove(Tool::kNft);
    try {
      Install(Tool::kLegacy, settings);
      tool_ = Tool::kLegacy;
    } catch (const std::runtime_error& second) {
      throw std::runtime_error(fmt::format("{}; {}", first.what(), second.what()));
    }
  }
}

void Firewall::Install(Tool tool, const RuleSettings& settings) {
  for (const wire::Family family : kFamilies) {
    if (!IsInKernel(family)) continue;
    std::string text;
    for (const Direction direction : kDirections) {
      text += InstallText(settings, family, direction, Read(tool, family, direction));
    }
    Restore(tool, family, text);
  }
}

void Firewall::Remove() {
  Remove(Tool::kNft);
  Remove(Tool::kLegacy);
}

void Firewall::Remove(Tool tool) {
  for (const wire::Family family : kFamilies) {
    if (!IsInKernel(family)) continue;
    std::string text;
    for (const Direction direction : kDirections) text += RemoveText(direction, Read(tool, family, direction));
    if (!text.empty()) Restore(tool, family, text);
  }
}

bool Firewall::Present() { return Present(Tool::kNft) || Present(Tool::kLegacy); }

bool Firewall::Present(Tool tool) {
  for (const wire::Family family : kFamilies) {
    if (!IsInKernel(family)) continue;
    for (const Direction direction : kDirections) {
      if (Read(tool, family, direction).chain) return true;
    }
  }
  return false;
}

std::vector<std::uint16_t> Firewall::QueuesInUse() {
  std::vector<std::uint16_t> queues;
  for (const Tool tool : {Tool::kNft, Tool::kLegacy}) {
    for (const wire::Family family : kFamilies) {
      if (!IsInKernel(family)) continue;
      for (const Direction direction : kDirections) {
        std::ranges::copy(Read(tool, family, direction).queues, std::back_inserter(queues));
      }
    }
  }
  std::ranges::sort(queues);
  queues.erase(std::unique(queues.begin(), queues.end()), queues.end());
  return queues;
}

std::string Firewall::tool() const {
  if (!tool_) return "none";
  return *tool_ == Tool::kNft ? "iptables-nft" : "iptables-legacy";
}

TableState Firewall::Read(Tool tool, wire::Family family, Direction direction) {
  const Names& names = NamesOf(direction);
  if (tool == Tool::kLegacy && tool_ != tool && !LegacyTableExists(family, names.table)) return {};
  const std::string program = Program(tool, family, "save");
  const CommandResult saved = RunCommand({program, "-t", std::string(names.table)}, {}, Environment());
  // A program that is not there has made no rules.
  return saved.ok() ? ReadTable(saved.output, direction) : TableState{};
}

void Firewall::Restore(Tool tool, wire::Family family, const std::string& text) {
  const std::string program = Program(tool, family, "restore");
  const CommandResult result = RunCommand({program, "--noflush", "--wait", "10"}, text, Environment());
  if (!result.ok()) throw std::runtime_error(fmt::format("{}: {}", program, Trimmed(result.errors)));
}

std::vector<std::string> Firewall::Environment() const {
  // Root takes part in the locking of all users of iptables.
  if (::geteuid() == 0) return {};
  return {fmt::format("XTABLES_LOCKFILE={}", lock_file_.string())};
}

}  // namespace tcpslab::linux_host
