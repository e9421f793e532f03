#include "reference/linux/control_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <system_error>

#include "reference/linux/control_server.h"
#include "reference/linux/control_socket.h"
#include "reference/linux/descriptor.h"

namespace tcpslab::linux_host {
namespace {

// A daemon under load answers between packets; one that is stuck never does.
constexpr timeval kPatience = {.tv_sec = 10, .tv_usec = 0};

std::string ReasonOf(int error) { return std::generic_category().message(error); }

Descriptor Connect(const std::filesystem::path& run_directory) {
  const std::filesystem::path path = run_directory / kControlSocket;
  const ControlAddress address(path);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "control socket");
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  if (::connect(socket.get(), address.get(), ControlAddress::size()) == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED) {
    throw std::runtime_error(fmt::format("no tcpsd runs with the run directory {}", run_directory.string()));
  }
  throw std::runtime_error(fmt::format("{}: {}", path.string(), ReasonOf(errno)));
}

void Send(const Descriptor& socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw std::runtime_error("tcpsd takes no request: " + ReasonOf(errno));
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string ReceiveLine(const Descriptor& socket) {
  std::string line;
  std::array<char, 65536> chunk{};
  while (!line.ends_with('\n')) {
    const ssize_t size = ::recv(socket.get(), chunk.data(), chunk.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) throw std::runtime_error("tcpsd does not answer");
    if (size < 0) throw std::runtime_error("tcpsd: " + ReasonOf(errno));
    if (size == 0) throw std::runtime_error("tcpsd hung up before it answered");
    line.append(chunk.data(), static_cast<std::size_t>(size));
  }
  return line;
}

// Prints what `command` returns; exceptions become exit codes.
int Print(const std::function<std::string()>& command) {
  try {
    fmt::print("{}", command());
    return 0;
  } catch (const std::invalid_argument& problem) {
    fmt::print(stderr, "tcpsd: {}\n", problem.what());
    return 2;
  } catch (const Json::exception&) {
    fmt::print(stderr, "tcpsd: the daemon's answer is not understood; is it of another version?\n");
  } catch (const std::exception& problem) {
    fmt::print(stderr, "tcpsd: {}\n", problem.what());
  }
  return 3;
}

std::string Indented(const Json& json) { return json.dump(2) + "\n"; }

}  // namespace

Json Ask(const std::filesystem::path& run_directory, const Json& request) {
  const Descriptor socket = Connect(run_directory);
  Send(socket, request.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  Json answer = Json::parse(ReceiveLine(socket));
  if (answer.at("ok").get<bool>()) return std::move(answer.at("result"));
  const auto error = answer.at("error").get<std::string>();
  if (answer.at("fault") == "request") throw std::invalid_argument(error);
  throw std::runtime_error(error);
}

int ShowStatus(const std::filesystem::path& run_directory, bool json) {
  return Print([&] {
    const Json status = Ask(run_directory, {{"command", "status"}});
    return json ? Indented(status) : StatusText(status);
  });
}

int ShowFingerprint(const std::filesystem::path& run_directory) {
  return Print([&] {
    const Json answer = Ask(run_directory, {{"command", "fingerprint"}});
    return fmt::format("fingerprint {}\nkey {}\n", answer.at("fingerprint").get<std::string>(),
                       answer.at("key").get<std::string>());
  });
}

int SetPolicy(const std::filesystem::path& run_directory, const std::vector<std::string>& assignments) {
  return Print([&] {
    Json values = Json::object();
    for (const std::string& assignment : assignments) {
      const std::size_t sign = assignment.find('=');
      if (sign == std::string::npos) {
        throw std::invalid_argument(fmt::format("'{}': expected NAME=VALUE, as in enforce=1", assignment));
      }
      values[assignment.substr(0, sign)] = assignment.substr(sign + 1);
    }
    Ask(run_directory, {{"command", "set"}, {"values", std::move(values)}});
    return std::string();
  });
}

int ListPeers(const std::filesystem::path& run_directory, bool json) {
  return Print([&] {
    const Json peers = Ask(run_directory, {{"command", "peers"}});
    return json ? Indented(peers) : PeersText(peers);
  });
}

int ForgetPeer(const std::filesystem::path& run_directory, const std::string& address) {
  return Print([&] {
    Ask(run_directory, {{"command", "forget"}, {"address", address}});
    return std::string();
  });
}

int PinPeer(const std::filesystem::path& run_directory, const std::string& address, const std::string& key) {
  return Print([&] {
    Ask(run_directory, {{"command", "pin"}, {"address", address}, {"key", key}});
    return std::string();
  });
}

}  // namespace tcpslab::linux_host
