#include "reference/linux/identity_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "reference/linux/private_file.h"
#include "reference/linux/write_all.h"

namespace tcpslab::linux_host {
namespace {

// The whole file: three lines, the keys as 64 lower-case hexadecimal digits in RFC 7748 byte order. The public key
// shows whether the private one is still what was written.
constexpr std::string_view kFirstLine = "tcpsd identity 1\n";
constexpr std::string_view kPrivate = "private ";
constexpr std::string_view kPublic = "\npublic ";
constexpr std::size_t kDigits = 2 * crypto::kX25519Size;
constexpr std::size_t kPrivateAt = kFirstLine.size() + kPrivate.size();
constexpr std::size_t kPublicAt = kPrivateAt + kDigits + kPublic.size();
constexpr std::size_t kSize = kPublicAt + kDigits + 1;

using Text = crypto::Secret<kSize>;

char* Characters(std::span<std::byte> bytes) { return reinterpret_cast<char*>(bytes.data()); }

void PutHex(std::span<const std::byte> key, char* digits) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
  boost::algorithm::hex_lower(bytes, bytes + key.size(), digits);
}

// Nothing if these are not digits alone.
bool GetHex(const char* digits, std::span<std::byte> key) {
  try {
    boost::algorithm::unhex(digits, digits + kDigits, reinterpret_cast<unsigned char*>(key.data()));
    return true;
  } catch (const boost::algorithm::hex_decode_error&) {
    return false;
  }
}

Text MakeText(const crypto::KeyPair& identity) {
  Text text;
  char* const characters = Characters(text.mutable_bytes());
  const auto put = [characters](std::size_t at, std::string_view words) { std::ranges::copy(words, characters + at); };
  put(0, kFirstLine);
  put(kFirstLine.size(), kPrivate);
  PutHex(identity.private_key.bytes(), characters + kPrivateAt);
  put(kPrivateAt + kDigits, kPublic);
  PutHex(identity.public_key, characters + kPublicAt);
  put(kSize - 1, "\n");
  return text;
}

std::optional<crypto::KeyPair> ParseText(Text& text) {
  const std::string_view characters(Characters(text.mutable_bytes()), kSize);
  crypto::PrivateKey private_key;
  crypto::PublicKey public_key{};
  if (!characters.starts_with(kFirstLine) || !characters.substr(kFirstLine.size()).starts_with(kPrivate) ||
      !GetHex(&characters[kPrivateAt], private_key.mutable_bytes()) ||
      !characters.substr(kPrivateAt + kDigits).starts_with(kPublic) || !GetHex(&characters[kPublicAt], public_key) ||
      characters.back() != '\n') {
    return std::nullopt;
  }
  crypto::KeyPair identity = crypto::KeyPair::FromPrivate(std::move(private_key));
  if (identity.public_key != public_key) return std::nullopt;
  return identity;
}

crypto::KeyPair Load(const std::filesystem::path& file) {
  const Descriptor opened = OpenPrivate(file, O_RDONLY);
  // One more than a whole file has, so that a longer one is noticed.
  crypto::Secret<kSize + 1> bytes;
  std::size_t size = 0;
  while (size < bytes.bytes().size()) {
    const ssize_t got = ::read(opened.get(), bytes.mutable_bytes().data() + size, bytes.bytes().size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowSystemError(file.c_str());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  Text text(bytes.bytes().first<kSize>());
  std::optional<crypto::KeyPair> identity = size == kSize ? ParseText(text) : std::nullopt;
  if (!identity) {
    throw std::runtime_error(
        fmt::format("{} is not an identity file of tcpsd, or is damaged; without it a new one is made, which the peers "
                    "will not know",
                    file.string()));
  }
  return std::move(*identity);
}

// A new file beside `file`, mode 0600, of another name; gone with this object unless it was moved.
class FreshFile {
 public:
  explicit FreshFile(const std::filesystem::path& file) : path_(file.native() + ".XXXXXX"), file_(Make()) {}
  ~FreshFile() {
    if (!moved_) ::unlink(path_.c_str());
  }
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;

  void Write(const Text& text) const {
    WriteAll(file_.get(), text.bytes(), path_.c_str());
    if (::fsync(file_.get()) != 0) ThrowSystemError(path_.c_str());
  }
  // False if there is a file of that name by now.
  bool MoveTo(const std::filesystem::path& file) {
    moved_ = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0;
    if (!moved_ && errno != EEXIST) ThrowSystemError(file.c_str());
    return moved_;
  }

 private:
  Descriptor Make() {
    const int made = ::mkostemp(path_.data(), O_CLOEXEC);
    return {made, path_.c_str()};
  }
  std::string path_;
  Descriptor file_;
  bool moved_ = false;
};

// False if there is such a file by now.
bool Store(const std::filesystem::path& file, const crypto::KeyPair& identity) {
  FreshFile fresh(file);
  fresh.Write(MakeText(identity));
  if (!fresh.MoveTo(file)) return false;
  const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), directory.c_str());
  if (::fsync(opened.get()) != 0) ThrowSystemError(directory.c_str());
  return true;
}

}  // namespace

crypto::KeyPair LoadOrCreateIdentity(const std::filesystem::path& file, crypto::Random& random) {
  struct stat facts {};
  if (::lstat(file.c_str(), &facts) != 0 && errno == ENOENT) {
    crypto::KeyPair identity = crypto::KeyPair::Generate(random);
    if (Store(file, identity)) return identity;
  }
  return Load(file);
}

}  // namespace tcpslab::linux_host
