// The parts of the extension module tcpslab._core; each adds its names to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace tcpslab::bindings {

void AddWire(pybind11::module_& module);
void AddTcpsOptions(pybind11::module_& module);
void AddCrypto(pybind11::module_& module);
void AddHostValues(pybind11::module_& module);
void AddEndpoint(pybind11::module_& module);
void AddPair(pybind11::module_& module);

}  // namespace tcpslab::bindings
