// Command line and configuration file (README.md, "Options").
#include "reference/linux/options.h"

#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tcpslab::linux_host {
namespace {

namespace data = boost::unit_test::data;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

// A configuration file, as long as this lives.
class File {
 public:
  explicit File(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("tcpsd-options-test-" + std::to_string(::getpid()))) {
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

Options Parsed(const Words& words) { return ParseCommandLine(words).options; }

// The complaint about a command line that is wrong.
std::string Complaint(const Words& words) {
  try {
    ParseCommandLine(words);
  } catch (const CommandLineEnd& end) {
    BOOST_TEST(end.exit_code() == 2);
    return end.what();
  }
  return "no complaint";
}

BOOST_AUTO_TEST_CASE(defaults_are_the_modules_and_fail_closed) {
  const Invocation invocation = ParseCommandLine({});
  BOOST_CHECK(invocation.command == Command::kRun);
  const Options& options = invocation.options;
  BOOST_CHECK(options.config.dialect == tcps::Dialect::kReadme);
  BOOST_TEST(!options.config.policy.enforce);
  BOOST_TEST(options.config.policy.tofu_enforce);
  BOOST_TEST(options.config.policy.max_connections == 4096U);
  BOOST_CHECK(options.config.policy.idle_timeout == 300s);
  BOOST_CHECK(options.selection == Selection{});
  BOOST_TEST(!options.queue_bypass);
  BOOST_TEST(options.mark != 0U);
  BOOST_TEST(options.run_dir == "/run/tcpsd");
  BOOST_TEST(options.identity.empty());
  BOOST_TEST(options.peers.empty());
}

BOOST_AUTO_TEST_CASE(every_option_on_the_command_line) {
  const Options options = Parsed({"run",
                                  "--dialect",
                                  "lkm",
                                  "--enforce",
                                  "--tofu-enforce=0",
                                  "--ports",
                                  "80,443",
                                  "--ports=5000-5010",
                                  "--exclude",
                                  "22,10.0.0.0/8,fd00::/8",
                                  "--interface",
                                  "eth0,wlan+",
                                  "--max-connections",
                                  "10",
                                  "--max-blocked",
                                  "20",
                                  "--collect-interval",
                                  "1s",
                                  "--half-open-timeout",
                                  "500ms",
                                  "--dead-timeout",
                                  "2",
                                  "--closed-timeout",
                                  "3s",
                                  "--idle-timeout",
                                  "5min",
                                  "--workers",
                                  "2",
                                  "--queue",
                                  "8",
                                  "--queue-length",
                                  "100",
                                  "--queue-bypass",
                                  "--mark",
                                  "0x20",
                                  "--run-dir",
                                  "/run/x",
                                  "--identity",
                                  "/var/i",
                                  "--peers",
                                  "/var/p",
                                  "--key-log",
                                  "/var/k",
                                  "--event-log",
                                  "/var/e",
                                  "--log-file",
                                  "/var/l",
                                  "--log-level",
                                  "warning",
                                  "--user",
                                  "nobody"});
  BOOST_CHECK(options.config.dialect == tcps::Dialect::kLkm);
  const stack::Policy& policy = options.config.policy;
  BOOST_TEST(policy.enforce);
  BOOST_TEST(!policy.tofu_enforce);
  BOOST_TEST(policy.max_connections == 10U);
  BOOST_TEST(policy.max_blocked == 20U);
  BOOST_CHECK(policy.collect_interval == 1s);
  BOOST_CHECK(policy.half_open_timeout == 500ms);
  BOOST_CHECK(policy.dead_timeout == 2s);
  BOOST_CHECK(policy.closed_timeout == 3s);
  BOOST_CHECK(policy.idle_timeout == 300s);
  const Selection expected{.ports = {{80, 80}, {443, 443}, {5000, 5010}},
                           .excluded_ports = {{22, 22}},
                           .excluded_networks = {ParseNetwork("10.0.0.0/8"), ParseNetwork("fd00::/8")},
                           .interfaces = {"eth0", "wlan+"}};
  BOOST_CHECK(options.selection == expected);
  BOOST_TEST(options.workers == 2U);
  BOOST_TEST(options.queue == 8U);
  BOOST_TEST(options.queue_length == 100U);
  BOOST_TEST(options.queue_bypass);
  BOOST_TEST(options.mark == 0x20U);
  BOOST_TEST(options.run_dir == "/run/x");
  BOOST_TEST(options.identity == "/var/i");
  BOOST_TEST(options.peers == "/var/p");
  BOOST_TEST(options.key_log == "/var/k");
  BOOST_TEST(options.event_log == "/var/e");
  BOOST_TEST(options.log_file == "/var/l");
  BOOST_CHECK(options.log_level == spdlog::level::warn);
  BOOST_TEST(options.user == "nobody");
}

BOOST_AUTO_TEST_CASE(the_same_names_in_a_file) {
  const File file(
      "# a comment\n"
      "dialect = lkm\n"
      "enforce = 1\n"
      "tofu-enforce = false\n"
      "ports = 80,443,5000-5010\n"
      "exclude = [\"22\", \"10.0.0.0/8\", \"fd00::/8\"]\n"
      "interface = eth0\n"
      "idle-timeout = 10min\n"
      "queue-bypass = true\n"
      "mark = 0x20\n"
      "run-dir = \"/run/with space\"\n");
  const Options options = Parsed({"--config", file.path()});
  BOOST_CHECK(options.config.dialect == tcps::Dialect::kLkm);
  BOOST_TEST(options.config.policy.enforce);
  BOOST_TEST(!options.config.policy.tofu_enforce);
  BOOST_CHECK(options.config.policy.idle_timeout == 600s);
  const Selection expected{.ports = {{80, 80}, {443, 443}, {5000, 5010}},
                           .excluded_ports = {{22, 22}},
                           .excluded_networks = {ParseNetwork("10.0.0.0/8"), ParseNetwork("fd00::/8")},
                           .interfaces = {"eth0"}};
  BOOST_CHECK(options.selection == expected);
  BOOST_TEST(options.queue_bypass);
  BOOST_TEST(options.mark == 0x20U);
  BOOST_TEST(options.run_dir == "/run/with space");
}

BOOST_AUTO_TEST_CASE(the_command_line_counts_more_than_the_file) {
  const File file("enforce = 1\nports = 80\nidle-timeout = 10min\nqueue-bypass = 1\n");
  const Options options = Parsed({"run", "--config", file.path(), "--enforce=0", "--ports", "443", "--queue-bypass=0"});
  BOOST_TEST(!options.config.policy.enforce);
  BOOST_TEST(!options.queue_bypass);
  BOOST_TEST(options.selection.ports.size() == 1U);
  BOOST_TEST(options.selection.ports.front().first == 443);
  BOOST_CHECK(options.config.policy.idle_timeout == 600s);
}

BOOST_AUTO_TEST_CASE(commands) {
  const auto command = [](const Words& words) { return ParseCommandLine(words); };
  BOOST_CHECK(command({"run"}).command == Command::kRun);
  BOOST_CHECK(command({"status"}).command == Command::kStatus);
  BOOST_TEST(!command({"status"}).json);
  BOOST_TEST(command({"status", "--json"}).json);
  BOOST_TEST(command({"status", "--run-dir", "/x"}).options.run_dir == "/x");
  BOOST_TEST(command({"--run-dir", "/x", "status"}).options.run_dir == "/x");
  BOOST_CHECK(command({"fingerprint"}).command == Command::kFingerprint);
  BOOST_CHECK(command({"cleanup"}).command == Command::kCleanup);
  BOOST_CHECK(command({"peers"}).command == Command::kListPeers);
  BOOST_CHECK(command({"peers", "list"}).command == Command::kListPeers);
  BOOST_TEST(command({"peers", "--json"}).json);
  BOOST_TEST(command({"peers", "list", "--json"}).json);

  const Invocation set = command({"set", "enforce=1", "idle_timeout=2s", "--run-dir", "/x"});
  BOOST_CHECK(set.command == Command::kSet);
  const Words values = {"enforce=1", "idle_timeout=2s"};
  BOOST_TEST(set.arguments == values, boost::test_tools::per_element());

  const Invocation forget = command({"peers", "forget", "10.0.0.1", "--run-dir", "/x"});
  BOOST_CHECK(forget.command == Command::kForgetPeer);
  BOOST_TEST(forget.arguments == Words{"10.0.0.1"}, boost::test_tools::per_element());
  BOOST_TEST(forget.options.run_dir == "/x");

  const Invocation pin = command({"peers", "pin", "fd00::1", std::string(64, 'a')});
  BOOST_CHECK(pin.command == Command::kPinPeer);
  BOOST_TEST(pin.arguments.size() == 2U);
}

// Words, and what the complaint must name.
const std::vector<std::pair<Words, std::string>> kWrong = {
    {{"--ports", "0"}, "--ports: '0'"},
    {{"--ports", "80,65536"}, "'65536'"},
    {{"--ports", "90-80"}, "ends before it begins"},
    {{"--ports", ""}, "--ports"},
    {{"--exclude", "10.0.0.1/8"}, "10.0.0.0/8?"},
    {{"--exclude", "300.0.0.1"}, "no IPv4 or IPv6 address"},
    {{"--exclude", "localhost"}, "--exclude"},
    {{"--interface", "lo"}, "never touched"},
    {{"--interface", "much-too-long-name"}, "15 characters"},
    {{"--enforce=maybe"}, "enforce"},
    {{"--max-connections", "0"}, "max"},
    {{"--idle-timeout", "0"}, "idle"},
    {{"--idle-timeout", "soon"}, "idle"},
    {{"--idle-timeout", "-5"}, "idle"},
    {{"--workers", "0"}, "--workers"},
    {{"--workers", "257"}, "--workers"},
    {{"--queue", "65536"}, "--queue"},
    {{"--queue", "65535", "--workers", "2"}, "65535"},
    {{"--queue-length", "0"}, "--queue-length"},
    {{"--mark", "0"}, "--mark"},
    {{"--mark", "0x100000000"}, "--mark"},
    {{"--dialect", "tcpcrypt"}, "readme or lkm"},
    {{"--log-level", "loud"}, "--log-level"},
    {{"--identity", ""}, "--identity"},
    {{"--identity", "/x/a", "--peers", "/x/../x/a"}, "two files"},
    {{"--ports", "80", "--exclude", "80"}, "both name 80"},
    {{"--no-such-option"}, "--no-such-option"},
    {{"dance"}, "dance"},
    {{"status", "cleanup"}, "cleanup"},
    {{"set"}, "NAME=VALUE"},
    {{"peers", "forget"}, "ADDRESS"},
    {{"peers", "pin", "10.0.0.1"}, "KEY"},
    {{"--config", "/does/not/exist"}, "/does/not/exist"},
};

BOOST_DATA_TEST_CASE(what_is_wrong_is_named, data::xrange(kWrong.size()), index) {
  const std::string complaint = Complaint(kWrong[index].first);
  BOOST_TEST_CONTEXT(complaint) {
    BOOST_TEST(complaint.starts_with("tcpsd: "));
    BOOST_TEST(complaint.find(kWrong[index].second) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_a_file_is_named) {
  for (const auto& [text, named] : std::vector<std::pair<std::string, std::string>>{
           {"no-such-option = 1\n", "no-such-option"}, {"ports = 0\n", "'0'"}, {"enforce = maybe\n", "enforce"}}) {
    const File file(text);
    const std::string complaint = Complaint({"--config", file.path()});
    BOOST_TEST(complaint.find(named) != std::string::npos, complaint);
  }
}

BOOST_AUTO_TEST_CASE(help_and_version_are_no_errors) {
  for (const char* word : {"--help", "--version"}) {
    try {
      ParseCommandLine({word});
      BOOST_ERROR("returned");
    } catch (const CommandLineEnd& end) {
      BOOST_TEST(end.exit_code() == 0);
      BOOST_TEST(std::string(end.what()).size() > 0U);
    }
  }
}

}  // namespace
}  // namespace tcpslab::linux_host
