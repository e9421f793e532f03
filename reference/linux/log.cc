#include "reference/linux/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "reference/linux/descriptor.h"
#include "reference/linux/write_all.h"

namespace tcpslab::linux_host {

LogLevel ParseLogLevel(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {{{"debug", spdlog::level::debug},
                                                                                    {"info", spdlog::level::info},
                                                                                    {"warning", spdlog::level::warn},
                                                                                    {"error", spdlog::level::err}}};
  for (const auto& [level_name, level] : kLevels) {
    if (level_name == name) return level;
  }
  throw std::invalid_argument(fmt::format("log level '{}': expected debug, info, warning or error", name));
}

// spdlog's own file sinks cannot open their file anew.
class Log::FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(std::filesystem::path path) : path_(std::move(path)), file_(Open()) {}

  void Reopen() {
    Descriptor fresh = Open();
    const std::lock_guard lock(mutex_);
    std::swap(file_, fresh);
  }

 protected:
  // What this throws is told on standard error by spdlog, at most once a second.
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    WriteAll(file_.get(), std::as_bytes(std::span(line.data(), line.size())), path_.c_str());
  }
  void flush_() override {}

 private:
  [[nodiscard]] Descriptor Open() const {
    return {::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640), path_.c_str()};
  }

  const std::filesystem::path path_;
  Descriptor file_;
};

Log::Log(const LogSettings& settings) {
  spdlog::sink_ptr sink;
  if (settings.file.empty()) {
    // As in the kernel's log. Who keeps this output (a journal, a terminal) knows the time.
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern("tcps: %v");
  } else {
    sink = file_ = std::make_shared<FileSink>(settings.file);
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l tcps: %v");
  }
  logger_ = std::make_shared<spdlog::logger>("tcps", std::move(sink));
  logger_->set_level(settings.level);
  logger_->flush_on(spdlog::level::trace);
}

void Log::Reopen() {
  if (file_ != nullptr) file_->Reopen();
}

}  // namespace tcpslab::linux_host
