#include "reference/tcps/options.h"

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <utility>

namespace tcpslab::tcps {
namespace {

using enum Deviation;
using Magic = std::array<std::byte, 2>;
constexpr Magic kTcMagic = {std::byte{'T'}, std::byte{'C'}};
constexpr Magic kTmMagic = {std::byte{'T'}, std::byte{'M'}};
constexpr Magic kTiMagic = {std::byte{'T'}, std::byte{'I'}};

constexpr std::size_t kMssSize = 4;
constexpr std::uint16_t kMssRoom = kTmSize;  // by which an MSS is lowered, so that TM fits

std::span<std::byte> PutPrefix(std::span<std::byte> option, const Magic& magic) {
  option[0] = std::byte{wire::kExperiment253};
  option[1] = static_cast<std::byte>(option.size());
  std::ranges::copy(magic, option.begin() + 2);
  return option.subspan(kOptionPrefixSize);
}

bool HasPrefix(std::span<const std::byte> bytes, std::size_t length, const Magic& magic) {
  return bytes.size() >= kOptionPrefixSize && bytes[0] == std::byte{wire::kExperiment253} &&
         std::to_integer<std::size_t>(bytes[1]) == length && std::ranges::equal(bytes.subspan(2, magic.size()), magic);
}

// The body behind the magic of the first option of that length and magic; empty if there is none.
// TCPS-OPT-01, TCPS-OPT-02, TCPS-OPT-03, TCPS-OPT-04, TCPS-OPT-05, TCPS-OPT-08, TCPS-OPT-09
std::span<const std::byte> FindBody(const wire::OptionArea& options, std::size_t length, const Magic& magic) {
  for (const wire::OptionView option : options) {
    if (option.bytes().size() == length && HasPrefix(option.bytes(), length, magic)) {
      return option.bytes().subspan(kOptionPrefixSize);
    }
  }
  return {};
}

crypto::PublicKey KeyAt(std::span<const std::byte> bytes) {
  crypto::PublicKey key;
  std::ranges::copy(bytes.first(key.size()), key.begin());
  return key;
}

}  // namespace

// TCPS-OPT-06
std::optional<crypto::PublicKey> FindTc(const wire::OptionArea& options, const Deviations& deviations) {
  if (deviations.Has(kScanForTc)) {
    for (std::span<const std::byte> rest = options.bytes(); rest.size() >= kTcSize; rest = rest.subspan(1)) {
      if (HasPrefix(rest, kTcSize, kTcMagic)) return KeyAt(rest.subspan(kOptionPrefixSize));
    }
  }
  for (const wire::OptionView option : options) {
    const std::span<const std::byte> bytes = option.bytes();
    const bool length_fits = bytes.size() == kTcSize || (bytes.size() > kTcSize && deviations.Has(kIgnoreTcLength));
    if (option.kind() != wire::kExperiment253 || !length_fits) continue;
    const bool magic_fits = HasPrefix(bytes, bytes.size(), kTcMagic) || deviations.Has(kIgnoreTcMagic);
    const bool place_fits = option.offset() == kMssSize || !deviations.Has(kExpectTcAfterMss);
    if (magic_fits && place_fits) return KeyAt(bytes.subspan(kOptionPrefixSize));
  }
  return std::nullopt;
}

// TCPS-OPT-07
std::optional<crypto::Tag> FindTm(const wire::OptionArea& options) {
  const std::span<const std::byte> body = FindBody(options, kTmSize, kTmMagic);
  if (body.empty()) return std::nullopt;
  crypto::Tag tag;
  std::ranges::copy(body, tag.begin());
  return tag;
}

std::optional<Identity> FindTi(const wire::OptionArea& options) {
  const std::span<const std::byte> body = FindBody(options, kTiSize, kTiMagic);
  if (body.empty()) return std::nullopt;
  Identity identity{.key = KeyAt(body), .proof = {}};
  std::ranges::copy(body.subspan(crypto::kX25519Size), identity.proof.begin());
  return identity;
}

// TCPS-OPT-10
std::optional<crypto::PublicKey> FindTcPastEnd(const wire::OptionArea& options, std::span<const std::byte> payload) {
  std::size_t end = 0;  // where the well-formed options stop
  for (const wire::OptionView option : options) end = option.offset() + option.bytes().size();
  const std::span<const std::byte> rest = options.bytes().subspan(end);
  if (!HasPrefix(rest, kTcSize, kTcMagic)) return std::nullopt;
  crypto::PublicKey key{};
  const std::span<const std::byte> in_header = rest.subspan(kOptionPrefixSize);
  const auto next = std::ranges::copy(in_header.first(std::min(in_header.size(), key.size())), key.begin()).out;
  const auto missing = static_cast<std::size_t>(key.end() - next);
  std::ranges::copy(payload.first(std::min(missing, payload.size())), next);
  return key;
}

// TCPS-TC-06, TCPS-TC-07, TCPS-TC-08, TCPS-TC-09, TCPS-TC-10
wire::OptionArea MakeSynOptions(const wire::OptionArea& present, const crypto::PublicKey& key,
                                const Deviations& deviations) {
  std::array<std::byte, kTcSize> tc{};
  std::ranges::copy(key, PutPrefix(tc, deviations.Has(kWrongTcMagic) ? kTmMagic : kTcMagic).begin());
  if (deviations.Has(kReverseKeys)) std::ranges::reverse(std::span(tc).subspan(kOptionPrefixSize));

  wire::OptionArea options;
  if (deviations.Has(kTcBeforeKeptOption)) static_cast<void>(options.Append(tc));
  std::array kinds = {wire::kMaximumSegmentSize, wire::kSackPermitted, wire::kWindowScale};
  if (deviations.Has(kPreferSackPermitted)) std::swap(kinds[0], kinds[1]);
  for (const std::uint8_t kind : kinds) {
    const std::optional<wire::OptionView> kept = present.Find(kind);
    if (!kept) continue;
    std::array<std::byte, kMssSize> bytes{};
    const std::size_t size = kept->bytes().size();
    if (size > bytes.size()) continue;  // no option of these kinds is longer; it would not fit beside TC
    std::ranges::copy(kept->bytes(), bytes.begin());
    if (kind == wire::kMaximumSegmentSize && size == bytes.size() && !deviations.Has(kKeepMss)) {
      auto* value = reinterpret_cast<unsigned char*>(&bytes[2]);
      const std::uint16_t mss = boost::endian::load_big_u16(value);
      // TCPS-MSS-01, TCPS-MSS-02
      if (mss > kMssRoom) boost::endian::store_big_u16(value, static_cast<std::uint16_t>(mss - kMssRoom));
    }
    static_cast<void>(options.Append(std::span(bytes).first(size)));
    break;
  }
  // At most 4 bytes stand before it.
  if (!deviations.Has(kTcBeforeKeptOption)) static_cast<void>(options.Append(tc));
  options.PadWithNop();
  return options;
}

void RaiseMss(wire::OptionArea& options) {
  const std::optional<wire::OptionView> present = options.Find(wire::kMaximumSegmentSize);
  if (!present || present->bytes().size() != kMssSize) return;
  std::array<std::byte, kMssSize> bytes{};
  std::ranges::copy(present->bytes(), bytes.begin());
  auto* value = reinterpret_cast<unsigned char*>(&bytes[2]);
  boost::endian::store_big_u16(value, static_cast<std::uint16_t>(boost::endian::load_big_u16(value) + kMssRoom));
  options.Remove(wire::kMaximumSegmentSize);
  static_cast<void>(options.Append(bytes));
}

// TCPS-OPT-12, TCPS-TM-01, TCPS-TM-02
bool AppendTm(wire::OptionArea& options, const crypto::Tag& tag) {
  std::array<std::byte, kTmSize> tm{};
  std::ranges::copy(tag, PutPrefix(tm, kTmMagic).begin());
  return options.Append(tm).has_value();
}

// TCPS-TI-01, TCPS-TI-03
wire::OptionArea MakeTiOptions(const Identity& identity) {
  std::array<std::byte, kTiSize> ti{};
  const std::span<std::byte> body = PutPrefix(ti, kTiMagic);
  std::ranges::copy(identity.key, body.begin());
  std::ranges::copy(identity.proof, body.subspan(crypto::kX25519Size).begin());
  return *wire::OptionArea::FromBytes(ti);
}

}  // namespace tcpslab::tcps
