// The key log's lines, good and bad (design.md, section 7).
#include "reference/capture/key_log.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "reference/capture/test/recording.h"

namespace tcpslab::capture::test {
namespace {

std::string Value(char digit) { return std::string(64, digit); }

crypto::PublicKey Key(char digit) {
  const Bytes bytes = ToBytes(Value(digit));
  crypto::PublicKey key;
  std::ranges::copy(bytes, key.begin());
  return key;
}

bool Holds(std::span<const crypto::SharedSecret> secrets, std::size_t index, char digit) {
  return index < secrets.size() && std::ranges::equal(secrets[index].bytes(), ToBytes(Value(digit)));
}

const std::string kEphemeral = "TCPS_EPHEMERAL_SECRET ";
const std::string kStatic = "TCPS_STATIC_SECRET ";

BOOST_AUTO_TEST_SUITE(key_log)

BOOST_AUTO_TEST_CASE(secrets_are_found_by_their_keys) {
  const auto log = KeyLog::Parse(kEphemeral + Value('a') + " " + Value('1') + "\n" + kStatic + Value('b') + " " +
                                 Value('c') + " " + Value('2') + "\n");
  BOOST_TEST_REQUIRE(log.has_value());
  BOOST_TEST(log->Ephemeral(Key('a')).size() == 1U);
  BOOST_TEST(Holds(log->Ephemeral(Key('a')), 0, '1'));
  BOOST_TEST(Holds(log->Static(Key('b')), 0, '2'));
  BOOST_TEST(Holds(log->Static(Key('c')), 0, '2'));
  BOOST_TEST(log->Ephemeral(Key('b')).empty());
  BOOST_TEST(log->Static(Key('a')).empty());
}

BOOST_AUTO_TEST_CASE(a_line_repeated_counts_once_and_another_secret_of_the_same_key_is_kept) {
  const std::string line = kEphemeral + Value('a') + " ";
  const auto log = KeyLog::Parse(line + Value('1') + "\n" + line + Value('1') + "\n" + line + Value('2'));
  BOOST_TEST_REQUIRE(log.has_value());
  BOOST_TEST(log->Ephemeral(Key('a')).size() == 2U);
  BOOST_TEST(Holds(log->Ephemeral(Key('a')), 1, '2'));
}

BOOST_AUTO_TEST_CASE(comments_blank_lines_and_other_names_are_ignored) {
  const auto log =
      KeyLog::Parse("\n# TCPS_EPHEMERAL_SECRET nonsense\nCLIENT_RANDOM 00 11\nTCPS_EPHEMERAL_SECRETS x\n\n" +
                    kEphemeral + Value('a') + "\t " + Value('1') + " \r\n");
  BOOST_TEST_REQUIRE(log.has_value());
  BOOST_TEST(Holds(log->Ephemeral(Key('a')), 0, '1'));
  BOOST_TEST(KeyLog::Parse("").has_value());
}

BOOST_AUTO_TEST_CASE(a_malformed_line_is_named_by_its_number) {
  const std::string good = Value('a') + " " + Value('1');
  for (const std::string& bad : {
           kEphemeral,                                              // no values
           kEphemeral + Value('a'),                                 // one too few
           kEphemeral + good + " " + Value('2'),                    // one too many
           kStatic + good,                                          // one too few
           kEphemeral + Value('a') + " " + Value('1').substr(1),    // a digit short
           kEphemeral + Value('a') + " " + Value('1') + "1",        // a digit long
           kEphemeral + Value('a') + " " + Value('g'),              // not hex
           kEphemeral + Value('a') + " 0x" + Value('1').substr(2),  // not bare hex
       }) {
    const auto log = KeyLog::Parse("# first\n" + kEphemeral + good + "\n" + bad + "\n");
    BOOST_TEST_CONTEXT(bad) {
      BOOST_TEST_REQUIRE(!log.has_value());
      BOOST_TEST(log.error().line == 3U);
      BOOST_TEST(!log.error().reason.empty());
      BOOST_TEST(log.error().reason.find(Value('1').substr(1)) == std::string::npos);  // a secret is not shown
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::capture::test
