// A file of lines that only its owner may read, to which every line is appended as it comes.
#pragma once

#include <spdlog/logger.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "reference/linux/descriptor.h"
#include "reference/linux/store_health.h"

namespace tcpslab::linux_host {

// Any thread: a line is one write(2) to a file opened for appending.
class LineFile {
 public:
  // Made with mode 0600; `name` is what the log calls it. Throws std::system_error, and std::runtime_error if group or
  // others can read it. `log` outlives this object.
  LineFile(std::string_view name, const std::filesystem::path& file, spdlog::logger& log);
  // `line` with its end. Never throws: what cannot be written is told by problem().
  void Append(std::string_view line);

  [[nodiscard]] std::optional<std::string> problem() const { return health_.problem(); }

 private:
  StoreHealth health_;
  Descriptor file_;
};

}  // namespace tcpslab::linux_host
