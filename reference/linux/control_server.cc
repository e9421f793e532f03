#include "reference/linux/control_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <list>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "reference/linux/control_socket.h"
#include "reference/linux/policy_settings.h"
#include "reference/tcps/hex.h"
#include "reference/tcps/identity.h"
#include "reference/tcps/peers.h"

namespace tcpslab::linux_host {
namespace {

using Clock = std::chrono::steady_clock;

std::string LineOf(const Json& answer) {
  // What a request holds may come back in a sentence, and need not be UTF-8.
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Refuse(std::string_view fault, std::string_view error) {
  return LineOf({{"ok", false}, {"fault", fault}, {"error", error}});
}

const std::string& Field(const Json& request, const char* name) {
  const auto field = request.find(name);
  if (field == request.end() || !field->is_string()) {
    throw std::invalid_argument(fmt::format("the request needs the text \"{}\"", name));
  }
  return field->get_ref<const std::string&>();
}

wire::Address AddressField(const Json& request) {
  const std::string& text = Field(request, "address");
  const std::optional<wire::Address> address = wire::ParseAddress(text);
  if (!address) throw std::invalid_argument(fmt::format("'{}' is not an IPv4 or IPv6 address", text));
  return *address;
}

Json Fingerprint(const Json&, Controlled& controlled, spdlog::logger&) {
  return {{"fingerprint", tcps::Fingerprint(controlled.identity())}, {"key", tcps::ToHex(controlled.identity())}};
}

Json ShowStatus(const Json&, Controlled& controlled, spdlog::logger&) { return ToJson(controlled.CurrentStatus()); }

Json Set(const Json& request, Controlled& controlled, spdlog::logger& log) {
  const auto values = request.find("values");
  if (values == request.end() || !values->is_object() || values->empty()) {
    throw std::invalid_argument("the request needs the object \"values\" with at least one setting");
  }
  std::vector<std::string> settings;
  controlled.ChangePolicy([&](stack::Policy& policy) {
    stack::Policy changed = policy;
    for (const auto& [name, value] : values->items()) {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      SetPolicyValue(changed, name, text);
      settings.push_back(fmt::format("{}={}", name, text));
    }
    policy = changed;
  });
  log.info("set {}", fmt::join(settings, " "));
  return Json::object();
}

Json ListPeers(const Json&, Controlled& controlled, spdlog::logger&) {
  std::vector<PeerRow> rows;
  for (const auto& [address, peer] : controlled.peers().All()) {
    rows.push_back({.address = address, .key = peer.key, .proven = peer.proven});
  }
  return ToJson(rows);
}

Json Forget(const Json& request, Controlled& controlled, spdlog::logger& log) {
  const wire::Address address = AddressField(request);
  if (!controlled.peers().Forget(address)) {
    throw std::invalid_argument(fmt::format("no peer {} is known", ToString(address)));
  }
  log.info("TOFU: peer {} forgotten", ToString(address));
  return Json::object();
}

Json Pin(const Json& request, Controlled& controlled, spdlog::logger& log) {
  const wire::Address address = AddressField(request);
  const std::optional<std::vector<std::byte>> bytes = tcps::FromHex(Field(request, "key"));
  crypto::PublicKey key{};
  if (!bytes || bytes->size() != key.size()) {
    throw std::invalid_argument(
        "a key is 64 hexadecimal digits, as `tcpsd fingerprint` shows it (a fingerprint is not enough)");
  }
  std::ranges::copy(*bytes, key.begin());
  // TCPS-KEY-18: nobody could ever prove to have it.
  if (crypto::IsLowOrder(key)) throw std::invalid_argument("this key is not one of a host: it has low order");
  controlled.peers().Pin(address, key);
  log.info("TOFU: peer {} pinned to fingerprint {}", ToString(address), tcps::Fingerprint(key));
  return Json::object();
}

using Command = Json (*)(const Json&, Controlled&, spdlog::logger&);
constexpr std::pair<std::string_view, Command> kCommands[] = {
    {"status", ShowStatus}, {"fingerprint", Fingerprint}, {"set", Set},
    {"peers", ListPeers},   {"forget", Forget},           {"pin", Pin},
};

Json Carry(std::string_view line, Controlled& controlled, spdlog::logger& log) {
  const Json request = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object()) throw std::invalid_argument("a request is a JSON object on one line");
  const std::string& name = Field(request, "command");
  const auto* const command = std::ranges::find(kCommands, name, &std::pair<std::string_view, Command>::first);
  if (command == std::end(kCommands)) throw std::invalid_argument(fmt::format("there is no command '{}'", name));
  return command->second(request, controlled, log);
}

}  // namespace

std::string Answer(std::string_view request, Controlled& controlled, spdlog::logger& log) {
  try {
    return LineOf({{"ok", true}, {"result", Carry(request, controlled, log)}});
  } catch (const std::invalid_argument& problem) {
    return Refuse("request", problem.what());
  } catch (const std::exception& problem) {
    log.error("control: {}", problem.what());
    return Refuse("daemon", problem.what());
  }
}

// A client has one request under way: its line comes in, its answer goes out, then the next.
struct ControlServer::Client {
  Descriptor socket;
  Clock::time_point deadline;  // of the line or the answer
  std::string incoming = {};
  std::string outgoing = {};
  bool last = false;  // hang up after this answer
};

class ControlServer::Loop {
 public:
  Loop(const std::filesystem::path& run_directory, Controlled& controlled, spdlog::logger& log,
       std::chrono::milliseconds patience)
      : controlled_(controlled),
        log_(log),
        patience_(patience),
        path_(run_directory / kControlSocket),
        stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"),
        listener_(Listen()) {}
  ~Loop() { ::unlink(path_.c_str()); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Run() {
    std::vector<pollfd> polled;
    while (true) {
      FillIn(polled);
      if (::poll(polled.data(), polled.size(), Timeout()) < 0 && errno != EINTR) {
        log_.error("control socket: poll: {}", std::generic_category().message(errno));
        return;
      }
      if (polled[0].revents != 0) return;
      auto events = polled.begin() + 2;
      const Clock::time_point now = Clock::now();
      for (auto client = clients_.begin(); client != clients_.end(); ++events) {
        const bool keep = Serve(*client, events->revents) && client->deadline > now;
        client = keep ? std::next(client) : clients_.erase(client);
      }
      if ((polled[1].revents & POLLIN) != 0) Accept();
    }
  }

  void Stop() const {
    if (::eventfd_write(stop_.get(), 1) != 0) ThrowSystemError("eventfd");
  }

 private:
  Descriptor Listen() const {
    const ControlAddress address(path_);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "control socket");
    struct stat facts {};
    if (::lstat(path_.c_str(), &facts) == 0) {
      if (!S_ISSOCK(facts.st_mode))
        throw std::runtime_error(fmt::format("{} is there and is no socket", path_.string()));
      if (::connect(socket.get(), address.get(), address.size()) == 0 || errno == EAGAIN) {
        throw std::runtime_error(fmt::format("another tcpsd answers on {}", path_.string()));
      }
      ::unlink(path_.c_str());
      socket = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "control socket");
    }
    // bind makes the file with the socket's mode, less the umask: at no time is it open to more than these.
    static constexpr mode_t kMode = 0660;
    if (::fchmod(socket.get(), kMode) != 0 || ::bind(socket.get(), address.get(), address.size()) != 0 ||
        ::chmod(path_.c_str(), kMode) != 0 || ::listen(socket.get(), kMaximumClients) != 0) {
      ThrowSystemError(path_.c_str());
    }
    return socket;
  }

