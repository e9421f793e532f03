#include "bindings/core/errors.h"

#include "bindings/core/casters.h"

namespace tcpslab::bindings {
namespace {

// The classes are Python's own, found when needed: nothing of ours outlives the interpreter.
[[noreturn]] void Raise(const char* type_name, std::string_view name) {
  const py::object type = py::module_::import("tcpslab.errors").attr(type_name);
  PyErr_SetObject(type.ptr(), type(name).ptr());
  throw py::error_already_set();
}

}  // namespace

void RaiseWireError(wire::Error error) { Raise("WireError", wire::ToString(error)); }
void RaiseProtocolError(std::string_view name) { Raise("ProtocolError", name); }

}  // namespace tcpslab::bindings
