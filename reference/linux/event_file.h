// What the workers' protocols report, for programs: one JSON object a line, as it happens and without the log's limits.
#pragma once

#include <spdlog/logger.h>

#include <filesystem>
#include <optional>
#include <string>

#include "reference/linux/descriptor.h"
#include "reference/linux/store_health.h"
#include "reference/stack/event.h"

namespace tcpslab::linux_host {

// {"t": seconds since 1970 (UTC), "event": "peer-new", "role": "client", "local": "10.0.0.1:49152", "remote": …,
// "detail": …}. Any thread: a line is one write(2) to a file opened for appending.
class EventFile final : public stack::EventSink {
 public:
  // Appends to `file`, made with mode 0600. Throws std::system_error, and std::runtime_error if group or others can
  // read it. `log` outlives this object.
  EventFile(const std::filesystem::path& file, spdlog::logger& log);
  void OnEvent(const stack::Event& event) override;

  [[nodiscard]] std::optional<std::string> problem() const { return health_.problem(); }

 private:
  StoreHealth health_;
  Descriptor file_;
};

}  // namespace tcpslab::linux_host
