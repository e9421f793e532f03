// The flows that are protected or blocked, on disk, so that a daemon that starts again can block them instead of
// letting them go on in clear (spec tcps-dialects.md, R25).
//
// A file of fixed-size records, each with a checksum, to which every change is appended by one write(2) before the
// segment that caused it goes on. What was written survives the end of the process at any moment; a record that was cut
// off is ignored. It is not flushed to the disk: when the machine itself goes down, its connections end too.
#pragma once

#include <spdlog/logger.h>

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "reference/linux/descriptor.h"
#include "reference/linux/store_health.h"
#include "reference/stack/flow.h"
#include "reference/stack/flow_table.h"

namespace tcpslab::linux_host {

// Any thread.
class FlowJournal {
 public:
  // Opens or makes the file (mode 0600) and reads it. The lock on it lasts as long as this object. Throws
  // std::system_error, and std::runtime_error for a file of another kind or one that another tcpsd has. `log` outlives
  // this object.
  FlowJournal(const std::filesystem::path& file, spdlog::logger& log);

  // What is in the journal: right after the start, the flows to block. They stay in it until they are removed.
  [[nodiscard]] std::vector<stack::Flow> flows() const;

  // The flow is protected or blocked from now on; it is neither any more. Unknown and repeated flows cost nothing.
  // Never throws: what could not be written is written as soon as it can be.
  void Add(const stack::Flow& flow);
  void Remove(const stack::Flow& flow);

  [[nodiscard]] std::optional<std::string> problem() const { return health_.problem(); }

 private:
  // Returns how many records were damaged.
  std::size_t Read();
  void Append(std::span<const std::byte> record);
  // Writes the file anew with what is true now. Throws std::system_error.
  void Compact();

  const std::filesystem::path path_;
  StoreHealth health_;
  Descriptor lock_;
  mutable std::mutex mutex_;
  Descriptor file_;
  bool complete_ = false;    // the file says what flows_ says
  std::size_t records_ = 0;  // in the file
  std::size_t rewrite_at_ = 0;
  std::unordered_map<stack::FlowKey, stack::Flow, stack::FlowHash> flows_;
};

}  // namespace tcpslab::linux_host
