// TCP/S on ns-3 nodes under stock applications: what users of TcpsHelper and TcpsStack rely on.
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "model/tcps-shim-protocol.h"
#include "model/test/two_hosts.h"
#include "ns3/boolean.h"
#include "ns3/config.h"
#include "ns3/double.h"
#include "ns3/inet-socket-address.h"
#include "ns3/names.h"
#include "ns3/node.h"
#include "ns3/object-factory.h"
#include "ns3/rng-seed-manager.h"
#include "ns3/simulator.h"
#include "ns3/string.h"
#include "ns3/uinteger.h"

namespace tcpslab::model_test {
namespace {

using ns3::MilliSeconds;
using ns3::Ptr;
using ns3::Seconds;
using ns3::StringValue;
using ns3::TcpsStack;
using wire::Segment;

// Where this test may write; gone with the object.
class ScratchDirectory {
 public:
  ScratchDirectory() { std::filesystem::create_directories(path_); }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("tcpslab-model-test-" + std::to_string(::getpid()));
};

std::string ContentOf(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> LinesOf(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = ::popen(command.c_str(), "r");
  BOOST_TEST_REQUIRE(pipe != nullptr);
  std::string line;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    if (c == '\n') {
      lines.push_back(std::exchange(line, {}));
    } else {
      line += static_cast<char>(c);
    }
  }
  BOOST_TEST(::pclose(pipe) == 0, command);
  return lines;
}

// Follows a node's trace sources.
class Watch {
 public:
  explicit Watch(const Ptr<TcpsStack>& stack) {
    stack->TraceConnectWithoutContext("Event", ns3::MakeCallback(&Watch::OnEvent, this));
    stack->TraceConnectWithoutContext("StateChange", ns3::MakeCallback(&Watch::OnStateChange, this));
  }
  [[nodiscard]] std::size_t Count(const std::string& kind) const {
    return static_cast<std::size_t>(std::ranges::count(events, kind, &ns3::TcpsEvent::kind));
  }
  std::vector<ns3::TcpsEvent> events;
  std::vector<ns3::TcpsStateChange> changes;

 private:
  void OnEvent(const ns3::TcpsEvent& event) { events.push_back(event); }
  void OnStateChange(const ns3::TcpsStateChange& change) { changes.push_back(change); }
};

// Whether every payload on the wire is something else than the zero bytes that stock applications send.
bool AllPayloadIsHidden(const TwoHosts& hosts) {
  for (const Recorded& packet : hosts.packets()) {
    const Segment segment = packet.segment();
    const auto zeros = std::ranges::count(segment.payload, std::byte{0});
    if (segment.payload.size() >= 100 && static_cast<std::size_t>(zeros) > segment.payload.size() / 4) return false;
  }
  return true;
}

BOOST_AUTO_TEST_SUITE(interoperability)

BOOST_AUTO_TEST_CASE(BulkSendToPacketSink) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family});
    const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
    Received received(hosts);
    hosts.BulkSend(1000000);
    hosts.Run();
    BOOST_TEST(received.bytes == 1000000U);
    BOOST_TEST(received.intact);
    BOOST_TEST(AllPayloadIsHidden(hosts));
    CheckWire(hosts);
    for (const auto& stack : stacks) {
      BOOST_TEST(stack->GetCounter("encrypted") == 1U);
      BOOST_TEST(stack->GetCounter("authenticated") == 1U);
      BOOST_TEST(stack->GetCounter("tag-invalid") == 0U);
      BOOST_TEST(stack->GetCounter("tag-missing") == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(OnOffToPacketSink) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family});
    const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
    Received received(hosts);
    hosts.OnOff(500000, "4Mbps");
    hosts.Run();
    BOOST_TEST(received.bytes == 500000U);
    BOOST_TEST(received.intact);
    BOOST_TEST(AllPayloadIsHidden(hosts));
    CheckWire(hosts);
    BOOST_TEST(stacks[0]->GetCounter("authenticated") == 1U);
  }
}

