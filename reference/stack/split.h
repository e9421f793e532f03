// A segment that is too long for its path, as TCP would have sent it in several.
#pragma once

#include <cstddef>
#include <vector>

#include "reference/wire/segment.h"

namespace tcpslab::stack {

struct Piece {
  wire::Segment segment;   // without its payload, which the caller gives it
  std::size_t offset = 0;  // of that payload in the whole one, bytes
  std::size_t size = 0;
};

// The pieces in order, none with more than `limit` > 0 bytes of payload. `whole` has no SYN; `payload` says how long
// its payload is, which need not be there.
std::vector<Piece> Split(const wire::Segment& whole, std::size_t payload, std::size_t limit);

}  // namespace tcpslab::stack
