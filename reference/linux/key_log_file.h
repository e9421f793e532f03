// The key log (design, section 7) as a file, for those who ask for it: whoever reads it reads the traffic.
#pragma once

#include <spdlog/logger.h>

#include <filesystem>
#include <string_view>

#include "reference/linux/descriptor.h"
#include "reference/linux/store_health.h"
#include "reference/stack/event.h"

namespace tcpslab::linux_host {

// Any thread: a line is one write(2) to a file opened for appending.
class KeyLogFile final : public stack::KeyLog {
 public:
  // Appends to `file`, made with mode 0600. Throws std::system_error, and std::runtime_error if group or others can
  // read it. `log` outlives this object.
  KeyLogFile(const std::filesystem::path& file, spdlog::logger& log);
  void Line(std::string_view line) override;

  [[nodiscard]] std::optional<std::string> problem() const { return health_.problem(); }

 private:
  StoreHealth health_;
  Descriptor file_;
};

}  // namespace tcpslab::linux_host
