// The key log's lines, good and bad (design.md, section 7).
#include "reference/capture/key_log.h"

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <boost/test/unit_test.hpp>
#include <span>
#include <string>
#include <vector>

#include "reference/capture/test/recording.h"

namespace tcpslab::capture::test {
namespace {

using Fields = std::vector<std::string>;

std::string Value(char digit) { return std::string(64, digit); }
std::string Line(const Fields& fields) { return boost::algorithm::join(fields, " ") + "\n"; }

crypto::PublicKey Key(char digit) {
  crypto::PublicKey key;
  std::ranges::copy(ToBytes(Value(digit)), key.begin());
  return key;
}

bool Holds(std::span<const crypto::SharedSecret> secrets, std::size_t index, char digit) {
  return index < secrets.size() && std::ranges::equal(secrets[index].bytes(), ToBytes(Value(digit)));
}

constexpr const char* kEphemeral = "TCPS_EPHEMERAL_SECRET";
constexpr const char* kStatic = "TCPS_STATIC_SECRET";

BOOST_AUTO_TEST_SUITE(key_log)

BOOST_AUTO_TEST_CASE(secrets_are_found_by_their_keys) {
  const auto log =
      KeyLog::Parse(Line({kEphemeral, Value('a'), Value('1')}) + Line({kStatic, Value('b'), Value('c'), Value('2')}));
  BOOST_TEST_REQUIRE(log.has_value());
  BOOST_TEST(log->Ephemeral(Key('a')).size() == 1U);
  BOOST_TEST(Holds(log->Ephemeral(Key('a')), 0, '1'));
  BOOST_TEST(Holds(log->Static(Key('b')), 0, '2'));
  BOOST_TEST(Holds(log->Static(Key('c')), 0, '2'));
  BOOST_TEST(log->Ephemeral(Key('b')).empty());
  BOOST_TEST(log->Static(Key('a')).empty());
}

BOOST_AUTO_TEST_CASE(a_line_repeated_counts_once_and_another_secret_of_the_same_key_is_kept) {
  const std::string line = Line({kEphemeral, Value('a'), Value('1')});
  const auto log = KeyLog::Parse(line + line + Line({kEphemeral, Value('a'), Value('2')}));
  BOOST_TEST_REQUIRE(log.has_value());
  BOOST_TEST(log->Ephemeral(Key('a')).size() == 2U);
  BOOST_TEST(Holds(log->Ephemeral(Key('a')), 1, '2'));
}

BOOST_AUTO_TEST_CASE(comments_blank_lines_and_other_names_are_ignored) {
  const auto log =
      KeyLog::Parse("\n# TCPS_EPHEMERAL_SECRET nonsense\nCLIENT_RANDOM 00 11\nTCPS_EPHEMERAL_SECRETS x\n \n" +
                    Line({kEphemeral, "\t", Value('a'), Value('1'), "\r"}));
  BOOST_TEST_REQUIRE(log.has_value());
  BOOST_TEST(Holds(log->Ephemeral(Key('a')), 0, '1'));
  BOOST_TEST(KeyLog::Parse("").has_value());
}

BOOST_AUTO_TEST_CASE(the_last_line_needs_no_newline) {
  std::string text = Line({kEphemeral, Value('a'), Value('1')});
  text.pop_back();
  BOOST_TEST(Holds(KeyLog::Parse(text).value().Ephemeral(Key('a')), 0, '1'));
}

BOOST_AUTO_TEST_CASE(a_malformed_line_is_named_by_its_number) {
  const std::string good = Line({kEphemeral, Value('a'), Value('1')});
  for (const Fields& bad : {
           Fields{kEphemeral},                                          // no values
           Fields{kEphemeral, Value('a')},                              // one too few
           Fields{kEphemeral, Value('a'), Value('1'), Value('2')},      // one too many
           Fields{kStatic, Value('a'), Value('1')},                     // one too few
           Fields{kEphemeral, Value('a'), Value('1').substr(1)},        // a digit short
           Fields{kEphemeral, Value('a'), Value('1') + "1"},            // a digit long
           Fields{kEphemeral, Value('a'), Value('g')},                  // not hex
           Fields{kEphemeral, Value('a'), "0x" + Value('1').substr(2)}  // not bare hex
       }) {
    const std::string line = Line(bad);
    const auto log = KeyLog::Parse(boost::algorithm::join(Fields{"# first\n", good, line}, ""));
    BOOST_TEST_CONTEXT(line) {
      BOOST_TEST_REQUIRE(!log.has_value());
      BOOST_TEST(log.error().line == 3U);
      BOOST_TEST(!log.error().reason.empty());
      BOOST_TEST(log.error().reason.find(Value('1').substr(2)) == std::string::npos);  // a secret is not shown
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::capture::test
