// The event log of tcpsd: what a program reads of it.
#include "reference/linux/event_file.h"

#include <spdlog/sinks/null_sink.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tcpslab::linux_host {
namespace {

struct Fixture {
  Fixture() { std::filesystem::create_directory(folder); }
  ~Fixture() { std::filesystem::remove_all(folder); }

  [[nodiscard]] std::vector<nlohmann::json> Lines() const {
    std::ifstream in(file);
    std::vector<nlohmann::json> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("event_file_test." + std::to_string(::getpid()));
  const std::filesystem::path file = folder / "events";
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
  const stack::Event event{.kind = stack::EventKind::kPeerNew,
                           .time = {},
                           .flow = {.local = {*wire::ParseAddress("10.0.0.2"), 80},
                                    .remote = {*wire::ParseAddress("10.0.0.1"), 50000},
                                    .role = stack::Role::kServer},
                           .detail = "10.0.0.1 fingerprint 00\"11"};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(event_file, Fixture)

BOOST_AUTO_TEST_CASE(a_line_has_the_keys_of_the_header) {
  EventFile(file, log).OnEvent(event);
  const std::vector<nlohmann::json> lines = Lines();
  BOOST_REQUIRE_EQUAL(lines.size(), 1U);
  nlohmann::json line = lines.front();
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  BOOST_CHECK_SMALL(line.at("t").get<double>() - now, 60.0);
  line.erase("t");
  const nlohmann::json expected = {{"event", "peer-new"},
                                   {"role", "server"},
                                   {"local", "10.0.0.2:80"},
                                   {"remote", "10.0.0.1:50000"},
                                   {"detail", event.detail}};
  BOOST_CHECK_EQUAL(line, expected);
}

BOOST_AUTO_TEST_CASE(a_daemon_started_again_goes_on_in_the_same_file) {
  EventFile(file, log).OnEvent(event);
  EventFile(file, log).OnEvent(event);
  BOOST_CHECK_EQUAL(Lines().size(), 2U);
}

BOOST_AUTO_TEST_CASE(only_its_owner_reads_it) {
  const EventFile events(file, log);
  struct stat status {};
  BOOST_REQUIRE_EQUAL(::stat(file.c_str(), &status), 0);
  BOOST_CHECK_EQUAL(status.st_mode & 0777U, 0600U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tcpslab::linux_host
