// The story of a run as a list in the order of time: what travelled on which link, what path elements did to it, what
// hosts reported. It is for people: long runs keep the beginning of each connection and what surrounds something worth
// telling.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scenarios/runner/scenario.h"
#include "scenarios/runner/segment_summary.h"

namespace tcpslab::scenarios {

enum class PathAction : std::uint8_t { kDrop, kModify, kDelay, kInject };
inline constexpr std::size_t kPathActions = 4;
std::string_view ToString(PathAction action);

struct TimelineEntry {
  enum class Kind : std::uint8_t {
    kSegment,   // something entered a link: from, link, to, segment
    kAction,    // an element did something to a segment: element, action, from, segment as it is now, until
    kEvent,     // a host reported something: from (that host), text, detail, segment.connection
    kAchieved,  // an element says what it achieved: element, text
    kVisit,     // a visit began: from (who connects), count (its number)
    kGap,       // lines were left out: count; has no time
  };
  Kind kind = Kind::kSegment;
  stack::Duration time{};
  HostName from = HostName::kClient;
  std::size_t link = 0;     // counting from 1, the client's
  std::size_t to = 0;       // the last link that it crossed unchanged
  std::size_t element = 0;  // counting from 1, in path order
  PathAction action = PathAction::kDrop;
  std::optional<stack::Duration> until;  // when what was delayed went on
  SegmentSummary segment;
  std::string text;
  std::string detail;
  std::size_t count = 0;
};

class Timeline {
 public:
  // `plans`: how many connections there are; `links`: how many the path has.
  Timeline(std::size_t plans, std::size_t links) : links_(links), reader_(plans) {}

  void OnVisit(std::size_t visit, HostName connecting, stack::Duration now);
  // A packet from `sender`'s side enters link `link`, counting from 0 at the client.
  void OnTransmit(std::size_t link, HostName sender, std::span<const std::byte> packet, stack::Duration now);
  // Element `element`, counting from 0 at the client, did something to a packet from `sender`'s side; `packet` as it is
  // now. Comes before the packet goes on.
  void OnAction(std::size_t element, PathAction action, HostName sender, std::span<const std::byte> packet,
                stack::Duration now);
  void OnAchieved(std::size_t element, std::string_view what, stack::Duration now);
  // `connection`: counting from 1, 0 for none.
  void OnEvent(HostName host, std::string_view event, std::string_view detail, std::size_t connection,
               stack::Duration now);

  // All of it, once the run is over.
  [[nodiscard]] std::vector<TimelineEntry> Take();

 private:
  using Shared = std::shared_ptr<TimelineEntry>;
  // How much of each kind a visit may still have.
  struct Budget {
    std::size_t segments = 200;
    std::size_t around = 90;
    std::size_t events = 100;
    std::map<SegmentReader::Flow, std::size_t> of_flow;  // segments so far
    std::map<std::size_t, std::size_t> strays;           // by link, so far
    // By element, action, sender's side, and whether it is a segment that opens or ends a connection; so far.
    std::map<std::tuple<std::size_t, PathAction, HostName, bool>, std::size_t> deeds;
  };
  // A packet under way: the link that it should enter next, its sender's side, and its bytes.
  using Passage = std::pair<std::size_t, std::pair<HostName, std::size_t>>;

  // The link that a packet from `sender`'s side enters when it leaves an element.
  static std::size_t LinkAhead(std::size_t element, HostName sender);
  static Passage PassageOf(std::size_t link, HostName sender, std::span<const std::byte> packet);
  // The entry of a packet that was expected there; it is expected no longer.
  Shared Arrived(const Passage& passage);
  void Expect(const Shared& entry, HostName sender, std::size_t link, std::span<const std::byte> packet);
  [[nodiscard]] bool IsWorthTelling(const TimelineEntry& entry, bool from_host);
  void Tell(const Shared& entry);
  void TellOfMoment(const Shared& entry);
  void TellGap(std::size_t number);
  void LeaveOut(const Shared& entry);

  std::size_t links_;
  SegmentReader reader_;
  Budget budget_;
  std::vector<Shared> entries_;
  std::deque<Shared> left_out_;      // the latest of them, perhaps told when something happens
  std::size_t number_left_out_ = 0;  // since the last entry
  std::size_t still_around_ = 0;     // how many segments follow a moment worth telling
  std::map<Passage, std::deque<Shared>> under_way_;
};

}  // namespace tcpslab::scenarios