BOOST_AUTO_TEST_CASE(BothDialects) {
  for (const char* dialect : {"readme", "lkm"}) {
    TwoHosts hosts;
    ns3::TcpsHelper helper;
    helper.SetAttribute("Dialect", StringValue(dialect));
    helper.Install(hosts.nodes());
    Received received(hosts);
    hosts.BulkSend(300000);
    hosts.Run();
    BOOST_TEST(received.bytes == 300000U);
    BOOST_TEST(received.intact);
    BOOST_TEST(AllPayloadIsHidden(hosts));
  }
}

BOOST_AUTO_TEST_CASE(PlainPeersOnEitherSide) {
  for (const std::uint32_t with : {0U, 1U}) {
    TwoHosts hosts;
    ns3::TcpsHelper helper;
    const Ptr<TcpsStack> stack = helper.Install(hosts.nodes().Get(with));
    helper.InstallPlain(hosts.nodes().Get(1 - with));
    Received received(hosts);
    hosts.BulkSend(300000);
    hosts.Run();
    BOOST_TEST(received.bytes == 300000U);
    BOOST_TEST(received.intact);
    BOOST_TEST(stack->GetCounter("encrypted") == 0U);
    CheckWire(hosts);
  }
}

BOOST_AUTO_TEST_CASE(LossReorderingAndDuplication) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    TwoHosts hosts({.family = family, .wire_node = true});
    const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
    for (const char* type : {"ns3::TcpsLoss", "ns3::TcpsReorder", "ns3::TcpsDuplicate"}) {
      ns3::ObjectFactory factory(type);
      factory.Set("Rate", ns3::DoubleValue(0.02));
      hosts.wire_node()->AddElement(factory.Create<ns3::TcpsPathElement>());
    }
    hosts.AssignStreams();
    Received received(hosts);
    hosts.BulkSend(1000000);
    hosts.Run(Seconds(300));
    BOOST_TEST(received.bytes == 1000000U);
    BOOST_TEST(received.intact);
    BOOST_TEST(AllPayloadIsHidden(hosts));
    CheckWire(hosts);
    for (const auto& stack : stacks) {
      BOOST_TEST(stack->GetCounter("tag-invalid") == 0U);
      BOOST_TEST(stack->GetCounter("authenticated") == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(ManyConnectionsAtOnce) {
  constexpr std::uint16_t kConnections = 200;
  TwoHosts hosts;
  const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
  Received received(hosts);
  for (std::uint16_t connection = 0; connection < kConnections; ++connection) {
    hosts.BulkSend(5000, MilliSeconds(10 + connection));
  }
  hosts.Run();
  BOOST_TEST(received.bytes == std::uint64_t{kConnections} * 5000U);
  BOOST_TEST(received.intact);
  BOOST_TEST(stacks[0]->GetCounter("encrypted") == kConnections);
  BOOST_TEST(stacks[1]->GetCounter("encrypted") == kConnections);
  BOOST_TEST(AllPayloadIsHidden(hosts));
  CheckWire(hosts);
}

BOOST_AUTO_TEST_CASE(NodesOnCsmaWork) {
  for (const bool wire_node : {false, true}) {
    TwoHosts hosts({.wire_node = wire_node, .csma = true});
    ns3::TcpsHelper().Install(hosts.nodes());
    Received received(hosts);
    hosts.BulkSend(100000);
    hosts.Run();
    BOOST_TEST(received.bytes == 100000U);
    BOOST_TEST(AllPayloadIsHidden(hosts));
    CheckWire(hosts);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(captures)

// tshark verifies every checksum and finds no fragment and no malformed packet.
BOOST_AUTO_TEST_CASE(TsharkHasNoComplaint) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const ScratchDirectory scratch;
    std::size_t packets = 0;
    {
      TwoHosts hosts({.family = family});
      ns3::TcpsHelper().Install(hosts.nodes());
      hosts.EnablePcap(scratch.File("capture"));
      hosts.AddSink();
      hosts.BulkSend(100000);
      hosts.Run();
      packets = hosts.packets().size();
    }
    const std::string tshark =
        "tshark -r " + scratch.File("capture-0-0.pcap") + " -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y '";
    BOOST_TEST(LinesOf(tshark + "tcp.checksum.status==1' 2>/dev/null").size() == packets);
    BOOST_TEST(LinesOf(tshark + "tcp.checksum.status!=1 || ip.checksum.status==0 || ip.flags.mf==1 || ip.frag_offset>0 "
                                "|| ipv6.fraghdr || _ws.malformed || tcp.option_len_invalid' 2>/dev/null || true")
                   .empty());
  }
}

std::string CaptureOf(std::int64_t stream, std::uint64_t run) {
  const ScratchDirectory scratch;
  {
    TwoHosts hosts({.wire_node = true});
    ns3::RngSeedManager::SetRun(run);
    ns3::TcpsHelper().Install(hosts.nodes());
    ns3::ObjectFactory loss("ns3::TcpsLoss");
    loss.Set("Rate", ns3::DoubleValue(0.02));
    hosts.wire_node()->AddElement(loss.Create<ns3::TcpsPathElement>());
    hosts.AssignStreams(stream);
    hosts.EnablePcap(scratch.File("capture"));
    hosts.AddSink();
    hosts.BulkSend(100000);
    hosts.Run();
  }
  return ContentOf(scratch.File("capture-0-0.pcap"));
}

BOOST_AUTO_TEST_CASE(SameSeedSameBytes) {
  const std::string first = CaptureOf(1, 1);
  BOOST_TEST(first.size() > 100000U);
  BOOST_TEST((CaptureOf(1, 1) == first));
  BOOST_TEST((CaptureOf(1, 2) != first));
  BOOST_TEST((CaptureOf(5, 1) != first));
}

BOOST_AUTO_TEST_CASE(KeyLogHasTheSecretsOfBothEnds) {
  const ScratchDirectory scratch;
  {
    TwoHosts hosts;
    ns3::TcpsHelper().Install(hosts.nodes());
    ns3::TcpsHelper::EnableKeyLog(scratch.File("keys"), hosts.nodes());
    hosts.AddSink();
    hosts.BulkSend(1000);
    hosts.Run();
  }
  std::ifstream in(scratch.File("keys"));
  std::map<std::string, std::set<std::string>> secrets;  // by what they belong to
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields;
    std::istringstream words(line);
    for (std::string word; words >> word;) fields.push_back(word);
    BOOST_TEST_REQUIRE(fields.size() >= 3U);
    for (std::size_t i = 1; i < fields.size(); ++i) BOOST_TEST(fields[i].size() == 64U);
    secrets[line.substr(0, line.rfind(' '))].insert(fields.back());
  }
  // One connection: both ends logged the same ephemeral secret.
  const auto ephemeral = std::ranges::count_if(
      secrets, [](const auto& entry) { return entry.first.starts_with("TCPS_EPHEMERAL_SECRET "); });
  BOOST_TEST(ephemeral == 1);
  for (const auto& [owner, values] : secrets) BOOST_TEST(values.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stack)

BOOST_AUTO_TEST_CASE(TracesTellWhatHappened) {
  TwoHosts hosts;
  const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
  Watch client(stacks[0]);
  Watch server(stacks[1]);
  hosts.AddSink();
  hosts.BulkSend(100000, MilliSeconds(10));
  hosts.Run();
  for (const Watch* watch : {&client, &server}) {
    BOOST_TEST(watch->Count("encrypted") == 1U);
    BOOST_TEST(watch->Count("authenticated") == 1U);
    BOOST_TEST(watch->Count("peer-new") == 1U);
    for (const ns3::TcpsEvent& event : watch->events) {
      BOOST_TEST(!event.alarm);
      BOOST_TEST(event.flow == "10.0.0.1:49153 <-> 10.0.0.2:80");
      BOOST_TEST(event.time >= MilliSeconds(10));
      BOOST_TEST(event.time <= MilliSeconds(100));
      BOOST_TEST(event.role == (watch == &client ? "client" : "server"));
    }
  }
  BOOST_TEST(client.events[0].local == "10.0.0.1:49153");
  BOOST_TEST(client.events[0].remote == "10.0.0.2:80");
  std::vector<std::string> states;
  for (const ns3::TcpsStateChange& change : client.changes) states.push_back(change.from + ">" + change.to);
  const std::vector<std::string> expected = {"NONE>SYN_SENT", "SYN_SENT>ENCRYPTED", "ENCRYPTED>AUTHENTICATED"};
  BOOST_TEST(std::vector<std::string>(states.begin(), states.begin() + 3) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(StateOfAConnection) {
  TwoHosts hosts;
  const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
  hosts.AddSink();
  hosts.BulkSend(0);  // without end
  hosts.Run(Seconds(1));
  const ns3::Address client = hosts.address(0, 49153);
  BOOST_TEST(stacks[0]->GetState(client, hosts.address(1)) == "AUTHENTICATED");
  BOOST_TEST(stacks[1]->GetState(hosts.address(1), client) == "AUTHENTICATED");
  BOOST_TEST(stacks[1]->GetState(hosts.address(1), hosts.address(0, 1)) == "NONE");
  BOOST_TEST(stacks[0]->GetNConnections() == 1U);
}

BOOST_AUTO_TEST_CASE(CountersHaveTheNamesOfEvents) {
  TwoHosts hosts;
  const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
  hosts.AddSink();
  hosts.BulkSend(100000);
  hosts.Run();
  const auto names = TcpsStack::GetCounterNames();
  BOOST_TEST((std::ranges::find(names, "mitm-suspected") != names.end()));
  std::uint64_t sum = 0;
  for (const std::string& name : names) sum += stacks[0]->GetCounter(name);
  BOOST_TEST(sum > 0U);
  BOOST_TEST(stacks[0]->GetCounter("outbound-passed") >= 70U);
  BOOST_TEST(stacks[0]->GetCounter("outbound-dropped") == 0U);
}

BOOST_AUTO_TEST_CASE(RestartRenewsIdentityAndMemory) {
  TwoHosts hosts;
  const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
  Watch server(stacks[1]);
  hosts.AddSink();
  hosts.BulkSend(5000, MilliSeconds(10));
  hosts.BulkSend(5000, Seconds(2));
  hosts.BulkSend(5000, Seconds(4));
  const std::string before = stacks[0]->GetIdentityFingerprint();
  BOOST_TEST(before.size() == 16U);
  ns3::Simulator::Schedule(Seconds(3), &TcpsStack::Restart, stacks[0]);
  hosts.Run();
  BOOST_TEST(stacks[0]->GetIdentityFingerprint() != before);
  // The server knew the client's first identity, and takes the second for somebody else's.
  BOOST_TEST(server.Count("peer-new") == 1U);
  BOOST_TEST(server.Count("mitm-suspected") == 1U);
  BOOST_TEST(stacks[0]->GetCounter("encrypted") == 1U);  // since the restart
}

BOOST_AUTO_TEST_CASE(PolicyChangesDuringARun) {
  TwoHosts hosts;
  ns3::TcpsHelper helper;
  const Ptr<TcpsStack> server = helper.Install(hosts.server());
  helper.InstallPlain(hosts.client());
  Received received(hosts);
  hosts.BulkSend(5000, MilliSeconds(10));
  hosts.BulkSend(7000, Seconds(2));
  ns3::Simulator::Schedule(Seconds(1), [server] { server->SetAttribute("Enforce", ns3::BooleanValue(true)); });
  hosts.Run(Seconds(10));
  BOOST_TEST(received.bytes == 5000U);
  BOOST_TEST(server->GetCounter("downgrade-refused") > 0U);
}

BOOST_AUTO_TEST_CASE(DeviationsMisbehave) {
  TwoHosts hosts;
  ns3::TcpsHelper helper;
  const Ptr<TcpsStack> server = helper.Install(hosts.server());
  helper.SetAttribute("Deviations", StringValue("wrong-tag, never-send-identity"));
  helper.Install(hosts.client());
  Received received(hosts);
  hosts.BulkSend(5000);
  hosts.Run(Seconds(10));
  BOOST_TEST(received.bytes == 0U);
  BOOST_TEST(server->GetCounter("tag-invalid") > 0U);
  BOOST_TEST(server->GetCounter("authenticated") == 0U);
}

BOOST_AUTO_TEST_CASE(LimitsAreAttributes) {
  TwoHosts hosts;
  ns3::TcpsHelper helper;
  helper.SetAttribute("MaxConnections", ns3::UintegerValue(2));
  helper.SetAttribute("Dialect", StringValue("lkm"));
  const auto stacks = helper.Install(hosts.nodes());
  hosts.AddSink();
  for (int connection = 0; connection < 5; ++connection) hosts.BulkSend(5000);
  hosts.Run(Seconds(5));
  BOOST_TEST(stacks[0]->GetNConnections() == 2U);
}

BOOST_AUTO_TEST_CASE(TimersRunWithoutTraffic) {
  TwoHosts hosts;
  ns3::TcpsHelper helper;
  helper.SetAttribute("IdleTimeout", ns3::TimeValue(Seconds(20)));
  helper.SetAttribute("ClosedTimeout", ns3::TimeValue(Seconds(10)));
  helper.SetAttribute("CollectInterval", ns3::TimeValue(Seconds(5)));
  const auto stacks = helper.Install(hosts.nodes());
  hosts.AddSink();
  hosts.BulkSend(5000);
  hosts.Run(Seconds(100));
  BOOST_TEST(stacks[0]->GetCounter("encrypted") == 1U);
  BOOST_TEST(stacks[0]->GetNConnections() == 0U);
  BOOST_TEST(stacks[1]->GetNConnections() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(helper)

std::uint64_t DefaultSegmentSize() {
  ns3::TypeId::AttributeInformation information;
  ns3::TypeId::LookupByName("ns3::TcpSocket").LookupAttributeByName("SegmentSize", &information);
  return ns3::DynamicCast<const ns3::UintegerValue>(information.initialValue)->Get();
}

BOOST_AUTO_TEST_CASE(SegmentSizeFillsTheMtu) {
  {
    TwoHosts hosts;
    BOOST_TEST(DefaultSegmentSize() == 536U);
    ns3::TcpsHelper().InstallPlain(hosts.client());
    BOOST_TEST(DefaultSegmentSize() == 1448U);  // 1500 - 20 - 20 - 12
    ns3::TcpsHelper().Install(hosts.server());
    BOOST_TEST(DefaultSegmentSize() == 1428U);  // and 20 for the tag
  }
  {
    TwoHosts hosts({.family = Family::kIpv6});
    BOOST_TEST(DefaultSegmentSize() == 536U);
    ns3::TcpsHelper().Install(hosts.nodes());
    BOOST_TEST(DefaultSegmentSize() == 1408U);
  }
}

BOOST_AUTO_TEST_CASE(SegmentSizeIsLeftAloneOnRequest) {
  {
    TwoHosts hosts;
    ns3::TcpsHelper helper;
    helper.SetAdjustSegmentSize(false);
    helper.Install(hosts.nodes());
    BOOST_TEST(DefaultSegmentSize() == 536U);
  }
  TwoHosts hosts;
  ns3::Config::SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(1000));
  ns3::TcpsHelper().Install(hosts.nodes());
  BOOST_TEST(DefaultSegmentSize() == 1000U);  // fits, and is not ns-3's own
}

BOOST_AUTO_TEST_CASE(InstallsByName) {
  TwoHosts hosts;
  ns3::Names::Add("alice", hosts.client());
  const Ptr<TcpsStack> stack = ns3::TcpsHelper().Install("alice");
  BOOST_TEST((stack == hosts.client()->GetObject<TcpsStack>()));
}

BOOST_AUTO_TEST_CASE(AttributesAreReadableByPath) {
  TwoHosts hosts;
  ns3::Config::SetDefault("ns3::TcpsStack::MaxBlocked", ns3::UintegerValue(7));
  const auto stacks = ns3::TcpsHelper().Install(hosts.nodes());
  ns3::UintegerValue value;
  stacks[0]->GetAttribute("MaxBlocked", value);
  BOOST_TEST(value.Get() == 7U);
  ns3::Config::Set("/NodeList/*/$ns3::TcpsStack/MaxBlocked", ns3::UintegerValue(9));
  stacks[1]->GetAttribute("MaxBlocked", value);
  BOOST_TEST(value.Get() == 9U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::model_test
