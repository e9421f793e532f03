// What `tcpsd status` says, and where the numbers of the kernel come from.
#include "reference/linux/status.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "reference/linux/kernel_queues.h"
#include "reference/linux/policy_settings.h"
#include "reference/linux/test/scratch.h"

namespace tcpslab::linux_host::test {
namespace {

using namespace std::chrono_literals;

Status Example() {
  Status status{.version = "0.1.0", .identity = KeyOf(0xa1), .problems = {"flow journal cannot be written: no space"}};
  for (const std::uint16_t queue : {std::uint16_t{0}, std::uint16_t{1}}) {
    WorkerStatus worker{.queue = queue, .connections = 2, .blocked = 1};
    worker.counters.protocol.events[static_cast<std::size_t>(stack::EventKind::kTagInvalid)] = 3;
    worker.counters.protocol.inbound_dropped = 4;
    worker.counters.packets.changed = 5;
    worker.kernel.queue_dropped = 6;
    status.workers.push_back(worker);
  }
  status.connections = {{.flow = FlowOf(2), .state = tcps::State::kAuthenticated, .idle = 1500ms},
                        {.flow = FlowOf(1), .state = tcps::State::kBlocked, .idle = 2min}};
  status.peers = {{.address = *wire::ParseAddress("2001:db8::2"), .key = KeyOf(0x9a), .proven = true}};
  return status;
}

}  // namespace

BOOST_AUTO_TEST_CASE(JsonHasTheKeysOfTheDesign) {
  const Json json = ToJson(Example());
  BOOST_TEST(json.at("version") == "0.1.0");
  BOOST_TEST(json.at("dialect") == "readme");
  BOOST_TEST(json.at("identity") == "a1a1a1a1a1a1a1a1");
  BOOST_TEST(json.at("workers").at(1).at("queue") == 1);
  BOOST_TEST(json.at("workers").at(0).at("changed") == 5);
  BOOST_TEST(json.at("workers").at(0).at("kernel").at("queue_dropped") == 6);
  BOOST_TEST(json.at("connections").at(0) == Json({{"client", "10.0.0.1:1"},
                                                   {"server", "192.168.1.127:80"},
                                                   {"role", "server"},
                                                   {"state", "BLOCKED"},
                                                   {"idle_ms", 120000}}));
  BOOST_TEST(json.at("connections").at(1).at("state") == "AUTHENTICATED");
  BOOST_TEST(json.at("peers").at(0).at("address") == "2001:db8::2");
  BOOST_TEST(json.at("peers").at(0).at("fingerprint") == "9a9a9a9a9a9a9a9a");
  BOOST_TEST(json.at("peers").at(0).at("proven") == true);
  BOOST_TEST(json.at("problems").size() == 1U);
  BOOST_TEST(json.at("counters").at("tag-invalid") == 6);
  BOOST_TEST(json.at("counters").at("inbound_dropped") == 8);
}

// Every setting that there is, under the name by which it is set.
BOOST_AUTO_TEST_CASE(JsonPolicyHasEveryName) {
  const Json policy = ToJson(Example()).at("policy");
  BOOST_TEST(policy.size() == kPolicyNames.size());
  for (const std::string_view name : kPolicyNames) BOOST_TEST(policy.contains(std::string(name)), name);
  BOOST_TEST(policy.at("tofu_enforce") == true);
  BOOST_TEST(policy.at("idle_timeout") == 300.0);
}

BOOST_AUTO_TEST_CASE(TextIsATableForPeople) {
  const std::string text = StatusText(ToJson(Example()));
  BOOST_TEST(text ==
             "tcpsd 0.1.0, dialect readme, identity fingerprint a1a1a1a1a1a1a1a1\n"
             "policy: enforce 0, tofu_enforce 1, max_connections 4096, max_blocked 4096, collect_interval 30.0, "
             "half_open_timeout 60.0, dead_timeout 60.0, closed_timeout 120.0, idle_timeout 300.0\n"
             "problem: flow journal cannot be written: no space\n"
             "\n"
             "connections: 2\n"
             "CLIENT      SERVER            ROLE    STATE          IDLE\n"
             "10.0.0.1:1  192.168.1.127:80  server  BLOCKED        120.0s\n"
             "10.0.0.1:2  192.168.1.127:80  server  AUTHENTICATED  1.5s\n"
             "\n"
             "peers: 1\n"
             "ADDRESS      FINGERPRINT       PROVEN\n"
             "2001:db8::2  9a9a9a9a9a9a9a9a  yes\n"
             "\n"
             "queue 0: connections 2, blocked 1, changed 5; kernel: queue_dropped 6\n"
             "queue 1: connections 2, blocked 1, changed 5; kernel: queue_dropped 6\n"
             "counters: tag-invalid 6, inbound_dropped 8\n");
}

BOOST_AUTO_TEST_CASE(EmptyListsSaySo) {
  const std::string text = StatusText(ToJson(Status{.version = "0.1.0"}));
  BOOST_TEST(text.find("connections: 0\nnone\n") != std::string::npos);
  BOOST_TEST(text.find("peers: 0\nnone\n") != std::string::npos);
  BOOST_TEST(PeersText(Json::array()) == "none\n");
}

BOOST_AUTO_TEST_CASE(TextOfOtherJsonIsRefused) {
  BOOST_CHECK_THROW(StatusText(Json::object()), Json::exception);
  BOOST_CHECK_THROW(PeersText(Json::parse("[1]")), Json::exception);
}

// The columns of net/netfilter/nfnetlink_queue.c.
BOOST_AUTO_TEST_CASE(KernelCountsByQueue) {
  const auto queues = ParseKernelQueues(
      "    0  12345     7 2 65535     3     4      100  1\n"
      "65535  12346     0 2 65535     0     0        0  1\n"
      "garbage\n"
      "70000  12346     0 2 65535     0     0        0  1\n");
  BOOST_TEST_REQUIRE(queues.size() == 2U);
  BOOST_TEST(queues.at(0).waiting == 7U);
  BOOST_TEST(queues.at(0).queue_dropped == 3U);
  BOOST_TEST(queues.at(0).user_dropped == 4U);
  BOOST_TEST(queues.at(0).queued == 100U);
  BOOST_TEST(queues.contains(65535));
}

}  // namespace tcpslab::linux_host::test
