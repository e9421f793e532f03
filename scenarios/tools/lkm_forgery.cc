// One-time keys of the upstream module from two of its tags: the search that ns3::TcpsTagForger is spared by its
// attribute Keys. See model/path/forgery/tcps-lkm-search.h.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "model/path/forgery/tcps-lkm-search.h"
#include "reference/tcps/hex.h"

namespace {

using ns3::TcpsLkmSearch;
using ns3::TcpsTaggedMessage;
using tcpslab::tcps::FromHex;

constexpr int kFound = 0;
constexpr int kNothing = 1;
constexpr int kBadRequest = 2;
constexpr int kInfrastructure = 3;
constexpr std::int32_t kSlice = std::int32_t{1} << 20;

// FLAGS:CIPHERTEXT:TAG
std::optional<TcpsTaggedMessage> ParseMessage(std::uint64_t position, std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  TcpsTaggedMessage message;
  message.position = position;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + first, message.flags);
  const auto ciphertext = FromHex(text.substr(first + 1, second - first - 1));
  const auto tag = FromHex(text.substr(second + 1));
  if (error != std::errc{} || rest != text.data() + first || !ciphertext || !tag || tag->size() != message.tag.size()) {
    return std::nullopt;
  }
  message.ciphertext = *ciphertext;
  std::ranges::copy(*tag, message.tag.begin());
  return message;
}

// Every key, printed as it is found; how many.
std::size_t SearchAll(const TcpsLkmSearch& search, unsigned threads) {
  std::vector<std::vector<std::string>> found(threads);
  std::vector<std::jthread> workers;
  for (unsigned worker = 0; worker < threads; ++worker) {
    workers.emplace_back([&search, &found, worker, threads] {
      // Slices taken in turn.
      for (std::int64_t first = -TcpsLkmSearch::kLimit + std::int64_t{worker} * kSlice; first <= TcpsLkmSearch::kLimit;
           first += std::int64_t{threads} * kSlice) {
        const std::int64_t last = std::min<std::int64_t>(first + kSlice - 1, TcpsLkmSearch::kLimit);
        for (const auto& key : search.Search(static_cast<std::int32_t>(first), static_cast<std::int32_t>(last))) {
          found[worker].push_back(tcpslab::tcps::ToHex(key.bytes()));
        }
      }
    });
  }
  workers.clear();
  std::vector<std::string> keys;
  for (const std::vector<std::string>& some : found) keys.insert(keys.end(), some.begin(), some.end());
  std::ranges::sort(keys);  // the same whatever the number of threads
  for (const std::string& key : keys) fmt::print("{}\n", key);
  return keys.size();
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Finds the one-time keys that explain two tags of the upstream TCP/S module at one position: a few, after\n"
      "2^27 square roots (a minute or two). Messages are FLAGS:CIPHERTEXT:TAG of at most 16 bytes each, flags in\n"
      "decimal, bytes in hex, as tshark prints tcp.flags, tcp.payload and, behind fd14544d, tcp.options.\n"
      "Prints one key a line. Exit codes: 0 found, 1 none, 2 bad request, 3 broken off.\n\n"
      "Example: tcpslab-lkm-forgery 0 24:d97d633019cfc7425f:505012f87f0ba32a3d94f86f00efac55 \\\n"
      "                               24:d97d633019cfc7425f899a56c808:5328fdf693e44f2c480c7870a33a6652");
  std::uint64_t position = 0;
  std::string first;
  std::string second;
  unsigned threads = std::max(std::thread::hardware_concurrency(), 1U);
  app.add_option("position", position, "Stream position of both")->required();
  app.add_option("first", first, "A message")->required();
  app.add_option("second", second, "Another")->required();
  app.add_option("--jobs", threads, "Threads")->check(CLI::Range(1, 1024));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFound : kBadRequest;
  }
  const auto a = ParseMessage(position, first);
  const auto b = ParseMessage(position, second);
  if (!a || !b) {
    fmt::print(stderr, "tcpslab-lkm-forgery: expected FLAGS:CIPHERTEXT:TAG, found '{}'\n", a ? second : first);
    return kBadRequest;
  }
  const auto search = TcpsLkmSearch::Prepare(*a, *b);
  if (!search) {
    fmt::print(
        stderr,
        "tcpslab-lkm-forgery: expected two tags of the module on messages of at most 16 bytes with equal flags\n");
    return kBadRequest;
  }
  return SearchAll(*search, threads) > 0 ? kFound : kNothing;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return kInfrastructure;
  }
}
