#include "scenarios/runner/parse.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace tcpslab::scenarios {
namespace {

constexpr std::string_view kMinimal = "name: a/b\nexpect: {plain: {connection: established}}\n";

Scenario Parse(std::string_view text) { return ParseScenario(std::string(text), "a.yaml"); }

// The message of the error that `text` must cause.
std::string ErrorOf(std::string_view text) {
  try {
    Parse(text);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

// The error of the minimal scenario with `lines` before it: they begin at line 1.
std::string ErrorWith(std::string_view lines) { return ErrorOf(std::string(lines) + "\n" + std::string(kMinimal)); }

BOOST_AUTO_TEST_CASE(MinimalScenarioHasTheDocumentedDefaults) {
  const Scenario scenario = Parse(kMinimal);
  BOOST_TEST(scenario.name == "a/b");
  BOOST_TEST(scenario.client.stack);
  BOOST_TEST(!scenario.client.policy.enforce);
  BOOST_TEST(scenario.server.policy.tofu_enforce);
  BOOST_TEST(scenario.link.rate == 100'000'000U);
  BOOST_TEST((scenario.link.delay == std::chrono::milliseconds(10)));
  BOOST_TEST(scenario.link.mtu == 1500);
  BOOST_TEST((scenario.link.family == wire::Family::kIpv4));
  BOOST_TEST((scenario.workload.kind == WorkloadKind::kRequestResponse));
  BOOST_TEST(scenario.workload.request == 1024U);
  BOOST_TEST(scenario.workload.response == 65536U);
  BOOST_TEST(scenario.workload.visits == 1U);
  BOOST_TEST(scenario.workload.connections == 1U);
  BOOST_TEST((scenario.workload.gap == std::chrono::seconds(1)));
  BOOST_TEST((scenario.workload.pause == stack::Duration::zero()));
  BOOST_TEST((scenario.workload.close == Closing::kClient));
  BOOST_TEST((scenario.workload.directions == std::vector{Direction::kForward}));
  BOOST_TEST((scenario.duration == std::chrono::seconds(30)));
  BOOST_TEST(scenario.path.empty());
}

BOOST_AUTO_TEST_CASE(ALiveRunIsExpectedToBeAsASimulatedOneUnlessTheFileSaysOtherwise) {
  const Expectation same = Parse(kMinimal).expectations.front().expectation;
  BOOST_TEST((&same.live() == &same));
  const Expectation other = Parse(R"(
name: a/b
expect:
  plain: {connection: hung, delivery: none, events: [blocked], why: one, linux: {connection: reset, events: [], why: two}}
)")
                                .expectations.front()
                                .expectation;
  BOOST_TEST((other.connection == Connection::kHung));
  BOOST_TEST((other.live().connection == Connection::kReset));
  BOOST_TEST((other.live().delivery == Delivery::kNone));
  BOOST_TEST(other.live().events.empty());
  BOOST_TEST(other.live().why == "two");
  BOOST_TEST(ErrorOf("name: a/b\nexpect: {plain: {linux: {connection: reset}}}").find("why") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(TheExampleOfTheDesignParses) {
  const Scenario scenario = Parse(R"(
name: downgrade/strip-syn-enforced
summary: An on-path box strips the TC option from the client's SYN; both ends enforce.
hosts:
  client: {policy: {enforce: true}}
  server: {policy: {enforce: true}}
link: {rate: 100Mbps, delay: 10ms, mtu: 1500, family: ipv4}
path:                     # client -> server order
  - {type: ns3::TcpsOptionStripper, Kinds: "253", Segments: syn, Goal: downgrade}
workload: {kind: request-response, request: 1KiB, response: 64KiB}
duration: 30s
expect:                   # from the source documents, with the reason
  plain:       {connection: established, protection: none, delivery: intact, attack: none, why: "Nothing to strip."}
  tcps/readme:
    connection: blocked
    delivery: none
    attack: prevented
    events: [downgrade-refused]   # each must occur; no_events: [...] must not
    why: "readme, 'Downgrade and RST injection protection': with enforce=1 the server drops a SYN without TC."
)");
  BOOST_TEST(scenario.client.policy.enforce);
  BOOST_TEST(scenario.server.policy.enforce);
  BOOST_REQUIRE(scenario.path.size() == 1U);
  const PathElement& element = scenario.path[0];
  BOOST_TEST(element.type == "ns3::TcpsOptionStripper");
  BOOST_TEST(element.goal() == "downgrade");
  BOOST_TEST(element.ActsIn(1));
  BOOST_REQUIRE(element.attributes.size() == 3U);
  BOOST_TEST(element.attributes[0].name == "Kinds");
  BOOST_TEST(element.attributes[0].value == "253");
  BOOST_TEST(element.attributes[0].location.line == 9);
  BOOST_REQUIRE(scenario.expectations.size() == 2U);
  const Expectation& plain = scenario.expectations[0].expectation;
  BOOST_TEST((plain.protection == Protection::kNone));
  BOOST_TEST((plain.attack == Attack::kNone));
  const ProtocolExpectation& readme = scenario.expectations[1];
  BOOST_TEST((readme.key->tcps == tcps::Dialect::kReadme));
  BOOST_TEST((readme.expectation.connection == Connection::kBlocked));
  BOOST_TEST(!readme.expectation.protection);
  BOOST_TEST(
      (readme.expectation.events == std::vector<ExpectedEvent>{{stack::EventKind::kDowngradeRefused, std::nullopt}}));
}

BOOST_AUTO_TEST_CASE(WorkloadKindsHaveTheirOwnSizes) {
  const auto workload = [](std::string_view fields) {
    return Parse("workload: {" + std::string(fields) + "}\n" + std::string(kMinimal)).workload;
  };
  BOOST_TEST(workload("kind: upload").response == 0U);
  BOOST_TEST(workload("kind: upload, request: 2MiB").request == 2U << 20);
  BOOST_TEST(workload("kind: download").request == 0U);
  BOOST_TEST(workload("kind: download, response: 5KiB").response == 5120U);
  BOOST_TEST(workload("kind: echo, request: 10").response == 10U);
}

BOOST_AUTO_TEST_CASE(VisitsFollowFromDirections) {
  const auto workload = [](std::string_view fields) {
    return Parse("workload: {" + std::string(fields) + "}\n" + std::string(kMinimal)).workload;
  };
  using enum Direction;
  BOOST_TEST((workload("directions: [forward, reverse]").directions == std::vector{kForward, kReverse}));
  BOOST_TEST((workload("directions: [loopback]").directions == std::vector{Direction::kLoopback}));
  BOOST_TEST((workload("visits: 3, directions: [reverse]").directions == std::vector{kReverse, kForward, kForward}));
}

BOOST_AUTO_TEST_CASE(HostsTakePolicyTcpAndDeviations) {
  const Scenario scenario = Parse(R"(
name: x
hosts:
  client:
    stack: off
    policy: {enforce: 1, tofu_enforce: 0, max_connections: 10, idle_timeout: 5s}
    tcp: {SndBufSize: 4096, Sack: false}
  server: {deviations: [wrong-tag, fin-without-tag]}
workload: {visits: 2}
restart: [{host: server, before_visit: 2}]
expect: {tcps/lkm: {visits: [{connection: established}, {delivery: none, no_events: [authenticated@server]}]}}
)");
  BOOST_TEST(!scenario.client.stack);
  BOOST_TEST(scenario.client.policy.enforce);
  BOOST_TEST(!scenario.client.policy.tofu_enforce);
  BOOST_TEST(scenario.client.policy.max_connections == 10U);
  BOOST_TEST((scenario.client.policy.idle_timeout == std::chrono::seconds(5)));
  BOOST_REQUIRE(scenario.client.tcp.size() == 2U);
  BOOST_TEST(scenario.client.tcp[1].name == "Sack");
  BOOST_TEST(scenario.client.tcp[1].value == "false");
  BOOST_TEST(scenario.server.deviations.Has(tcps::Deviation::kWrongTag));
  BOOST_TEST(scenario.server.deviations.Has(tcps::Deviation::kFinWithoutTag));
  BOOST_TEST(!scenario.server.deviations.Has(tcps::Deviation::kAcceptReset));
  BOOST_REQUIRE(scenario.restarts.size() == 1U);
  BOOST_TEST((scenario.restarts[0].host == HostName::kServer));
  const Expectation& lkm = scenario.expectations[0].expectation;
  BOOST_REQUIRE(lkm.visits.size() == 2U);
  BOOST_TEST((lkm.visits[1].delivery == Delivery::kNone));
  BOOST_TEST(
      (lkm.visits[1].no_events == std::vector<ExpectedEvent>{{stack::EventKind::kAuthenticated, HostName::kServer}}));
}

BOOST_AUTO_TEST_CASE(EmptyListsAndMapsMayBeLeftBlank) {
  const Scenario scenario = Parse("name: x\nhosts:\n  client:\npath:\nlink:\nrestart:\nexpect: {plain: }\n");
  BOOST_TEST(scenario.path.empty());
  BOOST_TEST(!scenario.expectations[0].expectation.connection);
}

BOOST_AUTO_TEST_CASE(UnknownKeysNamePlaceAndChoice) {
  BOOST_TEST(ErrorWith("# first\nhosts:\n  client:\n    stack: on\n    foo: 1") ==
             "a.yaml:5: unknown key 'foo' in hosts.client; expected one of: stack, policy, tcp, deviations, script");
  BOOST_TEST(ErrorOf("name: a\nexpekt: {}\n") ==
             "a.yaml:2: unknown key 'expekt'; expected one of: name, summary, hosts, link, path, workload, restart, "
             "duration, expect");
  BOOST_TEST(ErrorWith("workload: {visit: 2}") ==
             "a.yaml:1: unknown key 'visit' in workload; expected one of: kind, request, response, visits, "
             "connections, gap, pause, directions, close");
  BOOST_TEST(ErrorOf("name: a\nexpect:\n  tcps/readmee: {}\n") ==
             "a.yaml:3: unknown key 'tcps/readmee' in expect; expected one of: plain, tcps/readme, tcps/lkm, "
             "tcps/hardened, tcpcrypt/classic, tcpcrypt/rfc8548, tcpcrypt/eno-03, socketguard/rst, socketguard/go");
}

BOOST_AUTO_TEST_CASE(BadValuesNamePlaceAndExpectation) {
  BOOST_TEST(ErrorWith("duration: soon") ==
             "a.yaml:1: duration: expected a time such as 10ms, 1.5s or 2min, found 'soon'");
  BOOST_TEST(ErrorWith("link:\n  rate: fast") ==
             "a.yaml:2: link.rate: expected a rate such as 100Mbps or 64kb/s, found 'fast'");
  BOOST_TEST(ErrorWith("workload: {request: 1kB}") ==
             "a.yaml:1: workload.request: expected a size such as 512B, 64KiB or 1MiB, found '1kB'");
  BOOST_TEST(ErrorWith("link: {mtu: 70000}") ==
             "a.yaml:1: link.mtu: expected a whole number from 256 to 65535, found '70000'");
  BOOST_TEST(ErrorWith("link: {family: ipv6, mtu: 1000}") ==
             "a.yaml:1: link.mtu: expected a whole number from 1280 to 65535, found '1000'");
  BOOST_TEST(ErrorWith("workload: {kind: dance}") ==
             "a.yaml:1: workload.kind: expected one of: request-response, upload, download, echo; found 'dance'");
  BOOST_TEST(ErrorWith("hosts: {client: {policy: {enforce: maybe}}}") ==
             "a.yaml:1: hosts.client.policy.enforce: expected true or false, found 'maybe'");
  BOOST_TEST(ErrorWith("path: ns3::TcpsLoss") == "a.yaml:1: path: expected a list, found 'ns3::TcpsLoss'");
  BOOST_TEST(ErrorWith("path:\n  - {Rate: 1}") == "a.yaml:2: path[1]: 'type' is missing");
  BOOST_TEST(ErrorWith("workload: {visits: 2}\npath: [{type: ns3::TcpsLoss, visits: [3]}]") ==
             "a.yaml:2: path[1].visits[1]: expected a whole number from 1 to 2, found '3'");
  BOOST_TEST(ErrorWith("workload: {kind: echo, request: 10, response: 11}") ==
             "a.yaml:1: workload.response: an echo is as long as its request");
  BOOST_TEST(ErrorWith("restart: [{host: client, before_visit: 2}]") ==
             "a.yaml:1: restart[1].before_visit: expected a whole number from 1 to 1, found '2'");
  BOOST_TEST(ErrorOf("name: ../up\nexpect: {plain: {}}\n") ==
             "a.yaml:1: name: expected words of letters, digits, '-', '_' and '.', joined by '/'; found '../up'");
}

BOOST_AUTO_TEST_CASE(ExpectationsAreChecked) {
  BOOST_TEST(ErrorOf("name: a\nexpect:\n  plain:\n    connection: fine\n") ==
             "a.yaml:4: expect.plain.connection: expected one of: blocked, reset, hung, established; found 'fine'");
  BOOST_TEST(ErrorOf("name: a\nexpect:\n  plain: {visits: [{}, {}]}\n") ==
             "a.yaml:3: expect.plain.visits: judges 2 visits of 1");
  BOOST_TEST(ErrorOf("name: a\nexpect: {}\n") == "a.yaml:2: expect: names no protocol to run");
  BOOST_TEST(ErrorOf("name: a\n") == "a.yaml:1: 'expect' is missing");
  BOOST_TEST(ErrorOf("expect: {plain: {}}\n") == "a.yaml:1: 'name' is missing");
  const std::string unknown_event = ErrorOf("name: a\nexpect: {plain: {events: [hapiness]}}\n");
  BOOST_TEST(unknown_event.starts_with("a.yaml:2: expect.plain.events[1]: expected one of: encrypted, authenticated,"));
  BOOST_TEST(unknown_event.ends_with("; found 'hapiness'"));
}

BOOST_AUTO_TEST_CASE(WhatIsNotYamlIsNamed) {
  BOOST_TEST(ErrorOf("name: [a\n").starts_with("a.yaml:2: not YAML: "));
  BOOST_TEST(ErrorOf("name: a\nname: b\nexpect: {plain: {}}\n") == "a.yaml:2: name: is given twice");
  BOOST_TEST(ErrorOf("- a\n") == "a.yaml:1: expected a map, found a list");
  BOOST_TEST(ErrorOf("") == "a.yaml:1: expected one YAML document, found 0");
  BOOST_TEST(ErrorOf("--- {}\n--- {}\n") == "a.yaml:1: expected one YAML document, found 2");
}

BOOST_AUTO_TEST_CASE(AMissingFileIsNoScenarioError) {
  BOOST_CHECK_EXCEPTION(LoadScenario("no/such.yaml"), std::runtime_error, [](const std::runtime_error& error) {
    return std::string_view(error.what()) == "no/such.yaml: cannot be read";
  });
}

}  // namespace
}  // namespace tcpslab::scenarios
