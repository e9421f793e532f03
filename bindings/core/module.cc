#include "bindings/core/module.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The reference stack. Use it through tcpslab.wire, tcpslab.crypto and tcpslab.stack.";
  tcpslab::bindings::AddWire(module);
  tcpslab::bindings::AddTcpsOptions(module);
  tcpslab::bindings::AddCrypto(module);
  tcpslab::bindings::AddHostValues(module);
  tcpslab::bindings::AddEndpoint(module);
  tcpslab::bindings::AddPair(module);
}
