#include <boost/test/unit_test.hpp>

#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {

BOOST_AUTO_TEST_CASE(FirstVisitAuthenticatesBothSidesUnderReadme) {
  Conversation talk(Conversation::Both(Dialect::kReadme));
  talk.Handshake();
  const auto got = talk.Data(Side::kClient, "GET /");
  BOOST_REQUIRE_EQUAL(got.size(), 1U);
  BOOST_TEST(got[0].PayloadText() == "GET /");
  BOOST_TEST(talk.pair().wire().back().second.PayloadText() != "GET /");
  talk.Ack(Side::kServer);
  BOOST_CHECK(talk.state(Side::kClient) == State::kAuthenticated);
  BOOST_CHECK(talk.state(Side::kServer) == State::kAuthenticated);
}

}  // namespace tcpslab::tcps::test
