#include "reference/stack/split.h"

#include <algorithm>
#include <cstdint>

namespace tcpslab::stack {
namespace {

void Clear(wire::Segment& segment, std::uint8_t flags) { segment.flags &= static_cast<std::uint8_t>(~flags); }

}  // namespace

std::vector<Piece> Split(const wire::Segment& whole, std::size_t payload, std::size_t limit) {
  std::vector<Piece> pieces;
  for (std::size_t offset = 0; offset < payload; offset += limit) {
    Piece& piece =
        pieces.emplace_back(Piece{.segment = whole, .offset = offset, .size = std::min(limit, payload - offset)});
    piece.segment.payload = {};
    piece.segment.sequence += static_cast<std::uint32_t>(offset);
    if (offset > 0) Clear(piece.segment, wire::kCwr);  // on the first new segment (RFC 3168, section 6.1.2)
    if (offset + piece.size < payload) Clear(piece.segment, wire::kFin | wire::kPsh);
    // The pointer counts from the sequence number (RFC 9293, section 3.1), and is gone where the urgent data ends
    // before.
    if (whole.Has(wire::kUrg) && whole.urgent_pointer > offset) {
      piece.segment.urgent_pointer = static_cast<std::uint16_t>(whole.urgent_pointer - offset);
    } else {
      piece.segment.urgent_pointer = 0;
      Clear(piece.segment, wire::kUrg);
    }
  }
  return pieces;
}

}  // namespace tcpslab::stack
