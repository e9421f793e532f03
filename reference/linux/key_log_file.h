// The key log (design, section 7) as a file, for those who ask for it: whoever reads it reads the traffic.
#pragma once

#include <spdlog/logger.h>

#include <filesystem>
#include <string_view>

#include "reference/linux/line_file.h"
#include "reference/stack/event.h"

namespace tcpslab::linux_host {

// Any thread.
class KeyLogFile final : public stack::KeyLog {
 public:
  // Appends to `file`; throws as LineFile does. `log` outlives this object.
  KeyLogFile(const std::filesystem::path& file, spdlog::logger& log);
  void Line(std::string_view line) override;

  [[nodiscard]] std::optional<std::string> problem() const { return file_.problem(); }

 private:
  LineFile file_;
};

}  // namespace tcpslab::linux_host
