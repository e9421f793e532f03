// The control socket: requests and answers, and clients that are slow, silent or hostile.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "reference/crypto/random.h"
#include "reference/linux/control_client.h"
#include "reference/linux/control_server.h"
#include "reference/linux/control_socket.h"
#include "reference/linux/shared_peers.h"
#include "reference/linux/test/scratch.h"
#include "reference/tcps/hex.h"
#include "reference/tcps/peers.h"

namespace tcpslab::linux_host::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPatience = 300ms;

// The part of the daemon that the server sees.
class Host final : public Controlled {
 public:
  Status CurrentStatus() override {
    if (fails) throw std::runtime_error("the worker is gone");
    return status;
  }
  [[nodiscard]] crypto::PublicKey identity() const override { return KeyOf(0xa1); }
  void ChangePolicy(const std::function<void(stack::Policy&)>& change) override {
    stack::Policy changed = policy;
    change(changed);
    policy = changed;
  }
  tcps::Peers& peers() override { return cache; }

  Status status{.version = "0.1.0"};
  stack::Policy policy;
  SharedPeers cache;
  bool fails = false;
};

struct Fixture {
  Fixture() { server.Start(); }
  ScratchDirectory directory;
  CapturedLog log;
  Host host;
  ControlServer server{directory.path(), host, log.logger(), kPatience};

  Json Ask(const Json& request) { return linux_host::Ask(directory.path(), request); }
};

// One that does as it likes.
class RawClient {
 public:
  explicit RawClient(const fs::path& run_directory)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket") {
    const ControlAddress address(run_directory / kControlSocket);
    const timeval limit = {.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    BOOST_TEST_REQUIRE(connect(socket_.get(), address.get(), ControlAddress::size()) == 0);
  }
  // Less than everything may be taken.
  void Send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // What comes up to the end of a line, or until the server hangs up.
  [[nodiscard]] std::string Receive() const {
    std::string text;
    for (char byte = 0; recv(socket_.get(), &byte, 1, 0) == 1;) {
      text += byte;
      if (byte == '\n') break;
    }
    return text;
  }

 private:
  Descriptor socket_;
};

std::string Refused(Host& host, std::string_view request) {
  CapturedLog log;
  const Json answer = Json::parse(Answer(request, host, log.logger()));
  BOOST_TEST(answer.at("ok") == false);
  BOOST_TEST(answer.at("fault") == "request");
  return answer.at("error").get<std::string>();
}

std::string KeyText(std::uint8_t number) { return tcps::ToHex(KeyOf(number)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(Requests)

BOOST_AUTO_TEST_CASE(WrongOnesAreRefusedWithASentence) {
  Host host;
  for (const char* const request : {"",
                                    "x",
                                    "[]",
                                    "1",
                                    "null",
                                    "{}",
                                    R"({"command": 1})",
                                    R"({"command": "reboot"})",
                                    R"({"command": "set"})",
                                    R"({"command": "set", "values": {}})",
                                    R"({"command": "set", "values": [1]})",
                                    R"({"command": "set", "values": {"mtu": "1500"}})",
                                    R"({"command": "set", "values": {"enforce": {}}})",
                                    R"({"command": "forget"})",
                                    R"({"command": "forget", "address": "here"})",
                                    R"({"command": "forget", "address": "10.0.0.1"})",
                                    R"({"command": "pin", "address": "10.0.0.1"})",
                                    R"({"command": "pin", "address": "10.0.0.1", "key": "a1b2c3d4e5f6a7b8"})",
                                    "{\"command\": \"\xff\"}",
                                    "{\"command\": \"status\"} x"}) {
    BOOST_TEST(!Refused(host, request).empty(), request);
  }
  BOOST_TEST(host.cache.All().empty());
}

BOOST_AUTO_TEST_CASE(GarbageIsRefused) {
  Host host;
  crypto::SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string request(random.Uint32() % 200, '\0');
    random.Fill(std::as_writable_bytes(std::span(request)));
    Refused(host, request);
  }
  Refused(host, std::string(ControlServer::kMaximumRequest, '['));
  Refused(host, "{\"command\":" + std::string(ControlServer::kMaximumRequest / 2, '['));
}

// All or nothing.
BOOST_AUTO_TEST_CASE(SetValidatesBeforeItChanges) {
  Host host;
  CapturedLog log;
  const std::string error =
      Refused(host, R"({"command": "set", "values": {"enforce": "1", "max_blocked": "5", "idle_timeout": "soon"}})");
  BOOST_TEST(error.find("idle_timeout=soon") != std::string::npos);
  BOOST_TEST(!host.policy.enforce);
  BOOST_TEST(host.policy.max_blocked == 4096U);
  Answer(R"({"command": "set", "values": {"enforce": true, "max_blocked": 5, "idle_timeout": "500ms"}})", host,
         log.logger());
  BOOST_TEST(host.policy.enforce);
  BOOST_TEST(host.policy.max_blocked == 5U);
  BOOST_TEST((host.policy.idle_timeout == 500ms));
  BOOST_TEST(log.lines().back() == "info set enforce=true max_blocked=5 idle_timeout=500ms");
}

BOOST_AUTO_TEST_CASE(KeysOfLowOrderCannotBePinned) {
  Host host;
  Refused(host, R"({"command": "pin", "address": "10.0.0.1", "key": ")" + std::string(64, '0') + "\"}");
  BOOST_TEST(host.cache.All().empty());
}

