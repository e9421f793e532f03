#include "scenarios/runner/timeline_file.h"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <string_view>

#include "scenarios/runner/record.h"

namespace tcpslab::scenarios {
namespace {

double Seconds(stack::Duration time) { return std::chrono::duration<double>(time).count(); }

std::string_view NameOf(TimelineEntry::Kind kind) {
  switch (kind) {
    case TimelineEntry::Kind::kSegment:
      return "segment";
    case TimelineEntry::Kind::kAction:
      return "action";
    case TimelineEntry::Kind::kEvent:
      return "event";
    case TimelineEntry::Kind::kAchieved:
      return "achieved";
    case TimelineEntry::Kind::kVisit:
      return "visit";
    case TimelineEntry::Kind::kGap:
      break;
  }
  return "gap";
}

void PutConnection(Json& json, const TimelineEntry& entry) {
  if (entry.segment.connection != 0) {
    json["connection"] = entry.segment.connection;
  }
}

void PutSegment(Json& json, const TimelineEntry& entry) {
  const SegmentSummary& segment = entry.segment;
  PutConnection(json, entry);
  json["flags"] = segment.flags;
  if (segment.sequence) {
    json["seq"] = *segment.sequence;
  }
  if (segment.acknowledgement) {
    json["ack"] = *segment.acknowledgement;
  }
  json["length"] = segment.length;
  if (!segment.options.empty()) {
    json["options"] = segment.options;
  }
  if (segment.repeats) {
    json["note"] = "retransmission";
  }
}

Json ToJson(const TimelineEntry& entry) {
  Json json;
  if (entry.kind != TimelineEntry::Kind::kGap) {
    json["t"] = Seconds(entry.time);
  }
  json["kind"] = NameOf(entry.kind);
  switch (entry.kind) {
    case TimelineEntry::Kind::kSegment:
      json["from"] = ToString(entry.from);
      json["link"] = entry.link;
      json["to"] = entry.to;
      PutSegment(json, entry);
      break;
    case TimelineEntry::Kind::kAction:
      json["element"] = entry.element;
      json["action"] = ToString(entry.action);
      json["from"] = ToString(entry.from);
      PutSegment(json, entry);
      if (entry.until) {
        json["until"] = Seconds(*entry.until);
      }
      break;
    case TimelineEntry::Kind::kEvent:
      json["host"] = ToString(entry.from);
      json["event"] = entry.text;
      json["detail"] = entry.detail;
      PutConnection(json, entry);
      break;
    case TimelineEntry::Kind::kAchieved:
      json["element"] = entry.element;
      json["detail"] = entry.text;
      break;
    case TimelineEntry::Kind::kVisit:
      json["visit"] = entry.count;
      json["host"] = ToString(entry.from);
      break;
    case TimelineEntry::Kind::kGap:
      json["left_out"] = entry.count;
      break;
  }
  return json;
}

}  // namespace

void WriteTimeline(const std::string& file, const std::vector<TimelineEntry>& entries) {
  std::ofstream out(file);
  out << "{\"entries\": [";
  const char* separator = "\n";
  for (const TimelineEntry& entry : entries) {
    out << separator << ToJson(entry).dump();
    separator = ",\n";
  }
  out << "\n]}\n";
  if (!out.flush()) {
    throw std::runtime_error(fmt::format("{}: cannot be written", file));
  }
}

}  // namespace tcpslab::scenarios
