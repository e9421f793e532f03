#include "reference/capture/report.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

namespace tcpslab::capture {
namespace {

using nlohmann::ordered_json;

// A line "3 malformed", if there is anything to count.
void AppendIf(std::string& text, std::uint64_t count, std::string_view what) {
  if (count != 0) fmt::format_to(std::back_inserter(text), "  {} {}\n", count, what);
}

std::string_view Explain(KeyStatus status) {
  switch (status) {
    case KeyStatus::kFound:
      return "";
    case KeyStatus::kMissing:
      return "not decrypted: the key log has no secret for the key of its SYN";
    case KeyStatus::kNotAnswered:
      return "not encrypted: TC was offered and not answered";
    case KeyStatus::kNotOffered:
      return "not decrypted: its SYN carries no TC";
    case KeyStatus::kNoHandshake:
      return "not decrypted: its SYN is not in the capture";
  }
  return "";
}

std::string ConnectionText(const Connection& connection) {
  const Statistics& seen = connection.statistics();
  const std::string_view arithmetic = connection.TagArithmeticFound();
  std::string text = fmt::format(
      "{} <-> {}\n"
      "  packets {}, tags {} valid, {} invalid{}\n"
      "  identity tags {} valid, {} invalid, {} unverifiable, {} zero (first contact)\n",
      wire::ToString(connection.first()), wire::ToString(connection.second()), seen.packets, seen.tags_valid,
      seen.tags_invalid, arithmetic.empty() ? "" : fmt::format(" ({} arithmetic)", arithmetic), seen.identity_valid,
      seen.identity_invalid, seen.identity_unverifiable, seen.identity_zero);
  const std::string_view explanation = Explain(connection.key_status());
  if (!explanation.empty()) fmt::format_to(std::back_inserter(text), "  {}\n", explanation);
  AppendIf(text, seen.tags_unverifiable, "tags not verifiable");
  AppendIf(text, seen.tags_repeated,
           "invalid tags repeat the tag before: tagged as one burst, cut by segmentation offload afterwards");
  AppendIf(text, seen.unprotected, "segments unprotected: payload or FIN without a tag, left as they are");
  AppendIf(text, seen.truncated, "segments cut off by the capture");
  if (seen.tags_invalid != 0 && seen.tags_valid == 0) {
    text += "  no tag is valid: the secret in the key log may be of another connection\n";
  }
  return text;
}

std::string OthersText(const OtherPackets& others) {
  std::string text;
  AppendIf(text, others.plain_tcp, "of TCP without TCP/S");
  AppendIf(text, others.not_tcp, "not TCP");
  AppendIf(text, others.fragments, "IP fragments");
  AppendIf(text, others.malformed, "malformed");
  AppendIf(text, others.truncated_header, "cut off within their headers");
  return text.empty() ? text : "other packets, left as they are\n" + text;
}

ordered_json ToJson(const Statistics& seen) {
  return {
      {"packets", seen.packets},
      {"tags_valid", seen.tags_valid},
      {"tags_invalid", seen.tags_invalid},
      {"tags_unverifiable", seen.tags_unverifiable},
      {"tags_repeated", seen.tags_repeated},
      {"identity_valid", seen.identity_valid},
      {"identity_invalid", seen.identity_invalid},
      {"identity_unverifiable", seen.identity_unverifiable},
      {"identity_zero", seen.identity_zero},
      {"unprotected", seen.unprotected},
      {"truncated", seen.truncated},
      {"decrypted_bytes", seen.decrypted_bytes},
  };
}

ordered_json ToJson(const OtherPackets& others) {
  return {
      {"plain_tcp", others.plain_tcp},
      {"not_tcp", others.not_tcp},
      {"fragments", others.fragments},
      {"malformed", others.malformed},
      {"truncated_header", others.truncated_header},
  };
}

ordered_json ToJson(const Connection& connection) {
  const std::string_view arithmetic = connection.TagArithmeticFound();
  ordered_json json = {
      {"first", wire::ToString(connection.first())},
      {"second", wire::ToString(connection.second())},
      {"keys", ToString(connection.key_status())},
      {"tag_arithmetic", arithmetic.empty() ? ordered_json(nullptr) : ordered_json(arithmetic)},
  };
  json.update(ToJson(connection.statistics()));
  return json;
}

}  // namespace

bool Verified(const Decryptor& decryptor) {
  const Statistics totals = decryptor.Totals();
  return totals.tags_invalid == 0 && totals.tags_unverifiable == 0 && totals.identity_invalid == 0;
}

std::string ReportText(const Decryptor& decryptor) {
  std::string text;
  const auto connections = decryptor.Connections();
  for (const Connection* connection : connections) text += ConnectionText(*connection);
  text += OthersText(decryptor.Others());
  const Statistics totals = decryptor.Totals();
  fmt::format_to(std::back_inserter(text),
                 "connections={} packets={} tags_valid={} tags_invalid={} identity_valid={} identity_unverifiable={}\n",
                 connections.size(), totals.packets, totals.tags_valid, totals.tags_invalid, totals.identity_valid,
                 totals.identity_unverifiable);
  return text;
}

ordered_json ReportJson(const Decryptor& decryptor) {
  ordered_json connections = ordered_json::array();
  for (const Connection* connection : decryptor.Connections()) connections.push_back(ToJson(*connection));
  ordered_json totals = {{"connections", connections.size()}};
  totals.update(ToJson(decryptor.Totals()));
  return {{"connections", connections}, {"totals", totals}, {"other_packets", ToJson(decryptor.Others())}};
}

}  // namespace tcpslab::capture
