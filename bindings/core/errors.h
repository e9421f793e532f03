// Error values of the stack as Python exceptions: tcpslab.errors.WireError and ProtocolError, which carry the name.
#pragma once

#include <string_view>
#include <utility>

#include "reference/wire/error.h"

namespace tcpslab::bindings {

[[noreturn]] void RaiseWireError(wire::Error error);
// `name` is that of the event which a protocol endpoint reports for the same defect.
[[noreturn]] void RaiseProtocolError(std::string_view name);

// The value, or its error as an exception.
template <class T>
T ValueOrRaise(wire::Result<T> result) {
  if (!result) RaiseWireError(result.error());
  return std::move(*result);
}

}  // namespace tcpslab::bindings
