// Whether a store on disk can be written. Traffic goes on when it cannot; the log says so once, and the status as long
// as it lasts.
#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tcpslab::linux_host {

// Any thread.
class StoreHealth {
 public:
  // `store` is what the log calls it: "flow journal". `log` outlives this object.
  StoreHealth(std::string store, spdlog::logger& log) : store_(std::move(store)), log_(log) {}

  // False for a second after a failure: trying again costs time in the middle of a segment.
  [[nodiscard]] bool MayTry() const;
  // A write failed, or succeeded. Logs only what is news.
  void Failed(const std::string& reason);
  void Works();
  // "flow journal cannot be written: No space left on device"; nothing if all is well.
  [[nodiscard]] std::optional<std::string> problem() const;

 private:
  static constexpr std::chrono::seconds kPause{1};

  const std::string store_;
  spdlog::logger& log_;
  mutable std::mutex mutex_;
  std::optional<std::string> problem_;
  std::chrono::steady_clock::time_point failed_{};
};

}  // namespace tcpslab::linux_host
