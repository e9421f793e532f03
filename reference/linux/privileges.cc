#include "reference/linux/privileges.h"

#include <cap-ng.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace tcpslab::linux_host {
namespace {

constexpr std::array<unsigned, 2> kKept = {CAP_NET_ADMIN, CAP_NET_RAW};
constexpr auto kDefaultUser = "tcpsd";

std::optional<Account> Find(const std::string& name) {
  std::vector<char> room(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  if (error != 0) throw std::system_error(error, std::system_category(), "cannot look up the user " + name);
  if (found == nullptr) return std::nullopt;
  return Account{.name = name, .uid = found->pw_uid, .gid = found->pw_gid};
}

void Check(int result, std::string_view what) {
  if (result < 0) throw std::runtime_error(fmt::format("cannot drop privileges: {} ({})", what, result));
}

}  // namespace

void RequireCapabilities() {
  capng_get_caps_process();
  for (const unsigned capability : kKept) {
    if (capng_have_capability(CAPNG_EFFECTIVE, capability) == 0) {
      throw std::runtime_error(fmt::format("needs CAP_{}: run tcpsd as root, or by its systemd unit",
                                           capability == CAP_NET_ADMIN ? "NET_ADMIN" : "NET_RAW"));
    }
  }
}

std::optional<Account> ChooseAccount(const std::string& name) {
  std::optional<Account> account = Find(name.empty() ? kDefaultUser : name);
  if (::geteuid() == 0) {
    if (!account && !name.empty()) throw std::runtime_error(fmt::format("--user {}: there is no such user", name));
    return account;
  }
  if (!name.empty() && !(account && account->uid == ::geteuid())) {
    throw std::runtime_error(fmt::format("--user {}: only root can become another user", name));
  }
  return std::nullopt;
}

void DropPrivileges(const std::optional<Account>& account) {
  // The bounding set can be reduced by those only who have CAP_SETPCAP; for others it does not matter: no_new_privs.
  capng_get_caps_process();
  const bool bounding = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  capng_clear(CAPNG_SELECT_BOTH);
  for (const unsigned capability : kKept) {
    const auto sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | (bounding ? CAPNG_BOUNDING_SET : 0);
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(sets), capability);
  }
  const capng_select_t select = bounding ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;
  if (account) {
    const auto flags = CAPNG_INIT_SUPP_GRP | (bounding ? CAPNG_CLEAR_BOUNDING : 0);
    Check(capng_change_id(static_cast<int>(account->uid), static_cast<int>(account->gid),
                          static_cast<capng_flags_t>(flags)),
          fmt::format("cannot become {}", account->name));
  }
  if (!account) Check(capng_apply(select), "capset");
  // The two pass to iptables, which this process starts.
  for (const unsigned capability : kKept) {
    Check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0), "ambient capabilities");
  }
  Check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  Check(::setrlimit(RLIMIT_CORE, &none), "no core dumps");
}

}  // namespace tcpslab::linux_host
