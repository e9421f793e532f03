#include "reference/linux/flow_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string_view>

#include "reference/crypto/random.h"
#include "reference/linux/private_file.h"
#include "reference/linux/write_all.h"

namespace tcpslab::linux_host {
namespace {

using stack::Flow;
using wire::Address;

// The file begins with these words, filled up with zeros to the size of a record; the number is the format's version.
constexpr std::string_view kHeader = "tcpsd flow journal 1\n";

enum class Change : std::uint8_t { kAdd = 1, kRemove = 2 };

// A record's fields, at these offsets. Numbers are big-endian; an IPv4 address is followed by zeros.
constexpr std::size_t kChange = 0;
constexpr std::size_t kRole = 1;
constexpr std::size_t kFamily = 2;  // 4 or 6
constexpr std::size_t kLocal = 4;   // address and port
constexpr std::size_t kRemote = 22;
constexpr std::size_t kChecksum = 40;  // CRC-32 of all before it
constexpr std::size_t kRecordSize = 44;

// Below this many records a rewrite is not worth it.
constexpr std::size_t kSmallFile = 8192;

using Record = std::array<std::byte, kRecordSize>;

std::uint32_t ChecksumOf(std::span<const std::byte> record) {
  boost::crc_32_type checksum;
  checksum.process_bytes(record.data(), kChecksum);
  return checksum.checksum();
}

unsigned char* Raw(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
const unsigned char* Raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

void PutEndpoint(std::span<std::byte> place, const wire::Endpoint& endpoint) {
  std::ranges::copy(endpoint.address.bytes(), place.begin());
  boost::endian::store_big_u16(Raw(place.subspan(Address::kIpv6Size)), endpoint.port);
}

wire::Endpoint GetEndpoint(std::span<const std::byte> place, bool ipv6) {
  return {.address = ipv6 ? Address::Ipv6(place.first<Address::kIpv6Size>())
                          : Address::Ipv4(place.first<Address::kIpv4Size>()),
          .port = boost::endian::load_big_u16(Raw(place.subspan(Address::kIpv6Size)))};
}

Record MakeRecord(Change change, const Flow& flow) {
  Record record{};
  const std::span<std::byte> all(record);
  record[kChange] = static_cast<std::byte>(change);
  record[kRole] = static_cast<std::byte>(flow.role);
  record[kFamily] = flow.local.address.family() == wire::Family::kIpv6 ? std::byte{6} : std::byte{4};
  PutEndpoint(all.subspan(kLocal), flow.local);
  PutEndpoint(all.subspan(kRemote), flow.remote);
  boost::endian::store_big_u32(Raw(all.subspan(kChecksum)), ChecksumOf(record));
  return record;
}

struct Entry {
  Change change;
  Flow flow;
};

// Nothing if the record is damaged.
std::optional<Entry> ReadRecord(std::span<const std::byte> record) {
  const auto number = [record](std::size_t at) { return std::to_integer<unsigned>(record[at]); };
  const bool ipv6 = number(kFamily) == 6;
  if (boost::endian::load_big_u32(Raw(record.subspan(kChecksum))) != ChecksumOf(record) ||
      (number(kChange) != 1 && number(kChange) != 2) || number(kRole) > 2 || (!ipv6 && number(kFamily) != 4)) {
    return std::nullopt;
  }
  return Entry{.change = static_cast<Change>(number(kChange)),
               .flow = {.local = GetEndpoint(record.subspan(kLocal), ipv6),
                        .remote = GetEndpoint(record.subspan(kRemote), ipv6),
                        .role = static_cast<stack::Role>(number(kRole))}};
}

stack::FlowHash MakeHash() {
  crypto::SystemRandom random;
  return stack::FlowHash(random);
}

std::vector<std::byte> ReadAll(const std::filesystem::path& file) {
  const Descriptor opened = OpenPrivate(file, O_RDONLY | O_CREAT);
  std::vector<std::byte> bytes;
  std::array<std::byte, 65536> chunk{};
  while (true) {
    const ssize_t size = ::read(opened.get(), chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) ThrowSystemError(file.c_str());
    if (size == 0) return bytes;
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + size);
  }
}

std::filesystem::path WithSuffix(std::filesystem::path path, std::string_view suffix) { return path += suffix; }

}  // namespace

FlowJournal::FlowJournal(const std::filesystem::path& file, spdlog::logger& log)
    : path_(file), health_("flow journal " + file.string(), log), flows_(0, MakeHash()) {
  // The journal itself is replaced from time to time, so that a lock on it would not last.
  const std::filesystem::path lock = WithSuffix(path_, ".lock");
  lock_ = OpenPrivate(lock, O_RDWR | O_CREAT);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) throw std::runtime_error(fmt::format("{} is in use by another tcpsd", path_.string()));
    ThrowSystemError(lock.c_str());
  }
  if (const std::size_t damaged = Read(); damaged > 0) {
    log.warn("flow journal {}: {} damaged records left out", path_.string(), damaged);
  }
  Compact();
}

