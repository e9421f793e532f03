// What --ports, --exclude and --interface take (README.md, "Options").
#include "reference/linux/selection.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tcpslab::linux_host {
namespace {

namespace data = boost::unit_test::data;

stack::Flow FlowOf(const char* local, std::uint16_t local_port, const char* remote, std::uint16_t remote_port) {
  return {.local = {*wire::ParseAddress(local), local_port}, .remote = {*wire::ParseAddress(remote), remote_port}};
}

Selection SelectionOf(const std::vector<std::string_view>& ports, const std::vector<std::string_view>& excluded_ports,
                      const std::vector<std::string_view>& excluded_networks) {
  Selection selection;
  for (const std::string_view text : ports) selection.ports.push_back(ParsePortRange(text));
  for (const std::string_view text : excluded_ports) selection.excluded_ports.push_back(ParsePortRange(text));
  for (const std::string_view text : excluded_networks) selection.excluded_networks.push_back(ParseNetwork(text));
  return selection;
}

// The sentence of the exception.
template <class Parse>
std::string ErrorOf(const Parse& parse) {
  try {
    parse();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

BOOST_DATA_TEST_CASE(a_port_or_range_is_written_as_it_is_read, data::make({"1", "80", "65535", "5000-5010", "1-65535"}),
                     text) {
  BOOST_TEST(ToString(ParsePortRange(text)) == text);
}

BOOST_DATA_TEST_CASE(what_is_no_port_is_refused_in_a_sentence,
                     data::make({"0", "65536", "99999999999", "-1", "http", "", "80-", "-80", "90-80", "80-90-100",
                                 "80x", " 80"}) ^
                         data::make({"from 1 to 65535", "from 1 to 65535", "is a number", "is a number", "is a number",
                                     "is a number", "is a number", "is a number", "ends before it begins",
                                     "is a number", "is a number", "is a number"}),
                     text, reason) {
  const std::string error = ErrorOf([text = text] { ParsePortRange(text); });
  BOOST_TEST(error.find(reason) != std::string::npos, error);
  BOOST_TEST(error.starts_with("'" + std::string(text) + "'"), error);
}

BOOST_DATA_TEST_CASE(
    a_network_is_written_with_its_length,
    data::make({"10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1", "::/0", "fe80::/10"}) ^
        data::make({"10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1/128", "::/0", "fe80::/10"}),
    text, written) {
  BOOST_TEST(ToString(ParseNetwork(text)) == written);
}

BOOST_DATA_TEST_CASE(what_is_no_network_is_refused_in_a_sentence,
                     data::make({"10.0.0.1/8", "2001:db8::1/32", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x",
                                 "10.0.0", "example.org", "/8", ""}) ^
                         data::make({"10.0.0.0/8?", "2001:db8::/32?", "from 0 to 32", "from 0 to 128", "from 0 to 32",
                                     "from 0 to 32", "no IPv4 or IPv6 address", "no IPv4 or IPv6 address",
                                     "no IPv4 or IPv6 address", "no IPv4 or IPv6 address"}),
                     text, reason) {
  const std::string error = ErrorOf([text = text] { ParseNetwork(text); });
  BOOST_TEST(error.find(reason) != std::string::npos, error);
}

BOOST_DATA_TEST_CASE(interface_names, data::make({"eth0", "wlan+", "veth1234567890a", "br-0a1b", "eth0.100", "a@b"}),
                     name) {
  BOOST_CHECK_NO_THROW(CheckInterfaceName(name));
}

// A name that iptables-restore would take for something else must not reach it.
BOOST_DATA_TEST_CASE(no_interface_names,
                     data::make({"", "sixteencharacter", "eth 0", "eth0\n-j", "a/b", "a:1", "\"eth0\"", "eth0\\", "-j",
                                 "!eth0", "\xc3\xa4", "lo"}),
                     name) {
  BOOST_CHECK_THROW(CheckInterfaceName(name), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(without_choice_every_flow_is_covered) {
  BOOST_TEST(Covers({}, FlowOf("10.0.0.1", 40000, "10.0.0.2", 80)));
}

BOOST_AUTO_TEST_CASE(a_port_counts_at_either_end) {
  const Selection selection = SelectionOf({"80", "5000-5010"}, {}, {});
  BOOST_TEST(Covers(selection, FlowOf("10.0.0.1", 40000, "10.0.0.2", 80)));
  BOOST_TEST(Covers(selection, FlowOf("10.0.0.1", 80, "10.0.0.2", 40000)));
  BOOST_TEST(Covers(selection, FlowOf("10.0.0.1", 40000, "10.0.0.2", 5000)));
  BOOST_TEST(Covers(selection, FlowOf("10.0.0.1", 40000, "10.0.0.2", 5010)));
  BOOST_TEST(!Covers(selection, FlowOf("10.0.0.1", 40000, "10.0.0.2", 5011)));
  BOOST_TEST(!Covers(selection, FlowOf("10.0.0.1", 40000, "10.0.0.2", 81)));
}

BOOST_AUTO_TEST_CASE(what_is_excluded_stays_so_at_either_end) {
  const Selection selection = SelectionOf({"80"}, {"22"}, {"10.1.0.0/16", "2001:db8::1"});
  BOOST_TEST(!Covers(selection, FlowOf("10.0.0.1", 80, "10.0.0.2", 22)));
  BOOST_TEST(!Covers(selection, FlowOf("10.0.0.1", 80, "10.1.255.255", 40000)));
  BOOST_TEST(!Covers(selection, FlowOf("10.1.0.0", 80, "10.0.0.2", 40000)));
  BOOST_TEST(Covers(selection, FlowOf("10.0.0.1", 80, "10.2.0.0", 40000)));
  BOOST_TEST(!Covers(selection, FlowOf("2001:db8::2", 80, "2001:db8::1", 40000)));
  BOOST_TEST(Covers(selection, FlowOf("2001:db8::2", 80, "2001:db8::3", 40000)));
}

BOOST_AUTO_TEST_CASE(a_prefix_of_no_bits_is_one_family) {
  const Selection selection = SelectionOf({}, {}, {"0.0.0.0/0"});
  BOOST_TEST(!Covers(selection, FlowOf("10.0.0.1", 1, "10.0.0.2", 2)));
  BOOST_TEST(Covers(selection, FlowOf("2001:db8::2", 1, "2001:db8::3", 2)));
}

}  // namespace
}  // namespace tcpslab::linux_host
