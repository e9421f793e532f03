// The words of the design (section 2): every event, and which of them are alarms.
#include "reference/stack/event.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reference/stack/shim.h"

namespace tcpslab::stack::test {
namespace {

// In the order of the design; true: an alarm.
const std::vector<std::pair<EventKind, std::pair<std::string_view, bool>>> kEvents = {
    {EventKind::kEncrypted, {"encrypted", false}},
    {EventKind::kAuthenticated, {"authenticated", false}},
    {EventKind::kPeerNew, {"peer-new", false}},
    {EventKind::kMitmSuspected, {"mitm-suspected", true}},
    {EventKind::kDowngradeRefused, {"downgrade-refused", true}},
    {EventKind::kFellBack, {"fell-back", false}},
    {EventKind::kTagMissing, {"tag-missing", true}},
    {EventKind::kTagInvalid, {"tag-invalid", true}},
    {EventKind::kResetIgnored, {"reset-ignored", false}},
    {EventKind::kTableFull, {"table-full", false}},
    {EventKind::kMalformedOption, {"malformed-option", false}},
    {EventKind::kLowOrderKey, {"low-order-key", true}},
    {EventKind::kNoRoom, {"no-room", false}},
    {EventKind::kBlocked, {"blocked", false}},
    {EventKind::kFlowExpired, {"flow-expired", false}},
    {EventKind::kBlockedSetFull, {"blocked-set-full", false}},
    {EventKind::kTiConflict, {"ti-conflict", true}},
    {EventKind::kTiOutOfWindow, {"ti-out-of-window", false}},
};

}  // namespace

BOOST_AUTO_TEST_CASE(NamesAndAlarms) {
  std::set<EventKind> seen;
  for (const auto& [kind, facts] : kEvents) {
    BOOST_TEST(ToString(kind) == facts.first);
    BOOST_TEST(IsAlarm(kind) == facts.second, facts.first);
    seen.insert(kind);
  }
  BOOST_TEST(seen.size() == kEventKinds);
}

BOOST_AUTO_TEST_CASE(CountersAreKeptByKind) {
  Counters counters;
  ++counters.events[static_cast<std::size_t>(EventKind::kTagInvalid)];
  BOOST_TEST(counters.Of(EventKind::kTagInvalid) == 1U);
  for (const auto& [kind, facts] : kEvents) {
    if (kind != EventKind::kTagInvalid) BOOST_TEST(counters.Of(kind) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(VerdictsAndRolesHaveNames) {
  BOOST_TEST(ToString(Verdict::kPass) == "pass");
  BOOST_TEST(ToString(Verdict::kDrop) == "drop");
  BOOST_TEST(ToString(Role::kClient) == "client");
  BOOST_TEST(ToString(Role::kServer) == "server");
  BOOST_TEST(ToString(Role::kUnknown) == "unknown");
}

}  // namespace tcpslab::stack::test
