// tcps::Peers that survive the daemon: kept in memory, and every change written to an SQLite database at once.
//
// A change is in the database, and survives the end of the process, when the call returns; the end of the machine may
// take the last changes with it, never the database (write-ahead log, synchronous=NORMAL: no waiting for the disk in
// the middle of a segment). While the database cannot be written, memory counts, and what is missing is written with
// the next change.
#pragma once

#include <spdlog/logger.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reference/linux/shared_peers.h"
#include "reference/linux/store_health.h"
#include "reference/tcps/peers.h"

namespace tcpslab::linux_host {

class PeerDatabase final : public tcps::Peers {
 public:
  // Opens or makes `file`, mode 0600, and locks it. Throws std::runtime_error with the reason: not a database, one of
  // another program or of a later version, damaged, in use by another process, not writable. `log` outlives this
  // object.
  // `limit` is that of tcps::PeerCache; all that the file has is kept.
  PeerDatabase(const std::filesystem::path& file, spdlog::logger& log, std::size_t limit = SIZE_MAX);
  ~PeerDatabase() override;

  [[nodiscard]] std::optional<tcps::Peer> Find(const wire::Address& address) const override;
  tcps::Peer Remember(const wire::Address& address, const crypto::PublicKey& key) override;
  void SetProven(const wire::Address& address, const crypto::PublicKey& key, std::uint64_t after_serial) override;
  bool Forget(const wire::Address& address) override;
  void Pin(const wire::Address& address, const crypto::PublicKey& key) override;
  [[nodiscard]] std::vector<std::pair<wire::Address, tcps::Peer>> All() const override;
  std::uint64_t NextSerial() override { return cache_.NextSerial(); }
  [[nodiscard]] std::uint64_t LastSerial() const override { return cache_.LastSerial(); }

  [[nodiscard]] std::optional<std::string> problem() const { return health_.problem(); }

 private:
  class Store;
  void Write(const wire::Address& address);

  SharedPeers cache_;
  StoreHealth health_;
  std::mutex writing_;  // changes of memory and database in the same order; readers do not wait for it
  std::unique_ptr<Store> store_;
  std::set<wire::Address> unwritten_;
};

}  // namespace tcpslab::linux_host
