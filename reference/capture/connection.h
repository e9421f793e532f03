// One TCP connection as a capture shows it: what its handshake says about keys, and the segments opened with them.
//
// Neither the dialect nor the number of 2^32 boundaries passed stands on the wire, so a segment is tried under both tag
// arithmetics and at every stream position that either dialect's rule may have given it; a tag of 128 bits tells which
// was right. State moves only with a valid tag.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "reference/capture/key_log.h"
#include "reference/capture/statistics.h"
#include "reference/tcps/key_schedule.h"
#include "reference/tcps/packet_mac.h"
#include "reference/tcps/stream_position.h"
#include "reference/wire/segment.h"

namespace tcpslab::capture {

// Whether the segments of a connection can be opened.
enum class KeyStatus : std::uint8_t {
  kFound,        // the key log has a secret of its client's key
  kMissing,      // it has none
  kNotAnswered,  // no SYN-ACK carries TC, no segment TM: the connection fell back to plaintext, or never came about
  kNotOffered,   // the SYN carries no TC
  kNoHandshake,  // the capture begins after the SYN
};
std::string_view ToString(KeyStatus status);  // "found", "missing", "not-answered", "not-offered", "no-handshake"

class Connection {
 public:
  // `first` sent the first packet seen.
  Connection(const wire::Endpoint& first, const wire::Endpoint& second);

  // Handshake. Whether a SYN belongs to this connection: its own again, or the second one of a simultaneous open.
  [[nodiscard]] bool IsOpenedBy(const wire::Segment& syn) const;
  void Open(const wire::Segment& syn, const KeyLog& key_log);
  // Whether a SYN-ACK acknowledges a SYN of this connection.
  [[nodiscard]] bool IsAnsweredBy(const wire::Segment& syn_ack) const;
  // Teaches the roles, too, if the SYN was not seen.
  void Answer(const wire::Segment& syn_ack);

  // Every segment of the connection: counts it, and verifies the proof of a TI against the static secrets of its
  // sender.
  void Count(const wire::Segment& segment, const KeyLog& key_log);
  // True if `tag` is valid for `segment`, whose payload is decrypted then.
  bool Verify(const wire::Segment& segment, const crypto::Tag& tag);
  // A tagged segment that Verify refused, or of whose payload the capture holds the first `held` bytes only. If there
  // are keys these are decrypted, at the likeliest position. Counts the tag as invalid: true; or, if there are no keys
  // or the segment is cut off, as unverifiable: false.
  bool DecryptUnverified(const wire::Segment& segment, const crypto::Tag& tag, std::size_t held);
  void CountTruncated() { ++statistics_.truncated; }

  [[nodiscard]] const wire::Endpoint& first() const { return first_; }  // the client, once that is known
  [[nodiscard]] const wire::Endpoint& second() const { return second_; }
  [[nodiscard]] bool roles_known() const { return client_stream_.initial_sequence.has_value(); }
  // An option of TCP/S was seen.
  [[nodiscard]] bool speaks_tcps() const { return speaks_tcps_; }
  [[nodiscard]] KeyStatus key_status() const;
  // "standard", "lkm", "both", or empty while no tag was valid.
  [[nodiscard]] std::string_view TagArithmeticFound() const;
  [[nodiscard]] const Statistics& statistics() const { return statistics_; }

 private:
  // One direction.
  struct Stream {
    std::optional<std::uint32_t> initial_sequence;
    tcps::NearestPosition position;   // of valid tags
    bool proven = false;              // some tag was valid, so initial_sequence is right
    std::uint32_t last_sequence = 0;  // of the last tagged segment
    std::optional<crypto::Tag> last_tag;
  };

  [[nodiscard]] bool FromClient(const wire::Segment& segment) const { return segment.source == first_; }
  Stream& StreamOf(const wire::Segment& segment) { return FromClient(segment) ? client_stream_ : server_stream_; }
  // Finds position, keys and arithmetic; moves the latter two to the front of their lists, to be tried first from now.
  std::optional<std::uint64_t> FindPosition(const wire::Segment& segment, const crypto::Tag& tag);
  void Decrypt(const wire::Segment& segment, std::uint64_t position, std::size_t held);
  void CountIdentity(const wire::Segment& segment, const KeyLog& key_log);

  wire::Endpoint first_;
  wire::Endpoint second_;
  bool speaks_tcps_ = false;
  bool syn_seen_ = false;
  bool answered_with_tc_ = false;
  Stream client_stream_;  // from first_
  Stream server_stream_;
  std::vector<crypto::PublicKey> client_keys_;  // of its SYNs: more than one if an attacker replaced the first
  std::vector<tcps::SessionKeys> session_keys_;
  std::array<tcps::TagArithmetic, 2> arithmetics_ = {tcps::TagArithmetic::kStandard, tcps::TagArithmetic::kLkm};
  bool standard_found_ = false;
  bool lkm_found_ = false;
  Statistics statistics_;
};

}  // namespace tcpslab::capture
