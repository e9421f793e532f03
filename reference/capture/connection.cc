#include "reference/capture/connection.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "reference/crypto/chacha20.h"
#include "reference/crypto/secret.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/options.h"

namespace tcpslab::capture {
namespace {

using tcps::SessionKeys;
using tcps::TagArithmetic;
using wire::Segment;

// Where a segment of this offset may lie, likeliest first. The position nearest to the highest valid one (readme) is in
// the same 2^32 span as that or beside it; one found by counting wraps (lkm) in the same or the next. The spans beyond
// are for captures with holes of several GiB.
std::array<std::uint64_t, 6> PositionCandidates(const tcps::NearestPosition& highest, std::uint32_t offset) {
  constexpr std::uint64_t kSpan = std::uint64_t{1} << 32;
  const std::uint64_t same = (highest.highest() & ~(kSpan - 1)) + offset;
  std::array<std::uint64_t, 6> candidates = {
      same, same + kSpan, same - kSpan, same + 2 * kSpan, same + 3 * kSpan, same + 4 * kSpan,
  };
  const auto nearest = std::ranges::find(candidates, highest.Candidate(offset));
  std::rotate(candidates.begin(), nearest, std::next(nearest));
  return candidates;
}

const crypto::ChaCha20Key& MacKey(const SessionKeys& keys, bool from_client) {
  return from_client ? keys.mac_c2s : keys.mac_s2c;
}

const crypto::ChaCha20Key& EncryptionKey(const SessionKeys& keys, bool from_client) {
  return from_client ? keys.enc_c2s : keys.enc_s2c;
}

bool CarriesStream(const Segment& segment) {
  return !segment.Has(wire::kSyn) && !segment.Has(wire::kRst) && (segment.Has(wire::kFin) || !segment.payload.empty());
}

}  // namespace

std::string_view ToString(KeyStatus status) {
  switch (status) {
    case KeyStatus::kFound:
      return "found";
    case KeyStatus::kMissing:
      return "missing";
    case KeyStatus::kNotAnswered:
      return "not-answered";
    case KeyStatus::kNotOffered:
      return "not-offered";
    case KeyStatus::kNoHandshake:
      return "no-handshake";
  }
  return "";
}

Connection::Connection(const wire::Endpoint& first, const wire::Endpoint& second) : first_(first), second_(second) {}

bool Connection::IsOpenedBy(const Segment& syn) const {
  if (FromClient(syn)) return client_stream_.initial_sequence == syn.sequence;
  if (server_stream_.initial_sequence) return server_stream_.initial_sequence == syn.sequence;
  const bool nothing_but_own_syn = syn_seen_ && statistics_.tags_valid == 0 && statistics_.unprotected == 0;
  return nothing_but_own_syn;
}

void Connection::Open(const Segment& syn, const KeyLog& key_log) {
  if (!FromClient(syn)) {
    server_stream_.initial_sequence = syn.sequence;
    return;
  }
  syn_seen_ = true;
  client_stream_.initial_sequence = syn.sequence;
  const std::optional<crypto::PublicKey> key = tcps::FindTc(syn.options);
  if (!key || std::ranges::find(client_keys_, *key) != client_keys_.end()) return;
  client_keys_.push_back(*key);
  for (const crypto::SharedSecret& shared : key_log.Ephemeral(*key)) {
    session_keys_.push_back(tcps::DeriveSessionKeys(shared));
  }
}

bool Connection::IsAnsweredBy(const Segment& syn_ack) const {
  const Stream& acknowledged = FromClient(syn_ack) ? server_stream_ : client_stream_;
  return acknowledged.initial_sequence == syn_ack.acknowledgement - 1;
}

void Connection::Answer(const Segment& syn_ack) {
  if (!roles_known()) {
    first_ = syn_ack.destination;
    second_ = syn_ack.source;
    client_stream_.initial_sequence = syn_ack.acknowledgement - 1;
  }
  if (FromClient(syn_ack)) return;  // simultaneous open
  if (!server_stream_.proven) server_stream_.initial_sequence = syn_ack.sequence;
  // The upstream module answers a repeated SYN without TC, so one answer with TC is enough.
  if (tcps::FindTc(syn_ack.options)) answered_with_tc_ = true;
}

void Connection::Count(const Segment& segment, const KeyLog& key_log) {
  ++statistics_.packets;
  const bool tagged = tcps::FindTm(segment.options).has_value();
  if (tagged || tcps::FindTc(segment.options)) speaks_tcps_ = true;
  if (!tagged && CarriesStream(segment)) ++statistics_.unprotected;
  CountIdentity(segment, key_log);
}

bool Connection::Verify(const Segment& segment, const crypto::Tag& tag) {
  const std::optional<std::uint64_t> position = FindPosition(segment, tag);
  if (!position) return false;
  Stream& stream = StreamOf(segment);
  stream.position.Commit(*position);
  stream.proven = true;
  stream.last_sequence = segment.sequence;
  stream.last_tag = tag;
  ++statistics_.tags_valid;
  Decrypt(segment, *position, segment.payload.size());
  return true;
}

bool Connection::DecryptUnverified(const Segment& segment, const crypto::Tag& tag, std::size_t held) {
  Stream& stream = StreamOf(segment);
  const bool have_keys = !session_keys_.empty() && stream.initial_sequence;
  const bool judged = have_keys && held == segment.payload.size();
  ++(judged ? statistics_.tags_invalid : statistics_.tags_unverifiable);
  if (judged && stream.last_tag == tag && stream.last_sequence != segment.sequence) ++statistics_.tags_repeated;
  stream.last_sequence = segment.sequence;
  stream.last_tag = tag;
  if (have_keys) {
    const std::uint32_t offset = tcps::StreamOffset(segment.sequence, *stream.initial_sequence);
    Decrypt(segment, stream.position.Candidate(offset), held);
  }
  return judged;
}

KeyStatus Connection::key_status() const {
  if (!session_keys_.empty()) return KeyStatus::kFound;
  if (!syn_seen_) return KeyStatus::kNoHandshake;
  if (client_keys_.empty()) return KeyStatus::kNotOffered;
  if (!answered_with_tc_ && statistics_.tags_unverifiable == 0) return KeyStatus::kNotAnswered;
  return KeyStatus::kMissing;
}

std::string_view Connection::TagArithmeticFound() const {
  if (standard_found_ && lkm_found_) return "both";
  if (standard_found_) return tcps::ToString(TagArithmetic::kStandard);
  if (lkm_found_) return tcps::ToString(TagArithmetic::kLkm);
  return "";
}

std::optional<std::uint64_t> Connection::FindPosition(const Segment& segment, const crypto::Tag& tag) {
  const Stream& stream = StreamOf(segment);
  if (!stream.initial_sequence) return std::nullopt;
  const auto candidates =
      PositionCandidates(stream.position, tcps::StreamOffset(segment.sequence, *stream.initial_sequence));
  for (auto keys = session_keys_.begin(); keys != session_keys_.end(); ++keys) {
    const crypto::ChaCha20Key& mac_key = MacKey(*keys, FromClient(segment));
    for (auto arithmetic = arithmetics_.begin(); arithmetic != arithmetics_.end(); ++arithmetic) {
      for (const std::uint64_t position : candidates) {
        const crypto::Tag expected = tcps::PacketTag(*arithmetic, mac_key, position, segment.flags, segment.payload);
        if (!crypto::ConstantTimeEqual(expected, tag)) continue;
        (*arithmetic == TagArithmetic::kStandard ? standard_found_ : lkm_found_) = true;
        std::iter_swap(arithmetics_.begin(), arithmetic);
        std::iter_swap(session_keys_.begin(), keys);
        return position;
      }
    }
  }
  return std::nullopt;
}

void Connection::Decrypt(const Segment& segment, std::uint64_t position, std::size_t held) {
  const crypto::ChaCha20Key& key = EncryptionKey(session_keys_.front(), FromClient(segment));
  crypto::XorKeystream(key, position, segment.payload.first(held));
  statistics_.decrypted_bytes += held;
}

void Connection::CountIdentity(const Segment& segment, const KeyLog& key_log) {
  const std::optional<tcps::Identity> identity = tcps::FindTi(segment.options);
  if (!identity) return;
  speaks_tcps_ = true;
  // The other party of the proof may not show its key in this capture, so every secret of the sender counts.
  const std::span<const crypto::SharedSecret> secrets = key_log.Static(identity->key);
  if (secrets.empty() || !roles_known()) {
    ++statistics_.identity_unverifiable;
    return;
  }
  if (tcps::IsZero(identity->proof)) {
    ++statistics_.identity_zero;
    return;
  }
  const bool valid = std::ranges::any_of(secrets, [&](const crypto::SharedSecret& shared) {
    const tcps::AuthTag expected = tcps::ComputeAuthTag(shared, *client_stream_.initial_sequence);
    return crypto::ConstantTimeEqual(expected, identity->proof);
  });
  ++(valid ? statistics_.identity_valid : statistics_.identity_invalid);
}

}  // namespace tcpslab::capture
