// The rules as text (README.md, "Hooks"). What the kernel makes of them: test_firewall.py.
#include "reference/linux/firewall.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tcpslab::linux_host {
namespace {

using wire::Family;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    BOOST_REQUIRE(end != std::string::npos);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::vector<std::string> Install(const RuleSettings& settings, Family family, Direction direction,
                                 const TableState& present = {}) {
  return Lines(InstallText(settings, family, direction, present));
}

// Those that end the way of a selected segment.
std::vector<std::string> Targets(const std::vector<std::string>& lines, std::string_view target) {
  std::vector<std::string> found;
  std::ranges::copy_if(lines, std::back_inserter(found),
                       [target](const std::string& line) { return line.find(target) != std::string::npos; });
  return found;
}

std::size_t IndexOf(const std::vector<std::string>& lines, const std::string& line) {
  return static_cast<std::size_t>(std::ranges::find(lines, line) - lines.begin());
}

RuleSettings Everything() {
  RuleSettings settings;
  settings.first_queue = 7;
  settings.mark = 0x10;
  return settings;
}

BOOST_AUTO_TEST_CASE(the_way_out_is_queued_in_mangle_output) {
  const std::vector<std::string> expected = {
      "*mangle",
      ":TCPSD-OUT - [0:0]",
      "-A TCPSD-OUT -o lo -j RETURN",
      "-A TCPSD-OUT ! -p tcp -j RETURN",
      "-A TCPSD-OUT -m mark --mark 0x10 -j RETURN",
      "-A TCPSD-OUT -p tcp -f -j DROP",
      "-A TCPSD-OUT -p tcp -j NFQUEUE --queue-num 7",
      "-A OUTPUT -j TCPSD-OUT",
      "COMMIT",
  };
  BOOST_TEST(Install(Everything(), Family::kIpv4, Direction::kOut) == expected, boost::test_tools::per_element());
}

// raw, so that conntrack never sees a forged RST; what the host forwards is not ours; the kernel reassembles (R13).
BOOST_AUTO_TEST_CASE(the_way_in_is_queued_in_raw_prerouting) {
  const std::vector<std::string> expected = {
      "*raw",
      ":TCPSD-IN - [0:0]",
      "-A TCPSD-IN -i lo -j RETURN",
      "-A TCPSD-IN ! -p tcp -j RETURN",
      "-A TCPSD-IN -m addrtype ! --dst-type LOCAL -j RETURN",
      "-A TCPSD-IN -p tcp -j NFQUEUE --queue-num 7",
      "-A TCPSD-IN -p tcp -m socket -j RETURN",
      "-A PREROUTING -j TCPSD-IN",
      "COMMIT",
  };
  BOOST_TEST(Install(Everything(), Family::kIpv6, Direction::kIn) == expected, boost::test_tools::per_element());
}

// Spec tcps-wire.md, section 1: the module never sees a fragment.
BOOST_AUTO_TEST_CASE(where_fragments_pass_the_kernel_is_not_made_to_reassemble) {
  RuleSettings settings = Everything();
  settings.reassemble = false;
  for (const Direction direction : {Direction::kOut, Direction::kIn}) {
    const std::vector<std::string> lines = Install(settings, Family::kIpv4, direction);
    BOOST_TEST(Targets(lines, "-m socket").empty());
    BOOST_TEST(Targets(lines, "-f -j RETURN").size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(several_queues_share_address_pairs) {
  RuleSettings settings = Everything();
  settings.queues = 4;
  BOOST_TEST(Targets(Install(settings, Family::kIpv4, Direction::kOut), "NFQUEUE").front() ==
             "-A TCPSD-OUT -p tcp -j NFQUEUE --queue-balance 7:10");
  settings.bypass = true;
  BOOST_TEST(Targets(Install(settings, Family::kIpv4, Direction::kOut), "NFQUEUE").front() ==
             "-A TCPSD-OUT -p tcp -j NFQUEUE --queue-balance 7:10 --queue-bypass");
}

// xt_multiport has room for 15 ports, of which a range takes two.
BOOST_AUTO_TEST_CASE(more_ports_than_a_match_has_room_for) {
  RuleSettings settings = Everything();
  for (std::uint16_t port = 1; port <= 14; ++port) settings.selection.ports.push_back({port, port});
  settings.selection.ports.push_back({100, 200});
  settings.selection.ports.push_back({300, 300});
  const std::vector<std::string> expected = {
      "-A TCPSD-IN -p tcp -m multiport --ports 1,2,3,4,5,6,7,8,9,10,11,12,13,14 -j NFQUEUE --queue-num 7",
      "-A TCPSD-IN -p tcp -m multiport --ports 100:200,300 -j NFQUEUE --queue-num 7",
  };
  BOOST_TEST(Targets(Install(settings, Family::kIpv4, Direction::kIn), "NFQUEUE") == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(interfaces_times_ports) {
  RuleSettings settings = Everything();
  settings.selection.interfaces = {"eth0", "wlan+"};
  settings.selection.ports = {{80, 80}};
  const std::vector<std::string> out = {
      "-A TCPSD-OUT -o eth0 -p tcp -m multiport --ports 80 -j NFQUEUE --queue-num 7",
      "-A TCPSD-OUT -o wlan+ -p tcp -m multiport --ports 80 -j NFQUEUE --queue-num 7",
  };
  BOOST_TEST(Targets(Install(settings, Family::kIpv4, Direction::kOut), "NFQUEUE") == out,
             boost::test_tools::per_element());
  BOOST_TEST(Targets(Install(settings, Family::kIpv4, Direction::kIn), "NFQUEUE").front() ==
             "-A TCPSD-IN -i eth0 -p tcp -m multiport --ports 80 -j NFQUEUE --queue-num 7");
}

BOOST_AUTO_TEST_CASE(what_is_excluded_leaves_before_anything_is_queued_each_family_its_own) {
  RuleSettings settings = Everything();
  settings.selection.excluded_ports = {{22, 22}};
  settings.selection.excluded_networks = {ParseNetwork("10.0.0.0/8"), ParseNetwork("2001:db8::1")};
  const auto check = [&settings](Family family, const std::string& own, const std::string& other) {
    const std::vector<std::string> lines = Install(settings, family, Direction::kOut);
    const std::size_t queue = IndexOf(lines, "-A TCPSD-OUT -p tcp -j NFQUEUE --queue-num 7");
    for (const std::string_view end : {"-s", "-d"}) {
      BOOST_TEST(IndexOf(lines, fmt::format("-A TCPSD-OUT {} {} -j RETURN", end, own)) < queue);
    }
    BOOST_TEST(IndexOf(lines, "-A TCPSD-OUT -p tcp -m multiport --ports 22 -j RETURN") < queue);
    BOOST_TEST(Targets(lines, other).empty());
  };
  check(Family::kIpv4, "10.0.0.0/8", "2001");
  check(Family::kIpv6, "2001:db8::1/128", "10.0.0.0");
}

constexpr std::string_view kSaved = R"(# Generated by iptables-nft-save v1.8.9 (nf_tables) on Sat Nov 21 20:43:50 2026
*mangle
:OUTPUT ACCEPT [0:0]
:TCPSD-OUT - [0:0]
:TCPSD-OUTSIDE - [0:0]
-A OUTPUT -p udp -j TCPSD-OUTSIDE
-A OUTPUT -o eth9 -j TCPSD-OUT
-A OUTPUT -j TCPSD-OUT
-A OUTPUT -j TCPSD-OUT
-A TCPSD-OUT -o lo -j RETURN
-A TCPSD-OUT -p tcp -m multiport --ports 80 -j NFQUEUE --queue-balance 3:5 --queue-bypass
-A TCPSD-OUT -p tcp -j NFQUEUE --queue-num 9
-A TCPSD-OUTSIDE -p tcp -j NFQUEUE --queue-num 77
COMMIT
)";

BOOST_AUTO_TEST_CASE(what_is_there_is_read_from_iptables_save) {
  const TableState state = ReadTable(kSaved, Direction::kOut);
  BOOST_TEST(state.chain);
  BOOST_TEST(state.jumps == 2U);
  const std::vector<std::uint16_t> queues = {3, 4, 5, 9};
  BOOST_TEST(state.queues == queues, boost::test_tools::per_element());
  const TableState other = ReadTable(kSaved, Direction::kIn);
  BOOST_TEST(!other.chain);
  BOOST_TEST(other.jumps == 0U);
  BOOST_TEST(other.queues.empty());
}

BOOST_AUTO_TEST_CASE(a_jump_that_is_there_is_not_added_again) {
  const TableState present = ReadTable(kSaved, Direction::kOut);
  const std::vector<std::string> lines = Install(Everything(), Family::kIpv4, Direction::kOut, present);
  BOOST_TEST(Targets(lines, "-A OUTPUT").empty());
}

BOOST_AUTO_TEST_CASE(every_jump_of_ours_and_the_chain_are_removed_and_no_more) {
  const std::vector<std::string> expected = {"*mangle",      "-D OUTPUT -j TCPSD-OUT", "-D OUTPUT -j TCPSD-OUT",
                                             "-F TCPSD-OUT", "-X TCPSD-OUT",           "COMMIT"};
  BOOST_TEST(Lines(RemoveText(Direction::kOut, ReadTable(kSaved, Direction::kOut))) == expected,
             boost::test_tools::per_element());
  BOOST_TEST(RemoveText(Direction::kIn, ReadTable(kSaved, Direction::kIn)).empty());
}

}  // namespace
}  // namespace tcpslab::linux_host
