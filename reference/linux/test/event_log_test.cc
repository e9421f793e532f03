// The sink of all workers: lines, journal, and both from several threads.
#include "reference/linux/event_log.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "reference/linux/test/scratch.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::linux_host::test {
namespace {

using stack::EventKind;
using stack::Instant;
using tcps::State;
using namespace std::chrono_literals;

void Tell(EventLog& events, EventKind kind, Instant time, const stack::Flow& flow = FlowOf(1)) {
  events.OnEvent({.kind = kind, .time = time, .flow = flow, .detail = {}});
}

void Change(EventLog& events, State from, State to, const stack::Flow& flow = FlowOf(1)) {
  events.OnStateChange({.time = {}, .flow = flow, .from = ToString(from), .to = ToString(to)});
}

}  // namespace

BOOST_AUTO_TEST_CASE(FloodIsShortenedAndCounted) {
  CapturedLog log;
  EventLog events(log.logger(), nullptr);
  for (int i = 0; i < 5000; ++i) Tell(events, EventKind::kTagInvalid, Instant(i * 1ms));
  Tell(events, EventKind::kEncrypted, Instant(20s));
  BOOST_TEST(log.Count("MAC verification failed, dropping") == 10U);
  const std::vector<std::string> lines = log.lines();
  BOOST_TEST(lines[lines.size() - 2] == "warning left out 4990 more of the event tag-invalid");
}

BOOST_AUTO_TEST_CASE(WhatWasLeftOutIsToldAtTheEnd) {
  CapturedLog log;
  {
    EventLog events(log.logger(), nullptr);
    for (int i = 0; i < 12; ++i) Tell(events, EventKind::kTagMissing, Instant(1s));
  }
  BOOST_TEST(log.lines().back() == "warning left out 2 more of the event tag-missing");
}

// 10 000 connections a minute are 834 in five seconds.
BOOST_AUTO_TEST_CASE(BusyHostIsLoggedWhole) {
  CapturedLog log;
  EventLog events(log.logger(), nullptr);
  for (int i = 0; i < 2000; ++i) {
    events.OnIdentitySent(FlowOf(1), Instant(i * 6ms));
    Tell(events, EventKind::kEncrypted, Instant(i * 6ms));
  }
  BOOST_TEST(log.Count("info encrypted session") == 2000U);
  BOOST_TEST(log.Count("info TI option sent") == 2000U);
}

// The readme, "Successful connection (first - TOFU remembers)", as the client has it.
// TCPS-LOG-03, TCPS-LOG-04
BOOST_AUTO_TEST_CASE(FirstConnectionAsInTheReadme) {
  CapturedLog log;
  EventLog events(log.logger(), nullptr);
  tcps::test::Conversation talk;
  talk.client_end = EndpointOf("192.168.1.69", 41548);
  talk.server_end = EndpointOf("192.168.1.127", 80);
  talk.pair().Restart(stack::Side::kClient, [&events](const stack::Services& services) {
    return std::make_unique<tcps::Tcps>(
        tcps::Config{}, stack::Services{.segments = services.segments, .events = events, .random = services.random});
  });
  talk.HandshakeAndAck();
  const std::string fingerprint = tcps::Fingerprint(talk.tcps(stack::Side::kServer).identity());
  const std::vector<std::string> expected = {
      "info encrypted session 192.168.1.69:41548 <-> 192.168.1.127:80 (ECDH+AEAD)",
      "info TI option sent 192.168.1.69:41548 <-> 192.168.1.127:80",
      "info TOFU: new peer 192.168.1.127 fingerprint " + fingerprint,
      "info session authenticated 192.168.1.69:41548 <-> 192.168.1.127:80 (TOFU+auth_tag)"};
  BOOST_TEST(log.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(SilenceKeepsTheJournal) {
  const ScratchDirectory directory;
  CapturedLog log;
  FlowJournal journal(directory / "flows", log.logger());
  EventLog events(log.logger(), &journal);
  events.SetSilent(true);
  Change(events, State::kNone, State::kBlocked);
  Tell(events, EventKind::kBlocked, Instant(1s));
  BOOST_TEST(log.lines().empty());
  BOOST_TEST(journal.flows().size() == 1U);
  events.SetSilent(false);
  Tell(events, EventKind::kBlocked, Instant(1s));
  BOOST_TEST(log.Count("session blocked") == 1U);
}

BOOST_AUTO_TEST_CASE(MismatchIsToldAsThePolicyIs) {
  CapturedLog log;
  EventLog events(log.logger(), nullptr);
  Tell(events, EventKind::kMitmSuspected, Instant(1s));
  BOOST_TEST(log.Count("TOFU verification failed") == 1U);
  events.SetTofuEnforce(false);
  Tell(events, EventKind::kMitmSuspected, Instant(1s));
  BOOST_TEST(log.Count("TOFU verification failed") == 1U);
}

// R25: protected and blocked flows, and no others.
BOOST_AUTO_TEST_CASE(JournalHoldsProtectedAndBlockedFlows) {
  const ScratchDirectory directory;
  CapturedLog log;
  FlowJournal journal(directory / "flows", log.logger());
  EventLog events(log.logger(), &journal);
  Change(events, State::kNone, State::kSynReceived);
  BOOST_TEST(journal.flows().empty());
  for (const State state : {State::kEncrypted, State::kAuthenticated, State::kBlocked}) {
    Change(events, State::kSynReceived, state);
    BOOST_TEST(journal.flows().size() == 1U, ToString(state));
  }
  Change(events, State::kBlocked, State::kNone);
  BOOST_TEST(journal.flows().empty());
  Change(events, State::kSynSent, State::kEncrypted);
  Change(events, State::kEncrypted, State::kDead);
  BOOST_TEST(journal.flows().empty());
}

BOOST_AUTO_TEST_CASE(ManyThreads) {
  static constexpr std::uint32_t kThreads = 4;
  static constexpr std::uint32_t kFlows = 300;
  const ScratchDirectory directory;
  CapturedLog log;
  {
    FlowJournal journal(directory / "flows", log.logger());
    EventLog events(log.logger(), &journal);
    std::vector<std::jthread> threads;
    for (std::uint32_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&events, thread] {
        for (std::uint32_t i = 0; i < kFlows; ++i) {
          const stack::Flow flow = FlowOf(thread << 16 | i);
          Change(events, State::kSynReceived, State::kEncrypted, flow);
          Tell(events, EventKind::kEncrypted, Instant(1s), flow);
          Tell(events, EventKind::kTagInvalid, Instant(1s), flow);
          if (i % 2 == 0) Change(events, State::kEncrypted, State::kNone, flow);
        }
      });
    }
    threads.clear();
    BOOST_TEST(journal.flows().size() == kThreads * kFlows / 2);
  }
  BOOST_TEST(log.Count("encrypted session") == kThreads * kFlows);
  BOOST_TEST(log.Count("MAC verification failed") == 10U);
  BOOST_TEST(log.Count("left out 1190 more of the event tag-invalid") == 1U);
  const FlowJournal again(directory / "flows", log.logger());
  BOOST_TEST(again.flows().size() == kThreads * kFlows / 2);
}

}  // namespace tcpslab::linux_host::test
