// The services that the conformance suite asks for (services.py), for hosts without Python: statically linked.
//
//   tcpslab-services serve [ECHO [GREET [ABORT]]]           listens on IPv4 and IPv6 until it is ended; default: 7 13 9
//   tcpslab-services connect ADDRESS PORT echo|greet|abort  opens one connection, runs the service on it, and ends
//
// Exit codes: 0; 2 the request was wrong; 3 a socket failed.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr std::string_view kGreeting = "Greetings from the host under test.\r\n";
constexpr int kBacklog = 128;
constexpr std::chrono::milliseconds kPause{10};

[[noreturn]] void Fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// A socket, closed at its end.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  int get() const { return descriptor_; }

  // How many bytes came; 0 once the peer closed or reset the connection.
  std::size_t Read(std::span<char> bytes) const {
    ssize_t count;
    do count = read(descriptor_, bytes.data(), bytes.size());
    while (count < 0 && errno == EINTR);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  // False if the peer reset the connection.
  bool Write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  int descriptor_;
};

// RFC 862: sends back what comes, and closes once the peer closed.
void Echo(const Socket& connection) {
  std::vector<char> buffer(65536);
  while (const std::size_t count = connection.Read(buffer)) {
    if (!connection.Write({buffer.data(), count})) return;
  }
}

// Sends one line and closes first, in the manner of RFC 867.
void Greet(const Socket& connection) {
  connection.Write(kGreeting);
  shutdown(connection.get(), SHUT_WR);
  std::array<char, 4096> rest;
  while (connection.Read(rest) > 0) {  // closing with bytes unread would reset the connection
  }
}

// Resets the connection after the first byte.
void Abort(const Socket& connection) {
  std::array<char, 1> byte;
  connection.Read(byte);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

struct Service {
  std::string_view name;
  void (*run)(const Socket& connection);
  std::uint16_t port;  // on which it is served by default
};
constexpr std::array kServices{Service{"echo", Echo, 7}, Service{"greet", Greet, 13}, Service{"abort", Abort, 9}};

Socket Listen(std::uint16_t port) {
  Socket listener(socket(AF_INET6, SOCK_STREAM, 0));
  if (listener.get() < 0) Fail("socket");
  const int on = 1, off = 0;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Fail("bind");
  if (listen(listener.get(), kBacklog) != 0) Fail("listen");
  return listener;
}

void Serve(const Socket& listener, const Service& service) {
  for (;;) {
    Socket connection(accept(listener.get(), nullptr, nullptr));
    if (connection.get() < 0) {  // the peer reset it before it was accepted, or there are too many
      std::this_thread::sleep_for(kPause);
      continue;
    }
    std::thread([run = service.run, accepted = std::move(connection)] { run(accepted); }).detach();
  }
}

void ServeAll(const std::array<std::uint16_t, kServices.size()>& ports) {
  std::vector<Socket> listeners;
  for (const std::uint16_t port : ports) listeners.push_back(Listen(port));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kServices.size(); ++i) {
    std::printf("%.*s on port %d\n", static_cast<int>(kServices[i].name.size()), kServices[i].name.data(), ports[i]);
    threads.emplace_back([&listener = listeners[i], &service = kServices[i]] { Serve(listener, service); });
  }
  std::fflush(stdout);
}

Socket Connect(const char* address, std::uint16_t port) {
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  ipv4.sin_family = AF_INET;
  ipv6.sin6_family = AF_INET6;
  ipv4.sin_port = ipv6.sin6_port = htons(port);
  const bool is_ipv4 = inet_pton(AF_INET, address, &ipv4.sin_addr) == 1;
  if (!is_ipv4 && inet_pton(AF_INET6, address, &ipv6.sin6_addr) != 1) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument), address);
  }
  Socket connection(socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM, 0));
  if (connection.get() < 0) Fail("socket");
  const auto* peer = is_ipv4 ? reinterpret_cast<const sockaddr*>(&ipv4) : reinterpret_cast<const sockaddr*>(&ipv6);
  if (connect(connection.get(), peer, is_ipv4 ? sizeof ipv4 : sizeof ipv6) != 0) Fail("connect");
  return connection;
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

const Service* FindService(std::string_view name) {
  for (const Service& service : kServices) {
    if (service.name == name) return &service;
  }
  return nullptr;
}

int Usage() {
  std::fputs(
      "usage: tcpslab-services serve [ECHO [GREET [ABORT]]]\n"
      "       tcpslab-services connect ADDRESS PORT echo|greet|abort\n",
      stderr);
  return 2;
}

int Run(std::span<char*> words) {
  const std::string_view command = words.size() > 1 ? words[1] : "";
  if (command == "serve" && words.size() <= 2 + kServices.size()) {
    std::array<std::uint16_t, kServices.size()> ports{};
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const auto port = 2 + i < words.size() ? ParsePort(words[2 + i]) : kServices[i].port;
      if (!port) return Usage();
      ports[i] = *port;
    }
    ServeAll(ports);
    return 0;
  }
  if (command == "connect" && words.size() == 5) {
    const auto port = ParsePort(words[3]);
    const Service* service = FindService(words[4]);
    if (!port || service == nullptr) return Usage();
    service->run(Connect(words[2], *port));
    return 0;
  }
  return Usage();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return Run({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tcpslab-services: %s\n", error.what());
    return 3;
  }
}
