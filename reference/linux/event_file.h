// What the workers' protocols report, for programs: one JSON object a line, as it happens and without the log's limits.
#pragma once

#include <spdlog/logger.h>

#include <filesystem>
#include <optional>
#include <string>

#include "reference/linux/line_file.h"
#include "reference/stack/event.h"

namespace tcpslab::linux_host {

// {"t": seconds since 1970 (UTC), "event": "peer-new", "role": "client", "local": "10.0.0.1:49152", "remote": …,
// "detail": …}. Any thread.
class EventFile final : public stack::EventSink {
 public:
  // Appends to `file`; throws as LineFile does. `log` outlives this object.
  EventFile(const std::filesystem::path& file, spdlog::logger& log);
  void OnEvent(const stack::Event& event) override;

  [[nodiscard]] std::optional<std::string> problem() const { return file_.problem(); }

 private:
  LineFile file_;
};

}  // namespace tcpslab::linux_host
