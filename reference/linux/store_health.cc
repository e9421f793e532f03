#include "reference/linux/store_health.h"

#include <fmt/format.h>

#include <utility>

namespace tcpslab::linux_host {

bool StoreHealth::MayTry() const {
  const std::lock_guard lock(mutex_);
  return !problem_ || std::chrono::steady_clock::now() - failed_ >= kPause;
}

void StoreHealth::Failed(const std::string& reason) {
  std::string problem = fmt::format("{} cannot be written: {}", store_, reason);
  const std::lock_guard lock(mutex_);
  failed_ = std::chrono::steady_clock::now();
  const bool news = !problem_;
  problem_ = std::move(problem);
  if (news) log_.error("{}", *problem_);
}

void StoreHealth::Works() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(problem_, std::nullopt)) return;
  log_.info("{} can be written again", store_);
}

std::optional<std::string> StoreHealth::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace tcpslab::linux_host
