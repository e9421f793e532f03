#include "reference/capture/key_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <optional>

namespace tcpslab::capture {
namespace {

using Bytes = crypto::Secret<crypto::kX25519Size>;

constexpr std::string_view kEphemeralName = "TCPS_EPHEMERAL_SECRET";
constexpr std::string_view kStaticName = "TCPS_STATIC_SECRET";

std::vector<std::string_view> Fields(std::string_view line) {
  std::vector<std::string_view> fields;
  const auto blank = [](char character) { return character == ' ' || character == '\t'; };
  boost::algorithm::split(fields, line, blank, boost::algorithm::token_compress_on);
  return fields;
}

// Nothing unless `text` is exactly 32 bytes in hex.
std::optional<Bytes> FromHex(std::string_view text) {
  if (text.size() != 2 * Bytes::kSize || !std::ranges::all_of(text, boost::algorithm::is_xdigit())) return std::nullopt;
  Bytes bytes;
  boost::algorithm::unhex(text.begin(), text.end(), reinterpret_cast<unsigned char*>(bytes.mutable_bytes().data()));
  return bytes;
}

// The values behind the name of a line, which must be `count`; else the reason why they are not.
tl::expected<std::vector<Bytes>, std::string> Values(std::span<const std::string_view> fields, std::size_t count) {
  if (fields.size() - 1 != count) {
    return tl::unexpected(fmt::format("{} takes {} values, here are {}", fields[0], count, fields.size() - 1));
  }
  std::vector<Bytes> values;
  for (std::size_t i = 1; i <= count; ++i) {
    std::optional<Bytes> value = FromHex(fields[i]);
    if (!value) return tl::unexpected(fmt::format("{}: value {} is not 32 bytes in hex", fields[0], i));
    values.push_back(std::move(*value));
  }
  return values;
}

crypto::PublicKey ToPublicKey(const Bytes& bytes) {
  crypto::PublicKey key;
  std::ranges::copy(bytes.bytes(), key.begin());
  return key;
}

}  // namespace

tl::expected<KeyLog, KeyLogError> KeyLog::Parse(std::string_view text) {
  KeyLog log;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = boost::algorithm::trim_copy(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::vector<std::string_view> fields = Fields(line);
    const std::string_view name = fields.front();
    if (name != kEphemeralName && name != kStaticName) continue;

    const auto values = Values(fields, name == kEphemeralName ? 2 : 3);
    if (!values) return tl::unexpected(KeyLogError{.line = number, .reason = values.error()});
    const crypto::SharedSecret& shared = values->back();
    Secrets& secrets = name == kEphemeralName ? log.ephemeral_ : log.static_;
    for (std::size_t i = 0; i + 1 < values->size(); ++i) Add(secrets, ToPublicKey((*values)[i]), shared);
  }
  return log;
}

std::span<const crypto::SharedSecret> KeyLog::Ephemeral(const crypto::PublicKey& client_key) const {
  return Find(ephemeral_, client_key);
}

std::span<const crypto::SharedSecret> KeyLog::Static(const crypto::PublicKey& identity) const {
  return Find(static_, identity);
}

void KeyLog::Add(Secrets& secrets, const crypto::PublicKey& key, const crypto::SharedSecret& shared) {
  std::vector<crypto::SharedSecret>& known = secrets[key];
  // Both ends of a connection log the same line.
  const bool present = std::ranges::any_of(
      known, [&](const auto& other) { return crypto::ConstantTimeEqual(other.bytes(), shared.bytes()); });
  if (!present) known.push_back(shared.Clone());
}

std::span<const crypto::SharedSecret> KeyLog::Find(const Secrets& secrets, const crypto::PublicKey& key) {
  const auto found = secrets.find(key);
  if (found == secrets.end()) return {};
  return found->second;
}

}  // namespace tcpslab::capture
