#include "reference/linux/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "reference/linux/policy_settings.h"

namespace tcpslab::linux_host {
namespace {

constexpr int kBadRequest = 2;

[[noreturn]] void Refuse(const std::string& text) { throw CommandLineEnd(kBadRequest, "tcpsd: " + text); }

// An option whose text `store` reads; what that throws becomes an error that names the option.
CLI::Option* AddText(CLI::App& app, const std::string& name, const std::string& description,
                     const std::function<void(const std::string&)>& store) {
  return app.add_option_function<std::string>(
      name,
      [name, store](const std::string& text) {
        try {
          store(text);
        } catch (const std::invalid_argument& error) {
          throw CLI::ValidationError(name, error.what());
        }
      },
      description);
}

// An option that needs no value: alone it is 1.
CLI::Option* AddSwitch(CLI::App& app, const std::string& name, const std::string& description,
                       const std::function<void(const std::string&)>& store) {
  return AddText(app, name, description, [store](const std::string& text) { store(text.empty() ? "1" : text); })
      ->expected(0, 1)
      ->type_name("[0|1]");
}

// An option that takes a list, and may be repeated.
CLI::Option* AddList(CLI::App& app, const std::string& name, const std::string& description,
                     const std::function<void(const std::string&)>& store) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [name, store](const std::vector<std::string>& items) {
            try {
              std::ranges::for_each(items, store);
            } catch (const std::invalid_argument& error) {
              throw CLI::ValidationError(name, error.what());
            }
          },
          description)
      ->delimiter(',');
}

// Of kPolicyNames, in their order.
constexpr std::array<std::string_view, kPolicyNames.size()> kPolicyHelp = {
    "drop connections that cannot be protected (0: they run in clear) [0]",
    "act on an identity that is not the one remembered (0: only report it) [1]",
    "entries of the connection table [4096]",
    "flows remembered as blocked [4096]",
    "time between two runs of the collector [30s]",
    "idle time after which an incomplete handshake is forgotten [60s]",
    "idle time after which an unprotected connection is forgotten [60s]",
    "idle time after both FINs [120s]",
    "idle time in any state [300s]",
};

void AddPolicy(CLI::App& app, stack::Policy& policy) {
  for (std::size_t i = 0; i < kPolicyNames.size(); ++i) {
    const std::string_view name = kPolicyNames[i];
    std::string option = "--" + std::string(name);
    std::ranges::replace(option, '_', '-');
    const std::string help(kPolicyHelp[i]);
    const auto store = [&policy, name](const std::string& value) { SetPolicyValue(policy, name, value); };
    if (name.ends_with("enforce")) {
      AddSwitch(app, option, help, store)->group("Policy");
    } else {
      AddText(app, option, help, store)->type_name(name.starts_with("max_") ? "N" : "TIME")->group("Policy");
    }
  }
}

void AddSelection(CLI::App& app, Selection& selection) {
  constexpr auto kGroup = "Which traffic (default: all TCP but over lo)";
  AddList(app, "--ports", "ports and ranges, of either end: 80,443,5000-5010",
          [&selection](const std::string& text) { selection.ports.push_back(ParsePortRange(text)); })
      ->type_name("PORTS")
      ->group(kGroup);
  AddList(app, "--exclude", "ports, and addresses with or without /LEN, of either end",
          [&selection](const std::string& text) {
            if (text.find_first_of(".:/") == std::string::npos) {
              selection.excluded_ports.push_back(ParsePortRange(text));
            } else {
              selection.excluded_networks.push_back(ParseNetwork(text));
            }
          })
      ->type_name("PORT|ADDRESS")
      ->group(kGroup);
  AddList(app, "--interface", "network interfaces: eth0,wlan+",
          [&selection](const std::string& text) {
            CheckInterfaceName(text);
            selection.interfaces.push_back(text);
          })
      ->type_name("NAME")
      ->group(kGroup);
}

void AddQueue(CLI::App& app, Options& options) {
  constexpr auto kGroup = "Queue";
  app.add_option("--workers", options.workers, "threads, each with a queue and a connection table of its own")
      ->check(CLI::Range(1, 256))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--queue", options.queue, "number of the first worker's netfilter queue")
      ->check(CLI::Range(0, UINT16_MAX))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("--queue-length", options.queue_length, "packets that wait in a queue; more are dropped")
      ->check(CLI::Range(1, 1 << 20))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  AddSwitch(app, "--queue-bypass", "let packets pass, in clear, while tcpsd does not run but its rules stand",
            [&options](const std::string& text) { options.queue_bypass = ParseSwitch(text); })
      ->group(kGroup);
  app.add_option("--mark", options.mark,
                 fmt::format("mark of the packets that tcpsd itself sends [{:#x}]", options.mark))
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{UINT32_MAX}))
      ->type_name("N")
      ->group(kGroup);
}

void AddFiles(CLI::App& app, Options& options) {
  constexpr auto kGroup = "Files and rights";
  const auto add = [&app](const std::string& name, std::filesystem::path& path, const std::string& description) {
    AddText(app, name, description,
            [&path](const std::string& text) {
              if (text.empty()) throw std::invalid_argument("needs the name of a file");
              path = text;
            })
        ->type_name("PATH")
        ->group(kGroup);
  };
  add("--run-dir", options.run_dir,
      fmt::format("folder of the control socket and the flow journal [{}]", options.run_dir.string()));
  add("--identity", options.identity, "keep the identity key in this file (default: a new key at every start)");
  add("--peers", options.peers, "keep the peers' keys in this database (default: in memory)");
  app.add_option("--max-peers", options.max_peers, "peers that are remembered by themselves")
      ->check(CLI::Range(1, 1 << 24))
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
  add("--key-log", options.key_log, "write the secrets of every connection there, for lab decrypt");
  add("--event-log", options.event_log, "write every event there as it happens, one JSON object a line");
  add("--log-file", options.log_file, "log there, not on standard error");
  AddText(app, "--log-level", "debug, info, warning or error [info]",
          [&options](const std::string& text) { options.log_level = ParseLogLevel(text); })
      ->type_name("LEVEL")
      ->group(kGroup);
  AddText(app, "--user", "run as this user once started (default: tcpsd, if there is such a user)",
          [&options](const std::string& text) {
            if (text.empty()) throw std::invalid_argument("needs a user's name");
            options.user = text;
          })
      ->type_name("NAME")
      ->group(kGroup);
}