  // The event that stops us, the listener, then the clients in order.
  void FillIn(std::vector<pollfd>& polled) const {
    const bool room = clients_.size() < kMaximumClients && Clock::now() >= accept_again_;
    polled.clear();
    polled.push_back({.fd = stop_.get(), .events = POLLIN, .revents = 0});
    polled.push_back({.fd = room ? listener_.get() : -1, .events = POLLIN, .revents = 0});
    for (const Client& client : clients_) {
      const short events = client.outgoing.empty() ? POLLIN : POLLOUT;
      polled.push_back({.fd = client.socket.get(), .events = events, .revents = 0});
    }
  }

  // In milliseconds, until the first client's patience, or ours, is at its end.
  [[nodiscard]] int Timeout() const {
    const Clock::time_point now = Clock::now();
    Clock::time_point first = accept_again_ > now ? accept_again_ : Clock::time_point::max();
    for (const Client& client : clients_) first = std::min(first, client.deadline);
    if (first == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }

  void Accept() {
    const int accepted = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted >= 0) {
      clients_.push_back({.socket = Descriptor(accepted, "accept"), .deadline = Clock::now() + patience_});
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      accept_again_ = Clock::now() + std::chrono::seconds(1);  // the client still waits: poll would return at once
    }
  }

  // False if the client is to be forgotten.
  bool Serve(Client& client, short events) {
    if (events == 0) return true;
    return client.outgoing.empty() ? Receive(client) : Send(client);
  }

  bool Receive(Client& client) {
    std::array<char, 4096> chunk{};
    const ssize_t size = ::recv(client.socket.get(), chunk.data(), chunk.size(), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    client.incoming.append(chunk.data(), static_cast<std::size_t>(size));
    return TakeLine(client);
  }

  bool TakeLine(Client& client) {
    const std::size_t end = client.incoming.find('\n');
    if (std::min(end, client.incoming.size()) > kMaximumRequest) {
      client.outgoing = Refuse("request", fmt::format("a request has at most {} bytes", kMaximumRequest));
      client.last = true;
    } else if (end == std::string::npos) {
      return true;
    } else {
      client.outgoing = Answer(std::string_view(client.incoming).substr(0, end), controlled_, log_);
      client.incoming.erase(0, end + 1);
    }
    client.deadline = Clock::now() + patience_;
    return Send(client);
  }

  bool Send(Client& client) {
    const ssize_t sent = ::send(client.socket.get(), client.outgoing.data(), client.outgoing.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    client.outgoing.erase(0, static_cast<std::size_t>(sent));
    if (!client.outgoing.empty()) return true;
    client.deadline = Clock::now() + patience_;
    return !client.last && TakeLine(client);
  }

  Controlled& controlled_;
  spdlog::logger& log_;
  const std::chrono::milliseconds patience_;
  const std::filesystem::path path_;
  Descriptor stop_;
  Descriptor listener_;
  std::list<Client> clients_;
  Clock::time_point accept_again_{};
};

ControlServer::ControlServer(const std::filesystem::path& run_directory, Controlled& controlled, spdlog::logger& log,
                             std::chrono::milliseconds patience)
    : loop_(std::make_unique<Loop>(run_directory, controlled, log, patience)) {}

ControlServer::~ControlServer() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

void ControlServer::Start() {
  thread_ = std::thread([this] { loop_->Run(); });
}

}  // namespace tcpslab::linux_host
