// What a capture held, in numbers.
#pragma once

#include <cstdint>

namespace tcpslab::capture {

// Of one connection, or summed over several. "Tagged" is a segment with TM, "identity tag" the proof in a TI.
struct Statistics {
  std::uint64_t packets = 0;
  std::uint64_t tags_valid = 0;
  std::uint64_t tags_invalid = 0;
  std::uint64_t tags_unverifiable = 0;  // keys or initial sequence number unknown, or the segment is cut off
  // Of the invalid ones, those that repeat the tag of the segment before them: bursts that were tagged whole and cut by
  // segmentation offload afterwards (spec tcps-wire.md, section 8).
  std::uint64_t tags_repeated = 0;
  std::uint64_t identity_valid = 0;
  std::uint64_t identity_invalid = 0;
  std::uint64_t identity_unverifiable =
      0;  // no static secret of the sender, or client's initial sequence number unknown
  // All-zero proofs of a sender with a known static secret: it did not know its peer yet and claims nothing, so there
  // is nothing to verify. (Without the secret every proof counts as unverifiable.)
  std::uint64_t identity_zero = 0;
  std::uint64_t unprotected = 0;  // segments with payload or FIN, but without TM
  std::uint64_t truncated = 0;    // segments whose end the capture does not hold
  std::uint64_t decrypted_bytes = 0;

  Statistics& operator+=(const Statistics& other);
};

// Packets that belong to no TCP/S connection.
struct OtherPackets {
  std::uint64_t not_tcp = 0;  // nor IP, perhaps
  std::uint64_t fragments = 0;
  std::uint64_t malformed = 0;         // no valid IP or TCP header
  std::uint64_t truncated_header = 0;  // the capture ends within the TCP header
  std::uint64_t plain_tcp = 0;         // TCP connections without any option of TCP/S
};

}  // namespace tcpslab::capture