BOOST_AUTO_TEST_CASE(FailureOfTheDaemonIsNotTheRequests) {
  Host host;
  host.fails = true;
  CapturedLog log;
  const Json answer = Json::parse(Answer(R"({"command": "status"})", host, log.logger()));
  BOOST_TEST(answer.at("fault") == "daemon");
  BOOST_TEST(answer.at("error") == "the worker is gone");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(Server, Fixture)

BOOST_AUTO_TEST_CASE(SocketIsForOwnerAndGroup) {
  struct stat facts {};
  BOOST_TEST_REQUIRE(stat((directory.path() / kControlSocket).c_str(), &facts) == 0);
  BOOST_TEST((facts.st_mode & 07777U) == 0660U);
}

BOOST_AUTO_TEST_CASE(PeersAreListedPinnedAndForgotten) {
  BOOST_TEST(PinPeer(directory.path(), "10.0.0.1", KeyText(7)) == 0);
  BOOST_TEST((host.cache.Find(*wire::ParseAddress("10.0.0.1"))->key == KeyOf(7)));
  const Json peers = Ask({{"command", "peers"}});
  BOOST_TEST(peers.at(0).at("address") == "10.0.0.1");
  BOOST_TEST(peers.at(0).at("key") == KeyText(7));
  BOOST_TEST(ForgetPeer(directory.path(), "10.0.0.1") == 0);
  BOOST_TEST(host.cache.All().empty());
  BOOST_TEST(ForgetPeer(directory.path(), "10.0.0.1") == 2);
  BOOST_TEST(PinPeer(directory.path(), "10.0.0.1", "a1b2") == 2);
}

BOOST_AUTO_TEST_CASE(ExitCodes) {
  BOOST_TEST(ShowStatus(directory.path(), true) == 0);
  BOOST_TEST(ShowStatus(directory.path(), false) == 0);
  BOOST_TEST(ShowFingerprint(directory.path()) == 0);
  BOOST_TEST(ListPeers(directory.path(), false) == 0);
  BOOST_TEST(SetPolicy(directory.path(), {"enforce=1", "tofu-enforce=0"}) == 0);
  BOOST_TEST((host.policy.enforce && !host.policy.tofu_enforce));
  BOOST_TEST(SetPolicy(directory.path(), {"enforce"}) == 2);
  BOOST_TEST(SetPolicy(directory.path(), {"enforce=2"}) == 2);
  host.fails = true;
  BOOST_TEST(ShowStatus(directory.path(), true) == 3);
}

BOOST_AUTO_TEST_CASE(FingerprintIsTheIdentitys) {
  BOOST_TEST(Ask({{"command", "fingerprint"}}).at("fingerprint") == "a1a1a1a1a1a1a1a1");
}

BOOST_AUTO_TEST_CASE(SecondDaemonIsRefused) {
  BOOST_CHECK_EXCEPTION(
      ControlServer(directory.path(), host, log.logger()), std::runtime_error,
      [](const auto& problem) { return std::string(problem.what()).find("another tcpsd") != std::string::npos; });
  BOOST_TEST(ShowStatus(directory.path(), true) == 0);
}

BOOST_AUTO_TEST_CASE(SeveralRequestsOnOneConnection) {
  const RawClient client(directory.path());
  client.Send("{\"command\":\"peers\"}\n{\"command\":\"fingerprint\"}\n{\"comm");
  BOOST_TEST(Json::parse(client.Receive()).at("result").is_array());
  BOOST_TEST(Json::parse(client.Receive()).at("result").contains("fingerprint"));
  client.Send("and\":\"peers\"}\n");
  BOOST_TEST(Json::parse(client.Receive()).at("result").is_array());
}

BOOST_AUTO_TEST_CASE(TooLongARequestIsRefusedAndTheClientCutOff) {
  for (const std::string end : {"", "\n"}) {
    const RawClient client(directory.path());
    client.Send(std::string(ControlServer::kMaximumRequest + 1, 'x') + end);
    BOOST_TEST(Json::parse(client.Receive()).at("fault") == "request");
    BOOST_TEST(client.Receive().empty());
  }
}

BOOST_AUTO_TEST_CASE(ClientThatLeavesInTheMiddleHarmsNobody) {
  for (int i = 0; i < 50; ++i) RawClient(directory.path()).Send("{\"command\":\"status\"}\n{\"comm");
  BOOST_TEST(ShowStatus(directory.path(), true) == 0);
}

// Byte by byte is as silent as not at all.
BOOST_AUTO_TEST_CASE(SlowWriterIsCutOff) {
  const RawClient client(directory.path());
  const auto start = std::chrono::steady_clock::now();
  std::jthread dripping([&client](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      client.Send("x");
      std::this_thread::sleep_for(20ms);
    }
  });
  BOOST_TEST(client.Receive().empty());
  const auto waited = std::chrono::steady_clock::now() - start;
  BOOST_TEST((waited >= kPatience && waited < 5s));
}

