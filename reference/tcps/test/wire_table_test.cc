// Both transition tables as data, and the promise that the readme's makes: in ENCRYPTED, AUTHENTICATED and BLOCKED no
// payload and no FIN goes past the tag, whatever flags it comes with.
#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "reference/tcps/test/conversation.h"
#include "reference/tcps/transitions.h"

namespace tcpslab::tcps::test {
namespace {

constexpr std::size_t kActions = static_cast<std::size_t>(Action::kJudge) + 1;

std::vector<State> EveryState() {
  std::vector<State> states;
  for (std::size_t i = 0; i < kStates; ++i) states.push_back(static_cast<State>(i));
  return states;
}

std::vector<Input> EveryInput() {
  std::vector<Input> inputs;
  for (std::size_t i = 0; i < kInputs; ++i) inputs.push_back(static_cast<Input>(i));
  return inputs;
}

bool HasKeys(State state) { return state == State::kEncrypted || state == State::kAuthenticated; }

template <class T>
bool OneOf(T value, std::initializer_list<T> values) {
  return std::ranges::find(values, value) != values.end();
}

// Calls check(state, input, rule) for every cell of a table.
template <class Check>
void ForEachCell(const TransitionTable& table, const Check& check) {
  for (const State state : EveryState()) {
    for (const Input input : EveryInput()) {
      BOOST_TEST_CONTEXT(ToString(input) << " in " << ToString(state)) {
        check(state, input, RuleFor(table, state, input));
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(EverythingHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const State state : EveryState()) names.insert(ToString(state));
  BOOST_TEST(names.size() == kStates);
  names.clear();
  for (const Input input : EveryInput()) names.insert(ToString(input));
  BOOST_TEST(names.size() == kInputs);
  names.clear();
  for (std::size_t i = 0; i < kActions; ++i) names.insert(ToString(static_cast<Action>(i)));
  BOOST_TEST(names.size() == kActions);
  BOOST_TEST(names.count("") == 0U);
}

// An action stands only where its comment lets it, and leads only where it can.
BOOST_AUTO_TEST_CASE(CellsAreConsistent) {
  for (const TransitionTable* table : {&kReadmeTransitions, &kLkmTransitions}) {
    ForEachCell(*table, [](State state, Input input, const Rule& rule) {
      using enum Action;
      const bool stays = rule.next == state;
      switch (rule.action) {
        case kPass:
        case kDrop:
        case kDropIfEnforcing:
        case kRefuseOrPass:
        case kAnswerPlain:
        case kProtect:
        case kVerify:
        case kAttachIdentity:
        case kIgnoreReset:
        case kUpdateOffer:
        case kReplaceOffer:
        case kHoldOffer:
          BOOST_TEST(stays);
          break;
        case kOpen:
        case kRepeatSyn:
        case kRepeatOrReopen:
        case kReopen:
        case kReopenBlocked:
          BOOST_TEST((input == Input::kOutSyn));
          BOOST_TEST((rule.next == State::kSynSent));
          break;
        case kAccept:
          BOOST_TEST((input == Input::kInSynWithTc));
          BOOST_TEST((rule.next == State::kSynReceived));
          break;
        case kAnswer:
        case kAnswerAgain:
        case kAnswerHeld:
          BOOST_TEST((input == Input::kOutSynAck));
          BOOST_TEST((rule.next == State::kEncrypted));
          break;
        case kComplete:
          BOOST_TEST((input == Input::kInSynAckWithTc && state == State::kSynSent));
          BOOST_TEST((rule.next == State::kEncrypted));
          break;
        case kJudge:
          BOOST_TEST(HasKeys(state));
          BOOST_TEST((rule.next == State::kAuthenticated));
          break;
        case kSimultaneousOpen:
        case kRefuseOrCross:
        case kFallBackOnce:
        case kFallBackOrRefuse:
          BOOST_TEST((state == State::kSynSent && rule.next == State::kDead));
          break;
        case kAbort:
          BOOST_TEST((input == Input::kOutRst && HasKeys(state)));
          break;
      }
    });
  }
}

// Only keys make a state protected, and only a judged identity an authenticated one.
BOOST_AUTO_TEST_CASE(ProtectedStatesAreEnteredByTheirDoors) {
  for (const TransitionTable* table : {&kReadmeTransitions, &kLkmTransitions}) {
    ForEachCell(*table, [](State state, Input, const Rule& rule) {
      using enum Action;
      if (rule.next == state) return;
      if (rule.next == State::kAuthenticated) BOOST_TEST((rule.action == kJudge && state == State::kEncrypted));
      if (rule.next == State::kEncrypted)
        BOOST_TEST(OneOf(rule.action, {kAnswer, kAnswerAgain, kAnswerHeld, kComplete}));
      if (rule.next == State::kNone) BOOST_ERROR("an entry disappears by timers only");
      if (rule.next == State::kBlocked) BOOST_ERROR("blocking is an outcome, not a rule");
    });
  }
}

BOOST_AUTO_TEST_CASE(ReadmeChecksWhatItProtects) {
  ForEachCell(kReadmeTransitions, [](State state, Input input, const Rule& rule) {
    using enum Action;
    if (HasKeys(state)) {
      if (input == Input::kOutData) BOOST_TEST((rule.action == kProtect));
      if (input == Input::kInData) BOOST_TEST((rule.action == kVerify));
      if (input == Input::kInRst) BOOST_TEST((rule.action == kIgnoreReset));
      BOOST_TEST((rule.next != State::kDead && rule.next != State::kNone));
    }
    if (state == State::kBlocked) BOOST_TEST(OneOf(rule.action, {kDrop, kHoldOffer, kReopenBlocked, kAnswerHeld}));
  });
}

namespace {

// Where a readme host must let nothing past the tag.
enum class Fortress { kEncrypted, kAuthenticated, kBlocked };
std::ostream& operator<<(std::ostream& out, Fortress fortress) { return out << static_cast<int>(fortress); }

State StateOf(Fortress fortress) {
  switch (fortress) {
    case Fortress::kEncrypted:
      return State::kEncrypted;
    case Fortress::kAuthenticated:
      return State::kAuthenticated;
    case Fortress::kBlocked:
      break;
  }
  return State::kBlocked;
}

struct Besieged : Conversation {
  Besieged(Fortress fortress, Side side, bool enforce)
      : Conversation(Both(Dialect::kReadme, {.enforce = enforce})), me(side) {
    Syn();
    SynAck();
    if (fortress != Fortress::kEncrypted) {
      Ack(Side::kClient);
      Ack(Side::kServer);
    }
    if (fortress == Fortress::kBlocked) pair().Advance(331s);  // collected while alive (R12)
    pair().SetPath([](Side, OwnedSegment&) { return false; });
    BOOST_TEST_REQUIRE(state(me) == StateOf(fortress));
  }
  Side me;
};

std::vector<wire::OptionArea> ForgedOptions() {
  wire::OptionArea tm;
  AppendTm(tm, crypto::Tag{std::byte{1}});
  return {{}, tm, MakeTiOptions({.key = {std::byte{0x42}}, .proof = {}}), MakeSynOptions({}, {std::byte{9}})};
}

const auto kFortresses =
    boost::unit_test::data::make({Fortress::kEncrypted, Fortress::kAuthenticated, Fortress::kBlocked});
const auto kSides = boost::unit_test::data::make({Side::kClient, Side::kServer});
const auto kEnforce = boost::unit_test::data::make({false, true});
constexpr std::string_view kText = "sixteen letters!";

}  // namespace

BOOST_DATA_TEST_CASE(NothingForgedReachesTcp, kFortresses* kSides* kEnforce, fortress, side, enforce) {
  std::optional<Besieged> host;
  for (int flags = 0; flags < 256; ++flags) {
    for (const std::string_view text : {std::string_view(), kText}) {
      for (const wire::OptionArea& options : ForgedOptions()) {
        if (!host || host->state(side) != StateOf(fortress)) host.emplace(fortress, side, enforce);
        OwnedSegment forged = host->Next(stack::Opposite(side), static_cast<std::uint8_t>(flags), text);
        forged->options = options;
        const auto arrived = host->Forge(side, forged);
        const bool data = !arrived.empty() && !arrived[0]->payload.empty();
        const bool fin = !arrived.empty() && arrived[0]->Has(wire::kFin);
        BOOST_TEST((!data && !fin), "flags " << flags << ", " << options.size() << " bytes of options");
        // A TI can block an encrypted flow (weakness 5); nothing lowers the protection.
        const State after = host->state(side);
        BOOST_TEST(OneOf(after, {StateOf(fortress), State::kAuthenticated, State::kBlocked}), "flags " << flags);
      }
    }
  }
}

// TCPS-RST-07
BOOST_DATA_TEST_CASE(NothingLeavesInClear, kFortresses* kSides* kEnforce, fortress, side, enforce) {
  for (int flags = 0; flags < 256; ++flags) {
    for (const std::string_view text : {std::string_view(), kText}) {
      for (const std::uint32_t ahead : {0U, 100000U}) {
        BOOST_TEST_CONTEXT("flags " << flags << ", " << text.size() << " bytes, " << ahead << " ahead") {
          Besieged host(fortress, side, enforce);
          OwnedSegment segment = host.Next(side, static_cast<std::uint8_t>(flags), text);
          segment->sequence += ahead;
          const std::size_t before = host.sent();
          host.Resend(side, segment);
          // A SYN-ACK without an offer to answer begins an unprotected connection, said aloud and only if policy lets
          // it.
          if (host.state(side) == State::kDead) {
            BOOST_TEST((!enforce && segment->IsSynAck()));
            BOOST_TEST(host.Count(side, EventKind::kFellBack) == 1U);
            continue;
          }
          for (std::size_t i = before; i < host.sent(); ++i) {
            const OwnedSegment& left = host.pair().wire()[i].second;
            const bool tagged = HasTm(left);
            if (!left->payload.empty()) BOOST_TEST((tagged && left.PayloadText() != text));
            if (left->Has(wire::kFin) && !left->Has(wire::kRst)) BOOST_TEST(tagged);
          }
        }
      }
    }
  }
}

}  // namespace tcpslab::tcps::test
