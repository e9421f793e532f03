// systemd's notification protocol (sd_notify(3), "Notes"), without its library.
#pragma once

#include <string_view>

namespace tcpslab::linux_host {

// "READY=1", "STOPPING=1". Does nothing where no service manager waits for it (NOTIFY_SOCKET). Never throws: a daemon
// that works is worth more than its manager's knowledge of it.
void NotifyServiceManager(std::string_view state);

}  // namespace tcpslab::linux_host
