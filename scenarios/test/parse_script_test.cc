#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/wire/segment.h"
#include "scenarios/runner/parse.h"

namespace tcpslab::scenarios {
namespace {

Script Parse(const std::string& steps) {
  return *ParseScenario("name: x\nhosts:\n  server:\n    script:\n" + steps + "expect: {plain: {}}\n", "s.yaml")
              .server.script;
}

std::string ErrorOf(const std::string& steps) {
  try {
    Parse(steps);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "no error";
}

OptionBytes Bytes(std::initializer_list<int> values) {
  OptionBytes bytes;
  for (const int value : values) {
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

BOOST_AUTO_TEST_CASE(EveryKindOfStep) {
  const Script script = Parse(R"(
      - expect: {flags: SYN, options: [mss], within: 5s}
      - send: {flags: SYN|ACK, options: [mss 1460, sack-permitted, timestamps 1 0, nop, window-scale 7], window: 1000}
      - receive: {bytes: 1KiB}
      - wait: 200ms
      - send: {flags: PSH|ACK, payload: {of: response, offset: 1KiB, length: 100}}
      - expect: {absent: true, payload: some}
      - send: {flags: RST, seq: -5, ack: 7, options: [hex fd0454ff], payload: {text: hi}}
)");
  BOOST_REQUIRE(script.size() == 7U);
  BOOST_TEST(script[0].line == 6);
  const auto& syn = std::get<ExpectStep>(script[0].action);
  BOOST_TEST(*syn.flags == wire::kSyn);
  BOOST_TEST((syn.options == std::vector<OptionBytes>{Bytes({2})}));
  BOOST_TEST((syn.within == std::chrono::seconds(5)));
  const auto& answer = std::get<SendStep>(script[1].action);
  BOOST_TEST(answer.flags == (wire::kSyn | wire::kAck));
  BOOST_TEST(answer.window == 1000);
  BOOST_TEST((answer.options == std::vector<OptionBytes>{Bytes({2, 4, 0x05, 0xb4}), Bytes({4, 2}),
                                                         Bytes({8, 10, 0, 0, 0, 1, 0, 0, 0, 0}), Bytes({1}),
                                                         Bytes({3, 3, 7})}));
  BOOST_TEST(std::get<ReceiveStep>(script[2].action).bytes == 1024U);
  BOOST_TEST((std::get<WaitStep>(script[3].action).duration == std::chrono::milliseconds(200)));
  const auto& data = std::get<SendStep>(script[4].action);
  BOOST_TEST((data.payload.source == ScriptPayload::Source::kResponse));
  BOOST_TEST(data.payload.offset == 1024U);
  BOOST_TEST(data.payload.length == 100U);
  BOOST_TEST(std::get<ExpectStep>(script[5].action).absent);
  const auto& reset = std::get<SendStep>(script[6].action);
  BOOST_TEST(*reset.sequence == -5);
  BOOST_TEST(*reset.acknowledgement == 7);
  BOOST_TEST((reset.options == std::vector<OptionBytes>{Bytes({0xfd, 4, 0x54, 0xff})}));
  BOOST_TEST((reset.payload.bytes == Bytes({'h', 'i'})));
}

BOOST_AUTO_TEST_CASE(AnExpectationOfBytesAndOfWhatIsNotThere) {
  const Script script = Parse(R"(
      - expect: {without: [kind 19, hex fd14544d], payload: {of: response, offset: 1KiB, length: 100}}
      - expect: {payload: some}
)");
  const auto& exact = std::get<ExpectStep>(script[0].action);
  BOOST_TEST((exact.without == std::vector<OptionBytes>{Bytes({19}), Bytes({0xfd, 20, 0x54, 0x4d})}));
  BOOST_TEST((exact.content->source == ScriptPayload::Source::kResponse));
  BOOST_TEST(exact.content->offset == 1024U);
  BOOST_TEST(exact.content->length == 100U);
  BOOST_TEST(!std::get<ExpectStep>(script[1].action).content);
}

BOOST_AUTO_TEST_CASE(BadStepsAreNamed) {
  BOOST_TEST(ErrorOf("      - {send: {flags: ACK}, wait: 1s}\n") ==
             "s.yaml:5: hosts.server.script[1]: expected exactly one of: send, expect, receive, wait");
  BOOST_TEST(ErrorOf("      - send: {flags: SYN|NACK}\n") ==
             "s.yaml:5: hosts.server.script[1].send.flags: 'NACK' is no TCP flag; expected names joined by '|', such "
             "as SYN|ACK");
  BOOST_TEST(ErrorOf("      - send: {payload: {text: a}}\n") ==
             "s.yaml:5: hosts.server.script[1].send: 'flags' is missing");
  BOOST_TEST(ErrorOf("      - send: {flags: ACK, options: [mss]}\n") ==
             "s.yaml:5: hosts.server.script[1].send.options[1]: the option to send is incomplete");
  BOOST_TEST(ErrorOf("      - send: {flags: ACK, options: [mss 70000]}\n") ==
             "s.yaml:5: hosts.server.script[1].send.options[1]: 70000 does not fit 2 bytes");
  BOOST_TEST(ErrorOf("      - send: {flags: ACK, payload: {hex: abc}}\n") ==
             "s.yaml:5: hosts.server.script[1].send.payload.hex: expected an even number of hex digits");
  BOOST_TEST(ErrorOf("      - send: {flags: ACK, payload: {text: a, hex: bb}}\n") ==
             "s.yaml:5: hosts.server.script[1].send.payload: expected exactly one of: of, text, hex");
}

}  // namespace
}  // namespace tcpslab::scenarios
