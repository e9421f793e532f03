// The firewall rules that lead TCP to the workers' queues, in chains of our own: TCPSD-OUT, called from mangle OUTPUT,
// and TCPSD-IN, called from raw PREROUTING (README.md, "Hooks").
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/linux/selection.h"
#include "reference/wire/address.h"

namespace tcpslab::linux_host {

struct RuleSettings {
  Selection selection;
  std::uint16_t first_queue = 0;
  std::uint16_t queues = 1;  // the kernel spreads address pairs over them
  bool bypass = false;       // packets pass while nobody serves the queue; else they are dropped
  std::uint32_t mark = 0;    // packets with it pass: we sent them
  bool reassemble = true;    // no IP fragment reaches TCP unchecked (R13); else fragments pass untouched

  friend bool operator==(const RuleSettings&, const RuleSettings&) = default;
};

// What is there of ours in one table, read from what iptables-save says.
struct TableState {
  bool chain = false;
  unsigned jumps = 0;
  std::vector<std::uint16_t> queues;  // that its rules name
};

enum class Direction : std::uint8_t { kOut, kIn };
TableState ReadTable(std::string_view saved, Direction direction);

// Input of iptables-restore --noflush that puts the chain in place, complete, or removes it. One COMMIT: atomic.
std::string InstallText(const RuleSettings& settings, wire::Family family, Direction direction,
                        const TableState& present);
// Empty if nothing is there.
std::string RemoveText(Direction direction, const TableState& present);

enum class Tool : std::uint8_t { kNft, kLegacy };

// One thread at a time. Every call throws std::runtime_error with what iptables said, if it refuses.
class Firewall {
 public:
  // `lock_file` is iptables-legacy's, for a user who may not write the system's own.
  explicit Firewall(std::filesystem::path lock_file) : lock_file_(std::move(lock_file)) {}

  // Replaces what is there of ours, of an earlier run too: first the way out, then the way in. A user's rules stay
  // where they are. The first call finds out what the kernel supports, and stays with it: nf_tables rather than the
  // older iptables. Where it throws, the rules are those from before or a part of the new ones.
  void Install(const RuleSettings& settings);
  // Removes all that is ours, of whichever kind.
  void Remove();
  // Whether there is anything of ours, of an earlier run for example.
  bool Present();
  // The queues that rules of ours name.
  std::vector<std::uint16_t> QueuesInUse();
  // "iptables-nft", once installed.
  [[nodiscard]] std::string tool() const;

 private:
  void Install(Tool tool, const RuleSettings& settings);
  void Try(const RuleSettings& settings);
  bool Present(Tool tool);
  void Remove(Tool tool);
  TableState Read(Tool tool, wire::Family family, Direction direction);
  void Restore(Tool tool, wire::Family family, const std::string& text);
  [[nodiscard]] std::vector<std::string> Environment() const;

  std::filesystem::path lock_file_;
  std::optional<Tool> tool_;
};

}  // namespace tcpslab::linux_host
