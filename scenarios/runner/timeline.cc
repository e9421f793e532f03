#include "scenarios/runner/timeline.h"

#include <functional>
#include <utility>

namespace tcpslab::scenarios {
namespace {

constexpr std::size_t kFirstOfFlow = 24;     // segments of each connection, both directions
constexpr std::size_t kAround = 3;           // segments before a moment, and as many after it
constexpr std::size_t kStraysOfLink = 20;    // segments that no entry announced
constexpr std::size_t kDeedsOfElement = 12;  // of each kind, towards each side

// Takes one from what is left; false if nothing is.
bool Spend(std::size_t& left) {
  if (left == 0) {
    return false;
  }
  --left;
  return true;
}

std::shared_ptr<TimelineEntry> NewEntry(TimelineEntry::Kind kind, stack::Duration now) {
  auto entry = std::make_shared<TimelineEntry>();
  entry->kind = kind;
  entry->time = now;
  return entry;
}

bool Has(const TimelineEntry& entry, std::string_view flag) {
  return entry.segment.flags.find(flag) != std::string::npos;
}

bool Ends(const TimelineEntry& entry) { return Has(entry, "FIN") || Has(entry, "RST"); }

}  // namespace

std::string_view ToString(PathAction action) {
  switch (action) {
    case PathAction::kDrop:
      return "drop";
    case PathAction::kModify:
      return "modify";
    case PathAction::kDelay:
      return "delay";
    case PathAction::kInject:
      break;
  }
  return "inject";
}

void Timeline::OnVisit(std::size_t visit, HostName connecting, stack::Duration now) {
  budget_ = {};
  const Shared entry = NewEntry(TimelineEntry::Kind::kVisit, now);
  entry->from = connecting;
  entry->count = visit;
  under_way_.clear();  // what is left was edited or swallowed on its way
  Tell(entry);
}

void Timeline::OnTransmit(std::size_t link, HostName sender, std::span<const std::byte> packet, stack::Duration now) {
  const Shared entry = NewEntry(TimelineEntry::Kind::kSegment, now);
  entry->segment = reader_.Read(link, packet, true);
  const Shared known = Arrived(PassageOf(link, sender, packet));
  const bool from_host = link == (sender == HostName::kClient ? 0 : links_ - 1);
  if (known) {
    known->to = link + 1;
    if (known->kind == TimelineEntry::Kind::kAction && known->action == PathAction::kDelay && !known->until) {
      known->until = now;
    }
    Expect(known, sender, link, packet);
    return;
  }
  entry->from = sender;
  entry->link = entry->to = link + 1;
  entry->segment.repeats = entry->segment.repeats && from_host;
  Expect(entry, sender, link, packet);
  if (IsWorthTelling(*entry, from_host)) {
    Tell(entry);
  } else {
    LeaveOut(entry);
  }
}

void Timeline::OnAction(std::size_t element, PathAction action, HostName sender, std::span<const std::byte> packet,
                        stack::Duration now) {
  const std::size_t ahead = LinkAhead(element, sender);
  const bool as_it_came = action == PathAction::kDrop || action == PathAction::kDelay;
  const Shared entry = NewEntry(TimelineEntry::Kind::kAction, now);
  entry->from = sender;
  entry->element = element + 1;
  entry->action = action;
  entry->segment = reader_.Read(as_it_came ? LinkAhead(element, OtherHost(sender)) : ahead, packet, false);
  entry->segment.repeats = false;
  const Passage passage = PassageOf(ahead, sender, packet);
  if (action != PathAction::kInject) {
    Arrived(passage);  // from here on it is this entry's, or nobody's
  }
  if (action != PathAction::kDrop) {
    under_way_[passage].push_back(entry);
  }
  const bool of_note = Has(*entry, "SYN") || Ends(*entry);
  if (budget_.deeds[{element, action, sender, of_note}]++ < kDeedsOfElement) {
    TellOfMoment(entry);
  } else {
    LeaveOut(nullptr);
  }
}

void Timeline::OnAchieved(std::size_t element, std::string_view what, stack::Duration now) {
  const Shared entry = NewEntry(TimelineEntry::Kind::kAchieved, now);
  entry->element = element + 1;
  entry->text = what;
  TellOfMoment(entry);
}

void Timeline::OnEvent(HostName host, std::string_view event, std::string_view detail, std::size_t connection,
                       stack::Duration now) {
  if (!Spend(budget_.events)) {
    LeaveOut(nullptr);
    return;
  }
  const Shared entry = NewEntry(TimelineEntry::Kind::kEvent, now);
  entry->from = host;
  entry->text = event;
  entry->detail = detail;
  entry->segment.connection = connection;
  TellOfMoment(entry);
}

std::vector<TimelineEntry> Timeline::Take() {
  TellGap(number_left_out_);
  std::vector<TimelineEntry> entries;
  entries.reserve(entries_.size());
  for (const Shared& entry : entries_) {
    entries.push_back(std::move(*entry));
  }
  entries_.clear();
  return entries;
}

std::size_t Timeline::LinkAhead(std::size_t element, HostName sender) {
  return sender == HostName::kClient ? element + 1 : element;
}

Timeline::Passage Timeline::PassageOf(std::size_t link, HostName sender, std::span<const std::byte> packet) {
  const std::string_view bytes(reinterpret_cast<const char*>(packet.data()), packet.size());
  return {link, {sender, std::hash<std::string_view>{}(bytes)}};
}

Timeline::Shared Timeline::Arrived(const Passage& passage) {
  const auto found = under_way_.find(passage);
  if (found == under_way_.end()) {
    return nullptr;
  }
  Shared entry = found->second.front();
  found->second.pop_front();
  if (found->second.empty()) {
    under_way_.erase(found);
  }
  return entry;
}

// `link`: where the packet is now.
void Timeline::Expect(const Shared& entry, HostName sender, std::size_t link, std::span<const std::byte> packet) {
  const bool last = link == (sender == HostName::kClient ? links_ - 1 : 0);
  if (!last) {
    const std::size_t next = sender == HostName::kClient ? link + 1 : link - 1;
    under_way_[PassageOf(next, sender, packet)].push_back(entry);
  }
}

bool Timeline::IsWorthTelling(const TimelineEntry& entry, bool from_host) {
  if (!from_host) {
    return budget_.strays[entry.link]++ < kStraysOfLink;
  }
  const std::optional<SegmentReader::Flow>& flow = reader_.flow();
  const bool first = !flow || budget_.of_flow[*flow]++ < kFirstOfFlow;
  const bool ends = Ends(entry);
  const bool near = ends || still_around_ > 0;
  if (ends) {
    still_around_ = kAround;  // how it is answered
  } else if (near) {
    --still_around_;
  }
  return (first && Spend(budget_.segments)) || ((near || entry.segment.repeats) && Spend(budget_.around));
}

void Timeline::Tell(const Shared& entry) {
  TellGap(number_left_out_);
  left_out_.clear();
  entries_.push_back(entry);
}

void Timeline::TellOfMoment(const Shared& entry) {
  TellGap(number_left_out_ - left_out_.size());
  for (const Shared& before : left_out_) {
    if (Spend(budget_.around)) {
      entries_.push_back(before);
    } else {
      ++number_left_out_;
    }
  }
  Tell(entry);
  still_around_ = kAround;
}

void Timeline::TellGap(std::size_t number) {
  if (number > 0) {
    entries_.push_back(NewEntry(TimelineEntry::Kind::kGap, {}));
    entries_.back()->count = number;
  }
  number_left_out_ = 0;
}

// `entry`: nothing if it must not be told later either.
void Timeline::LeaveOut(const Shared& entry) {
  ++number_left_out_;
  if (entry) {
    left_out_.push_back(entry);
    if (left_out_.size() > kAround) {
      left_out_.pop_front();
    }
  }
}

}  // namespace tcpslab::scenarios
