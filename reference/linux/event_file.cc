#include "reference/linux/event_file.h"

#include <fcntl.h>

#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <span>

#include "reference/linux/private_file.h"
#include "reference/linux/write_all.h"

namespace tcpslab::linux_host {

EventFile::EventFile(const std::filesystem::path& file, spdlog::logger& log)
    : health_("event log " + file.string(), log), file_(OpenPrivate(file, O_WRONLY | O_APPEND | O_CREAT)) {}

void EventFile::OnEvent(const stack::Event& event) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const nlohmann::ordered_json json = {{"t", now.count()},
                                       {"event", ToString(event.kind)},
                                       {"role", ToString(event.flow.role)},
                                       {"local", ToString(event.flow.local)},
                                       {"remote", ToString(event.flow.remote)},
                                       {"detail", event.detail}};
  const std::string line = json.dump() + '\n';
  try {
    WriteAll(file_.get(), std::as_bytes(std::span(line)), "write");
    health_.Works();
  } catch (const std::exception& problem) {
    health_.Failed(problem.what());
  }
}

}  // namespace tcpslab::linux_host
