// How the stack's types cross into Python: bytes as `bytes`, transport endpoints as ("10.0.0.1", 80), secrets as bytes
// of their exact size. Every source file of the module includes this, so that all agree.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "reference/crypto/secret.h"
#include "reference/wire/address.h"

namespace tcpslab::bindings {

namespace py = pybind11;
using ByteVector = std::vector<std::byte>;

// Anything with a contiguous buffer (bytes, bytearray, memoryview), borrowed for the length of a call.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : view_(std::exchange(other.view_, Py_buffer{})), held_(std::exchange(other.held_, false)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(view_, other.view_);
    std::swap(held_, other.held_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (held_) PyBuffer_Release(&view_);
  }

  // False if the object has no such buffer.
  bool Borrow(py::handle object) {
    held_ = PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) == 0;
    if (!held_) PyErr_Clear();
    return held_;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(view_.buf), static_cast<std::size_t>(view_.len)};
  }

 private:
  Py_buffer view_{};
  bool held_ = false;
};

inline py::bytes ToBytes(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline ByteVector ToVector(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

// Borrows exactly `size` bytes: ValueError for another number, false for what is not bytes.
inline bool BorrowExactly(Buffer& buffer, py::handle object, std::size_t size) {
  if (!buffer.Borrow(object)) return false;
  if (buffer.bytes().size() != size) {
    throw py::value_error("expected " + std::to_string(size) + " bytes, got " + std::to_string(buffer.bytes().size()));
  }
  return true;
}

}  // namespace tcpslab::bindings

namespace pybind11::detail {

template <>
struct type_caster<tcpslab::bindings::Buffer> {
  PYBIND11_TYPE_CASTER(tcpslab::bindings::Buffer, const_name("bytes"));
  bool load(handle source, bool /*convert*/) { return value.Borrow(source); }
};

template <>
struct type_caster<tcpslab::bindings::ByteVector> {
  PYBIND11_TYPE_CASTER(tcpslab::bindings::ByteVector, const_name("bytes"));
  bool load(handle source, bool /*convert*/) {
    tcpslab::bindings::Buffer buffer;
    if (!buffer.Borrow(source)) return false;
    value = tcpslab::bindings::ToVector(buffer.bytes());
    return true;
  }
  static handle cast(const tcpslab::bindings::ByteVector& bytes, return_value_policy, handle) {
    return tcpslab::bindings::ToBytes(bytes).release();
  }
};

template <std::size_t N>
struct type_caster<std::array<std::byte, N>> {
  using Bytes = std::array<std::byte, N>;
  PYBIND11_TYPE_CASTER(Bytes, const_name("bytes"));
  bool load(handle source, bool /*convert*/) {
    tcpslab::bindings::Buffer buffer;
    if (!tcpslab::bindings::BorrowExactly(buffer, source, N)) return false;
    std::ranges::copy(buffer.bytes(), value.begin());
    return true;
  }
  static handle cast(const Bytes& bytes, return_value_policy, handle) {
    return tcpslab::bindings::ToBytes(bytes).release();
  }
};

template <std::size_t N>
struct type_caster<tcpslab::crypto::Secret<N>> {
  using Bytes = tcpslab::crypto::Secret<N>;
  PYBIND11_TYPE_CASTER(Bytes, const_name("bytes"));
  bool load(handle source, bool /*convert*/) {
    tcpslab::bindings::Buffer buffer;
    if (!tcpslab::bindings::BorrowExactly(buffer, source, N)) return false;
    std::ranges::copy(buffer.bytes(), value.mutable_bytes().begin());
    return true;
  }
  static handle cast(const Bytes& secret, return_value_policy, handle) {
    return tcpslab::bindings::ToBytes(secret.bytes()).release();
  }
};

template <>
struct type_caster<tcpslab::wire::Address> {
  PYBIND11_TYPE_CASTER(tcpslab::wire::Address, const_name("str"));
  bool load(handle source, bool /*convert*/) {
    if (!isinstance<str>(source)) return false;
    const auto text = reinterpret_borrow<str>(source).cast<std::string>();
    const auto address = tcpslab::wire::ParseAddress(text);
    if (!address) throw value_error("not an IP address: " + text);
    value = *address;
    return true;
  }
  static handle cast(const tcpslab::wire::Address& address, return_value_policy, handle) {
    return str(tcpslab::wire::ToString(address)).release();
  }
};

template <>
struct type_caster<tcpslab::wire::Endpoint> {
  PYBIND11_TYPE_CASTER(tcpslab::wire::Endpoint, const_name("tuple[str, int]"));
  bool load(handle source, bool convert) {
    make_caster<std::tuple<tcpslab::wire::Address, std::uint16_t>> parts;
    if (!isinstance<tuple>(source) || !parts.load(source, convert)) return false;
    std::tie(value.address, value.port) = cast_op<std::tuple<tcpslab::wire::Address, std::uint16_t>>(std::move(parts));
    return true;
  }
  static handle cast(const tcpslab::wire::Endpoint& endpoint, return_value_policy, handle) {
    return make_tuple(endpoint.address, endpoint.port).release();
  }
};

}  // namespace pybind11::detail