// Others are served meanwhile.
BOOST_AUTO_TEST_CASE(SlowReaderHoldsUpNobody) {
  host.status.connections.assign(50'000, {.flow = FlowOf(1), .state = tcps::State::kEncrypted, .idle = 1ms});
  const RawClient sleeper(directory.path());
  sleeper.Send("{\"command\":\"status\"}\n");
  BOOST_TEST(Ask({{"command", "status"}}).at("connections").size() == 50'000U);
  std::this_thread::sleep_for(2 * kPatience);
  BOOST_TEST(!sleeper.Receive().ends_with('\n'));  // what was under way, and then the end
}

BOOST_AUTO_TEST_CASE(SilentCrowdDelaysOthersByItsPatienceOnly) {
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (std::size_t i = 0; i < ControlServer::kMaximumClients; ++i) {
    crowd.push_back(std::make_unique<RawClient>(directory.path()));
  }
  BOOST_TEST(ShowStatus(directory.path(), true) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(WithoutADaemonTheAnswerIsClear) {
  const ScratchDirectory directory;
  BOOST_TEST(ShowStatus(directory.path(), false) == 3);
  BOOST_CHECK_EXCEPTION(Ask(directory.path(), {{"command", "status"}}), std::runtime_error, [](const auto& problem) {
    return std::string(problem.what()).find("no tcpsd runs") != std::string::npos;
  });
  BOOST_CHECK_THROW(Ask(std::string(200, 'x'), {{"command", "status"}}), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(SocketOfAKilledDaemonIsReplaced) {
  const ScratchDirectory directory;
  CapturedLog log;
  Host host;
  KillInTheMiddle(50ms, [&](const auto&) {
    ControlServer server(directory.path(), host, log.logger());
    server.Start();
    pause();
  });
  BOOST_TEST(fs::exists(directory.path() / kControlSocket));
  BOOST_TEST(ShowStatus(directory.path(), true) == 3);
  {
    ControlServer server(directory.path(), host, log.logger());
    server.Start();
    BOOST_TEST(ShowStatus(directory.path(), true) == 0);
  }
  BOOST_TEST(!fs::exists(directory.path() / kControlSocket));
}

BOOST_AUTO_TEST_CASE(WhatIsNoSocketIsLeftAlone) {
  const ScratchDirectory directory;
  CapturedLog log;
  Host host;
  WriteText(directory.path() / kControlSocket, "notes");
  BOOST_CHECK_THROW(ControlServer(directory.path(), host, log.logger()), std::runtime_error);
  BOOST_TEST(ReadText(directory.path() / kControlSocket) == "notes");
}

}  // namespace tcpslab::linux_host::test