std::vector<Flow> FlowJournal::flows() const {
  const std::lock_guard lock(mutex_);
  std::vector<Flow> all;
  all.reserve(flows_.size());
  for (const auto& [key, flow] : flows_) all.push_back(flow);
  return all;
}

void FlowJournal::Add(const Flow& flow) {
  const std::lock_guard lock(mutex_);
  Flow& known = flows_[{flow.local, flow.remote}];
  if (known.local == flow.local && known.remote == flow.remote && known.role == flow.role) return;
  known = flow;
  Append(MakeRecord(Change::kAdd, flow));
}

void FlowJournal::Remove(const Flow& flow) {
  const std::lock_guard lock(mutex_);
  if (flows_.erase({flow.local, flow.remote}) > 0) Append(MakeRecord(Change::kRemove, flow));
}

void FlowJournal::Append(std::span<const std::byte> record) {
  try {
    if (complete_) {
      complete_ = false;
      WriteAll(file_.get(), record, "write");
      complete_ = true;
      ++records_;
      if (records_ < rewrite_at_) return;
      rewrite_at_ = records_ * 2;  // should this rewrite fail
    } else if (!health_.MayTry()) {
      return;
    }
    Compact();
    health_.Works();
  } catch (const std::exception& problem) {
    health_.Failed(problem.what());
  }
}

std::size_t FlowJournal::Read() {
  const std::vector<std::byte> bytes = ReadAll(path_);
  if (bytes.empty()) return 0;
  std::span<const std::byte> rest(bytes);
  if (rest.size() < kRecordSize || std::memcmp(rest.data(), kHeader.data(), kHeader.size()) != 0) {
    throw std::runtime_error(fmt::format("{} is not a flow journal of this version of tcpsd", path_.string()));
  }
  std::size_t damaged = 0;
  // What is left at the end is a record that was cut off.
  for (rest = rest.subspan(kRecordSize); rest.size() >= kRecordSize; rest = rest.subspan(kRecordSize)) {
    const std::optional<Entry> entry = ReadRecord(rest.first(kRecordSize));
    if (!entry) {
      ++damaged;
      continue;
    }
    const stack::FlowKey key(entry->flow.local, entry->flow.remote);
    if (entry->change == Change::kAdd) {
      flows_[key] = entry->flow;
    } else {
      flows_.erase(key);
    }
  }
  return damaged;
}

void FlowJournal::Compact() {
  std::vector<std::byte> bytes(kRecordSize);
  std::ranges::copy(std::as_bytes(std::span(kHeader)), bytes.begin());
  bytes.reserve((flows_.size() + 1) * kRecordSize);
  for (const auto& [key, flow] : flows_) {
    const Record record = MakeRecord(Change::kAdd, flow);
    bytes.insert(bytes.end(), record.begin(), record.end());
  }
  const std::filesystem::path fresh_path = WithSuffix(path_, ".new");
  Descriptor fresh = OpenPrivate(fresh_path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC);
  WriteAll(fresh.get(), bytes, fresh_path.c_str());
  if (::rename(fresh_path.c_str(), path_.c_str()) != 0) ThrowSystemError(path_.c_str());
  std::swap(file_, fresh);
  complete_ = true;
  records_ = flows_.size();
  rewrite_at_ = std::max(kSmallFile, 2 * records_);
}

}  // namespace tcpslab::linux_host
