#include "reference/linux/peer_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>

#include "reference/linux/private_file.h"
#include "reference/linux/sqlite.h"

namespace tcpslab::linux_host {
namespace {

using tcps::Peer;
using wire::Address;

constexpr std::int64_t kApplicationId = 0x54435053;  // "TCPS"; what file(1) and we know the database by
constexpr std::int64_t kSchemaVersion = 1;

constexpr const char* kSchema = R"(
  CREATE TABLE peers (
    address BLOB PRIMARY KEY NOT NULL CHECK (length(address) IN (4, 16)),  -- IPv4 or IPv6, network byte order
    key BLOB NOT NULL CHECK (length(key) = 32),                            -- X25519, RFC 7748 byte order
    proven INTEGER NOT NULL CHECK (proven IN (0, 1))                       -- the peer has shown a proof that verified
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 0x54435053;
  PRAGMA user_version = 1;
)";

std::optional<Address> AddressOf(std::span<const std::byte> bytes) {
  if (bytes.size() == Address::kIpv4Size) return Address::Ipv4(bytes.first<Address::kIpv4Size>());
  if (bytes.size() == Address::kIpv6Size) return Address::Ipv6(bytes.first<Address::kIpv6Size>());
  return std::nullopt;
}

// All or nothing: what was done since is undone unless it was committed.
class Transaction {
 public:
  explicit Transaction(SqliteDatabase& database) : database_(database) { database_.Execute("BEGIN IMMEDIATE"); }
  ~Transaction() {
    if (committed_) return;
    try {
      database_.Execute("ROLLBACK");
    } catch (const SqliteError&) {
      // Some errors have rolled back by themselves.
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void Commit() {
    database_.Execute("COMMIT");
    committed_ = true;
  }

 private:
  SqliteDatabase& database_;
  bool committed_ = false;
};

SqliteDatabase OpenDatabase(const std::filesystem::path& file) {
  OpenPrivate(file, O_RDWR | O_CREAT);  // an empty file is an empty database
  return SqliteDatabase(file);
}

}  // namespace

class PeerDatabase::Store {
 public:
  explicit Store(const std::filesystem::path& file) : database_(OpenDatabase(file)) {
    // With the lock held for good, nothing but the disk can make a change wait.
    database_.Execute("PRAGMA locking_mode = EXCLUSIVE");
    database_.Execute("PRAGMA synchronous = NORMAL");
    Examine();
    database_.Execute("PRAGMA journal_mode = WAL");
    {
      Transaction transaction(database_);  // takes the lock
      if (IsEmpty()) database_.Execute(kSchema);
      transaction.Commit();
    }
    put_.emplace(database_,
                 "INSERT INTO peers (address, key, proven) VALUES (?1, ?2, ?3) "
                 "ON CONFLICT (address) DO UPDATE SET key = excluded.key, proven = excluded.proven");
    remove_.emplace(database_, "DELETE FROM peers WHERE address = ?1");
  }

  void Load(tcps::Peers& peers) {
    SqliteStatement rows(database_, "SELECT address, key, proven FROM peers");
    while (rows.Step()) {
      const std::optional<Address> address = AddressOf(rows.Bytes(0));
      crypto::PublicKey key{};
      if (!address || rows.Bytes(1).size() != key.size())
        throw std::runtime_error("a peer in it is no address and key");
      std::ranges::copy(rows.Bytes(1), key.begin());
      peers.Pin(*address, key);
      if (rows.Integer(2) != 0) peers.SetProven(*address, key, 0);  // R21: before any connection of this process
    }
  }

  // Makes the database say of these addresses what `peers` says.
  void Write(const std::set<Address>& addresses, const tcps::Peers& peers) {
    Transaction transaction(database_);
    for (const Address& address : addresses) {
      if (const std::optional<Peer> peer = peers.Find(address)) {
        Run(put_->Bind(1, address.bytes()).Bind(2, peer->key).Bind(3, peer->proven ? 1 : 0));
      } else {
        Run(remove_->Bind(1, address.bytes()));
      }
    }
    transaction.Commit();
  }

 private:
  bool IsEmpty() { return database_.Integer("SELECT count(*) FROM sqlite_schema") == 0; }

  // Reads only: a file that is not ours stays as it is.
  void Examine() {
    const std::int64_t application = database_.Integer("PRAGMA application_id");
    const std::int64_t version = database_.Integer("PRAGMA user_version");
    if (application == 0 && version == 0 && IsEmpty()) return;
    if (application != kApplicationId) throw std::runtime_error("it is a database of another program");
    if (version != kSchemaVersion) {
      throw std::runtime_error(
          fmt::format("it has version {} of the schema, this tcpsd knows version {}", version, kSchemaVersion));
    }
    if (const std::string damage = database_.Text("PRAGMA quick_check(1)"); damage != "ok") {
      throw std::runtime_error("it is damaged: " + damage);
    }
  }

  static void Run(SqliteStatement& statement) {
    try {
      statement.Step();
    } catch (const SqliteError&) {
      statement.Reset();
      throw;
    }
    statement.Reset();
  }

  SqliteDatabase database_;
  std::optional<SqliteStatement> put_;
  std::optional<SqliteStatement> remove_;
};

PeerDatabase::PeerDatabase(const std::filesystem::path& file, spdlog::logger& log, std::size_t limit)
    : cache_(limit), health_("peer database " + file.string(), log) {
  std::string reason;
  try {
    store_ = std::make_unique<Store>(file);
    store_->Load(cache_);
    return;
  } catch (const SqliteError& problem) {
    reason = problem.code == SQLITE_BUSY     ? "another process has it open"
             : problem.code == SQLITE_NOTADB ? "it is not an SQLite database"
                                             : problem.what();
  } catch (const std::exception& problem) {
    reason = problem.what();
  }
  throw std::runtime_error(fmt::format("peer database {}: {}", file.string(), reason));
}

PeerDatabase::~PeerDatabase() {
  if (unwritten_.empty()) return;
  try {
    store_->Write(unwritten_, cache_);
  } catch (const std::exception& problem) {
    health_.Failed(problem.what());
  }
}

std::optional<Peer> PeerDatabase::Find(const Address& address) const { return cache_.Find(address); }
std::vector<std::pair<Address, Peer>> PeerDatabase::All() const { return cache_.All(); }

Peer PeerDatabase::Remember(const Address& address, const crypto::PublicKey& key) {
  const std::lock_guard lock(writing_);
  const bool known = cache_.Find(address).has_value();
  const Peer peer = cache_.Remember(address, key);
  if (!known && cache_.Find(address)) Write(address);
  return peer;
}

void PeerDatabase::SetProven(const Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) {
  const std::lock_guard lock(writing_);
  const std::optional<Peer> before = cache_.Find(address);
  cache_.SetProven(address, key, after_serial);
  if (cache_.Find(address) != before) Write(address);
}

bool PeerDatabase::Forget(const Address& address) {
  const std::lock_guard lock(writing_);
  if (!cache_.Forget(address)) return false;
  Write(address);
  return true;
}

void PeerDatabase::Pin(const Address& address, const crypto::PublicKey& key) {
  const std::lock_guard lock(writing_);
  cache_.Pin(address, key);
  Write(address);
}

void PeerDatabase::Write(const Address& address) {
  unwritten_.insert(address);
  if (!health_.MayTry()) return;
  try {
    store_->Write(unwritten_, cache_);
    unwritten_.clear();
    health_.Works();
  } catch (const std::exception& problem) {
    health_.Failed(problem.what());
  }
}

}  // namespace tcpslab::linux_host
