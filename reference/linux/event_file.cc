#include "reference/linux/event_file.h"

#include <chrono>
#include <nlohmann/json.hpp>

namespace tcpslab::linux_host {

EventFile::EventFile(const std::filesystem::path& file, spdlog::logger& log) : file_("event log", file, log) {}

void EventFile::OnEvent(const stack::Event& event) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const nlohmann::ordered_json json = {{"t", now.count()},
                                       {"event", ToString(event.kind)},
                                       {"role", ToString(event.flow.role)},
                                       {"local", ToString(event.flow.local)},
                                       {"remote", ToString(event.flow.remote)},
                                       {"detail", event.detail}};
  file_.Append(json.dump() + '\n');
}

}  // namespace tcpslab::linux_host