void AddOptions(CLI::App& app, Options& options) {
  AddText(app, "--dialect", "readme (what the TCP/S readme promises) or lkm (what the kernel module does) [readme]",
          [&options](const std::string& text) {
            const std::optional<tcps::Dialect> dialect = tcps::DialectFromName(text);
            if (!dialect) throw std::invalid_argument(fmt::format("'{}' is not readme or lkm", text));
            options.config.dialect = *dialect;
          })
      ->type_name("NAME");
  AddPolicy(app, options.config.policy);
  AddSelection(app, options.selection);
  AddQueue(app, options);
  AddFiles(app, options);
}

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& description, Invocation& invocation,
                     Command command) {
  CLI::App* added = app.add_subcommand(name, description)->fallthrough()->require_subcommand(0);
  added->final_callback([&invocation, command] { invocation.command = command; });
  return added;
}

void AddCommands(CLI::App& app, Invocation& invocation) {
  std::vector<std::string>& arguments = invocation.arguments;
  AddCommand(app, "run", "run the daemon, in the foreground (the default)", invocation, Command::kRun);
  AddCommand(app, "status", "what the running daemon does", invocation, Command::kStatus)
      ->add_flag("--json", invocation.json, "as JSON");
  AddCommand(app, "fingerprint", "the fingerprint of the running daemon's identity key", invocation,
             Command::kFingerprint);
  AddCommand(app, "set", "change the running daemon's policy: tcpsd set enforce=1 idle_timeout=10min", invocation,
             Command::kSet)
      ->add_option("NAME=VALUE", arguments, "names as above, with - or _")
      ->required();
  CLI::App* peers = app.add_subcommand("peers", "identity keys that the running daemon remembers")
                        ->fallthrough()
                        ->require_subcommand(0, 1);
  peers->add_flag("--json", invocation.json, "as JSON");
  peers->parse_complete_callback([&invocation] { invocation.command = Command::kListPeers; });
  AddCommand(*peers, "list", "all of them (the default)", invocation, Command::kListPeers);
  AddCommand(*peers, "forget", "forget a peer's key: its next one will be trusted", invocation, Command::kForgetPeer)
      ->add_option("ADDRESS", arguments, "of the peer")
      ->required()
      ->expected(1);
  AddCommand(*peers, "pin", "trust this key of a peer, and no other", invocation, Command::kPinPeer)
      ->add_option("ADDRESS KEY", arguments, "of the peer, the key as 64 hexadecimal digits")
      ->required()
      ->expected(2);
  AddCommand(app, "cleanup", "remove the firewall rules of a daemon that was killed", invocation, Command::kCleanup);
}

// What each option cannot know of the others.
void CheckTogether(const Options& options) {
  if (options.queue + options.workers - 1 > UINT16_MAX) {
    Refuse(fmt::format("--queue {} with --workers {}: queue numbers end at {}", options.queue, options.workers,
                       UINT16_MAX));
  }
  const Selection& selection = options.selection;
  for (const PortRange& range : selection.ports) {
    if (std::ranges::find(selection.excluded_ports, range) != selection.excluded_ports.end()) {
      Refuse(fmt::format("--ports and --exclude both name {}", ToString(range)));
    }
  }
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& file :
       {options.identity, options.peers, options.key_log, options.event_log, options.log_file}) {
    if (file.empty()) continue;
    const std::filesystem::path plain = std::filesystem::absolute(file).lexically_normal();
    if (std::ranges::find(files, plain) != files.end())
      Refuse(fmt::format("{} is to be two files at once", file.string()));
    files.push_back(plain);
  }
}

}  // namespace

Invocation ParseCommandLine(const std::vector<std::string>& words) {
  Invocation invocation;
  CLI::App app("TCP/S for every TCP connection of this host, without the programs knowing.", "tcpsd");
  app.footer(
      "Times are 30s, 500ms, 5min, 1h, or seconds. The configuration file has a line NAME = VALUE for each option,\n"
      "without the --; the command line counts more. Signals: TERM and INT stop, HUP reads the configuration again.\n"
      "Exit codes: 0; 2 the request was wrong; 3 it could not be carried out.\n\n"
      "  tcpsd --config /etc/tcpsd.conf\n"
      "  tcpsd --ports 80,443 --enforce --run-dir /run/tcpsd-web");
  app.set_version_flag("--version", TCPSLAB_VERSION);
  app.set_config("--config", "", "read options from this file", false)->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.require_subcommand(0, 1);
  AddOptions(app, invocation.options);
  AddCommands(app, invocation);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    throw CommandLineEnd(0, app.help());
  } catch (const CLI::CallForVersion& version) {
    throw CommandLineEnd(0, version.what());
  } catch (const CLI::ParseError& error) {
    Refuse(error.what());
  }
  CheckTogether(invocation.options);
  return invocation;
}

}  // namespace tcpslab::linux_host
