#include "reference/linux/log_lines.h"

#include <fmt/format.h>

#include <string_view>

#include "reference/tcps/identity.h"

namespace tcpslab::linux_host {
namespace {

using stack::Event;
using stack::EventKind;
using Lines = std::vector<LogLine>;

LogLine Info(std::string text) { return {spdlog::level::info, std::move(text)}; }
LogLine Warning(std::string text) { return {spdlog::level::warn, std::move(text)}; }

// The module's lines of dropped segments do not say whose they were.
Lines WithFlow(std::string module_line, const Event& event) {
  return {Warning(std::move(module_line)), {spdlog::level::debug, "the segment was of " + ToString(event.flow)}};
}

// TCPS-LOG-05. The engine's details: "static key mismatch for peer <ip>: expected <fp>, got <fp>", "auth_tag mismatch
// for peer <ip>".
Lines OfMismatch(const Event& event, bool tofu_enforce) {
  static constexpr std::string_view kKeys = ": expected ";
  Lines lines;
  const std::string& detail = event.detail;
  if (const std::size_t keys = detail.find(kKeys); keys != std::string::npos) {
    lines.push_back(Warning("MITM detected! S" + detail.substr(1, keys - 1)));
    lines.push_back(Warning("expected " + detail.substr(keys + kKeys.size())));
  } else {
    lines.push_back(Warning("MITM detected! " + detail));
  }
  if (tofu_enforce) {
    lines.push_back(Warning(
        fmt::format("dropping packet from {} - TOFU verification failed", ToString(event.flow.remote.address))));
  }
  return lines;
}

// `outcome` says what becomes of the connection, which the module leaves out.
Lines OfMissingOffer(const Event& event, LogLine outcome) {
  if (event.detail == "SYN-ACK without TC") return {Warning("SYN+ACK in without TCPS option"), std::move(outcome)};
  return {std::move(outcome)};
}

}  // namespace

Lines LinesOf(const Event& event, bool tofu_enforce) {
  const std::string flow = ToString(event.flow);
  const std::string remote = ToString(event.flow.remote.address);
  const std::string& detail = event.detail;
  switch (event.kind) {
    case EventKind::kEncrypted:  // TCPS-LOG-03
      return {Info(fmt::format("encrypted session {} (ECDH+AEAD)", flow))};
    case EventKind::kAuthenticated:  // TCPS-LOG-04
      return {Info(fmt::format("session authenticated {} (TOFU+auth_tag)", flow))};
    case EventKind::kPeerNew:  // TCPS-LOG-04; the detail is "<ip> fingerprint <fp>"
      return {Info(fmt::format("TOFU: new peer {}", detail))};
    case EventKind::kMitmSuspected:
      return OfMismatch(event, tofu_enforce);
    case EventKind::kDowngradeRefused:
      return OfMissingOffer(event, Warning(fmt::format("session refused {} ({})", flow, detail)));
    case EventKind::kFellBack:
      return OfMissingOffer(event, Info(fmt::format("session not encrypted {} ({})", flow, detail)));
    case EventKind::kTagMissing:  // TCPS-LOG-06
      return WithFlow("no MAC option, dropping", event);
    case EventKind::kTagInvalid:  // TCPS-LOG-06
      return WithFlow("MAC verification failed, dropping", event);
    case EventKind::kNoRoom:
      return WithFlow("failed to add MAC option, dropping", event);
    case EventKind::kResetIgnored:
      return {Info(fmt::format("RST in on encrypted session {}, dropping", flow))};
    case EventKind::kTableFull:
      return {Warning(fmt::format("connection limit reached, no room for {}", flow))};
    case EventKind::kMalformedOption:
      return {Warning(fmt::format("malformed option from {} ignored ({})", remote, detail))};
    case EventKind::kLowOrderKey:
      if (detail == "TI") return {Warning(fmt::format("auth_tag DH failed for {}", remote))};
      return WithFlow("ECDH shared secret invalid, aborting session", event);
    case EventKind::kBlocked:
      return {Warning(fmt::format("session blocked {}, dropping all of it", flow))};
    case EventKind::kFlowExpired:
      return {Info(fmt::format("session idle for too long {}", flow))};
    case EventKind::kBlockedSetFull:
      return {Warning(fmt::format("too many blocked sessions, forgetting {}", flow))};
    case EventKind::kTiConflict:  // the detail is the fingerprint
      return {Warning(fmt::format("TI option with other static key {} ignored {}", detail, flow))};
    case EventKind::kTiOutOfWindow:
      return {Warning(fmt::format("TI option out of window ignored {}", flow))};
  }
  return {};
}

// TCPS-LOG-04
LogLine LineOfIdentitySent(const stack::Flow& flow) { return Info("TI option sent " + ToString(flow)); }

// TCPS-LOG-01, TCPS-LOG-02
Lines LinesAtStart(tcps::Dialect dialect, const crypto::PublicKey& identity) {
  const std::string_view agreement = dialect == tcps::Dialect::kLkm ? "ECDH (X25519)" : "ECDH";
  return {Info(fmt::format("module loaded, {} + ChaCha20-Poly1305 + TOFU active", agreement)),
          Info("identity fingerprint: " + tcps::Fingerprint(identity))};
}

LogLine LineAtEnd() { return Info("module unloaded"); }

}  // namespace tcpslab::linux_host
