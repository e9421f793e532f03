#include "reference/wire/error.h"

namespace tcpslab::wire {

std::string_view ToString(Error error) {
  switch (error) {
    case Error::kIpTruncated:
      return "ip-truncated";
    case Error::kIpVersion:
      return "ip-version";
    case Error::kIpHeaderLength:
      return "ip-header-length";
    case Error::kIpTotalLength:
      return "ip-total-length";
    case Error::kIpFragment:
      return "ip-fragment";
    case Error::kNotTcp:
      return "not-tcp";
    case Error::kTcpTruncated:
      return "tcp-truncated";
    case Error::kDataOffsetTooSmall:
      return "data-offset-too-small";
    case Error::kDataOffsetTooLarge:
      return "data-offset-too-large";
    case Error::kOptionTooShort:
      return "option-too-short";
    case Error::kOptionOverrun:
      return "option-overrun";
    case Error::kOptionsTooLong:
      return "options-too-long";
    case Error::kBufferTooSmall:
      return "buffer-too-small";
    case Error::kPacketTooLong:
      return "packet-too-long";
  }
  return "unknown";
}

}  // namespace tcpslab::wire
