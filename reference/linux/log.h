// Where tcpsd says what happens: standard error, or a file that can be rotated. Every line begins with "tcps: ".
#pragma once

#include <spdlog/logger.h>

#include <filesystem>
#include <memory>
#include <string_view>

namespace tcpslab::linux_host {

using LogLevel = spdlog::level::level_enum;

// "debug", "info", "warning", "error"; throws std::invalid_argument for others.
LogLevel ParseLogLevel(std::string_view name);

struct LogSettings {
  std::filesystem::path file;  // empty: standard error
  LogLevel level = spdlog::level::info;
};

// Any thread.
class Log {
 public:
  // Opens the file for appending, with mode 0640 if it is new. Throws std::system_error.
  explicit Log(const LogSettings& settings);

  // Valid as long as this object. `logger().info("…")`; the prefix is added.
  [[nodiscard]] spdlog::logger& logger() const { return *logger_; }
  void SetLevel(LogLevel level) { logger_->set_level(level); }
  // Opens the file anew under its name, as after a rotation. If that fails, goes on with the old one and throws
  // std::system_error.
  void Reopen();

 private:
  class FileSink;
  std::shared_ptr<FileSink> file_;  // none: standard error
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace tcpslab::linux_host
