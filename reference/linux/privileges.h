// What the daemon may do once it has started: CAP_NET_ADMIN (queues, marks, firewall rules) and CAP_NET_RAW (segments
// of its own), and nothing else.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace tcpslab::linux_host {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Throws std::runtime_error, in words for the user, if this process lacks one of the two capabilities.
void RequireCapabilities();

// Who the daemon is to be: the user `name`; without a name the user "tcpsd", where there is one; else, or if this
// process is not root, whoever it is now (nothing). Throws std::runtime_error if there is no such user, or if a process
// that is not root is to become another user.
std::optional<Account> ChooseAccount(const std::string& name);

// Becomes the account, if given, and gives up all other capabilities for good (also over execve: no_new_privs; the two
// are ambient, so that iptables has them). No core dumps: they would hold keys. Call before any thread is made; throws
// std::runtime_error.
void DropPrivileges(const std::optional<Account>& account);

}  // namespace tcpslab::linux_host
