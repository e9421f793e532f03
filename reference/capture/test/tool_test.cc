// The executable tcpslab-decrypt from end to end: last line, exit code, messages and written files.
#include <pcap/pcap.h>
#include <sys/wait.h>

#include <array>
#include <boost/endian/conversion.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reference/capture/capture_file.h"
#include "reference/capture/test/recording.h"

namespace tcpslab::capture::test {
namespace {

namespace fs = std::filesystem;

struct Run {
  int exit_code = -1;
  std::string output;  // of both streams
  [[nodiscard]] bool Says(const std::string& text) const { return output.find(text) != std::string::npos; }
};

// A directory of its own, with the capture and the key log of one visit under the readme dialect.
class Sandbox {
 public:
  Sandbox() {
    std::string name = (fs::temp_directory_path() / "tcpslab-decrypt-XXXXXX").string();
    BOOST_TEST_REQUIRE(mkdtemp(name.data()) != nullptr);
    directory_ = name;
    tcps::test::Conversation talk(tcps::test::Conversation::Both(tcps::Dialect::kReadme));
    talk.Handshake();
    talk.Data(stack::Side::kClient, "the request");
    talk.Data(stack::Side::kServer, "the response");
    packets = Record(talk);
    key_log = KeyLogText(talk) + "\n";
    WriteText("keys", key_log);
    WriteCapture("capture", packets);
  }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() { fs::remove_all(directory_); }

  [[nodiscard]] std::string Path(const std::string& name) const { return (directory_ / name).string(); }
  void WriteText(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string ReadText(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void WriteCapture(const std::string& name, const std::vector<Bytes>& frames, int link_type = DLT_RAW,
                    u_int precision = PCAP_TSTAMP_PRECISION_MICRO) const {
    const std::unique_ptr<pcap_t, decltype(&pcap_close)> dead(
        pcap_open_dead_with_tstamp_precision(link_type, 65535, precision), &pcap_close);
    pcap_dumper_t* dumper = pcap_dump_open(dead.get(), Path(name).c_str());
    BOOST_TEST_REQUIRE(dumper != nullptr);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const auto size = static_cast<bpf_u_int32>(frames[i].size());
      const pcap_pkthdr header{
          .ts = {.tv_sec = 1700000000, .tv_usec = static_cast<suseconds_t>(999001 + i)}, .caplen = size, .len = size};
      pcap_dump(reinterpret_cast<u_char*>(dumper), &header, reinterpret_cast<const u_char*>(frames[i].data()));
    }
    pcap_dump_close(dumper);
  }

  [[nodiscard]] static Run Decrypt(const std::string& arguments) {
    const std::string command = "exec bash -c '" TCPSLAB_DECRYPT " " + arguments + " 2>&1'";
    std::FILE* pipe = popen(command.c_str(), "r");
    BOOST_TEST_REQUIRE(pipe != nullptr);
    Run run;
    std::array<char, 4096> chunk{};
    while (const std::size_t size = std::fread(chunk.data(), 1, chunk.size(), pipe))
      run.output.append(chunk.data(), size);
    const int status = pclose(pipe);
    BOOST_TEST_REQUIRE(WIFEXITED(status));
    run.exit_code = WEXITSTATUS(status);
    return run;
  }
  [[nodiscard]] Run DecryptFiles(const std::string& capture, const std::string& keys,
                                 const std::string& options = "") const {
    return Decrypt(Path(capture) + " --keylog " + Path(keys) + " " + options);
  }

  std::vector<Bytes> packets;
  std::string key_log;

 private:
  fs::path directory_;
};

std::string LastLine(const std::string& output) {
  BOOST_TEST_REQUIRE(output.ends_with('\n'));
  const std::string text = output.substr(0, output.size() - 1);
  return text.substr(text.rfind('\n') + 1);
}

// The one visit: SYN, SYN-ACK, ACK with an identity tag, request, response. The log has no static secret.
constexpr const char* kVisit =
    "connections=1 packets=5 tags_valid=2 tags_invalid=0 identity_valid=0 identity_unverifiable=1";

BOOST_FIXTURE_TEST_SUITE(tool, Sandbox)

BOOST_AUTO_TEST_CASE(a_capture_that_verifies) {
  const Run run = DecryptFiles("capture", "keys", "--out " + Path("plain") + " --json " + Path("report"));
  BOOST_TEST(run.exit_code == 0);
  BOOST_TEST(LastLine(run.output) == kVisit);
  BOOST_TEST(run.Says("10.0.0.1:40001 <-> 10.0.0.2:80\n"));
  BOOST_TEST(run.Says("standard"));

  auto plain = CaptureReader::Open(Path("plain"));
  BOOST_TEST_REQUIRE(plain.has_value());
  BOOST_TEST(plain->link_type() == DLT_RAW);
  std::string text;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const Frame frame = plain->Next().value().value();
    BOOST_TEST(frame.header.ts.tv_sec == 1700000000);
    BOOST_TEST(frame.header.ts.tv_usec == static_cast<suseconds_t>(999001 + i));
    BOOST_TEST(frame.bytes.size() == packets[i].size());
    text += PayloadOf(Bytes(frame.bytes.begin(), frame.bytes.end()));
  }
  BOOST_TEST(!plain->Next().value().has_value());
  BOOST_TEST(text == "the requestthe response");

  const auto report = nlohmann::json::parse(ReadText("report"));
  BOOST_TEST(report["totals"]["connections"] == 1);
  BOOST_TEST(report["totals"]["tags_valid"] == 2);
  BOOST_TEST(report["connections"][0]["first"] == "10.0.0.1:40001");
  BOOST_TEST(report["connections"][0]["second"] == "10.0.0.2:80");
  BOOST_TEST(report["connections"][0]["tag_arithmetic"] == "standard");
  BOOST_TEST(report["connections"][0]["keys"] == "found");
  BOOST_TEST(report["connections"][0]["identity_unverifiable"] == 1);
}

BOOST_AUTO_TEST_CASE(link_layers) {
  const Bytes ppp = ToBytes("0021");
  std::vector<Bytes> frames;
  for (const Bytes& packet : packets) {
    frames.push_back(ppp);
    frames.back().insert(frames.back().end(), packet.begin(), packet.end());
  }
  WriteCapture("ppp", frames, DLT_PPP);
  BOOST_TEST(LastLine(DecryptFiles("ppp", "keys").output) == kVisit);
  WriteCapture("wlan", packets, DLT_IEEE802_11);
  const Run run = DecryptFiles("wlan", "keys");
  BOOST_TEST(run.exit_code == 2);
  BOOST_TEST(run.Says("IEEE802_11"));
}

BOOST_AUTO_TEST_CASE(nanoseconds_are_kept) {
  WriteCapture("nano", packets, DLT_RAW, PCAP_TSTAMP_PRECISION_NANO);
  BOOST_TEST(DecryptFiles("nano", "keys", "--out " + Path("plain")).exit_code == 0);
  BOOST_TEST(CaptureReader::Open(Path("plain"))->Next().value()->header.ts.tv_usec == 999001);
  BOOST_TEST(ReadText("plain").substr(0, 4) == ReadText("nano").substr(0, 4));  // the magic number of that precision
}

BOOST_AUTO_TEST_CASE(pcapng) {
  const auto put32 = [](std::string& text, std::size_t value) {
    std::array<unsigned char, 4> bytes{};
    boost::endian::store_little_u32(bytes.data(), static_cast<std::uint32_t>(value));
    text.append(bytes.begin(), bytes.end());
  };
  const auto block = [&](std::size_t type, const std::string& body) {
    std::string text;
    put32(text, type);
    put32(text, body.size() + 12);
    text += body;
    put32(text, body.size() + 12);
    return text;
  };
  std::string section;
  put32(section, 0x1a2b3c4d);
  put32(section, 1);
  section.append(8, '\xff');
  std::string interface;
  put32(interface, 101);  // LINKTYPE_RAW, two reserved bytes
  put32(interface, 0);
  std::string file = block(0x0a0d0d0a, section) + block(1, interface);
  for (const Bytes& packet : packets) {
    std::string body;
    for (const std::size_t field : {std::size_t{0}, std::size_t{0}, std::size_t{1}, packet.size(), packet.size()}) {
      put32(body, field);
    }
    body.append(reinterpret_cast<const char*>(packet.data()), packet.size());
    body.append((4 - packet.size() % 4) % 4, '\0');
    file += block(6, body);
  }
  WriteText("capture.pcapng", file);
  const Run run = DecryptFiles("capture.pcapng", "keys");
  BOOST_TEST(run.exit_code == 0);
  BOOST_TEST(LastLine(run.output) == kVisit);
}

BOOST_AUTO_TEST_CASE(a_capture_that_does_not_verify_exits_1) {
  packets.back().back() ^= std::byte{1};
  WriteCapture("damaged", packets);
  const Run damaged = DecryptFiles("damaged", "keys");
  BOOST_TEST(damaged.exit_code == 1);
  BOOST_TEST(LastLine(damaged.output) ==
             "connections=1 packets=5 tags_valid=1 tags_invalid=1 identity_valid=0 identity_unverifiable=1");

  WriteText("no-keys", "# nothing\n");
  const Run keyless = DecryptFiles("capture", "no-keys");
  BOOST_TEST(keyless.exit_code == 1);
  BOOST_TEST(keyless.Says("the key log has no secret"));
  BOOST_TEST(LastLine(keyless.output) ==
             "connections=1 packets=5 tags_valid=0 tags_invalid=0 identity_valid=0 identity_unverifiable=1");
}

BOOST_AUTO_TEST_CASE(a_capture_without_tcps_is_as_expected) {
  WriteCapture("empty", {});
  const Run run = DecryptFiles("empty", "keys");
  BOOST_TEST(run.exit_code == 0);
  BOOST_TEST(run.output ==
             "connections=0 packets=0 tags_valid=0 tags_invalid=0 identity_valid=0 identity_unverifiable=0\n");
}

BOOST_AUTO_TEST_CASE(wrong_requests_exit_2_and_say_why) {
  const auto refused = [](const Run& run, const std::string& reason) {
    BOOST_TEST_CONTEXT(run.output) {
      BOOST_TEST(run.exit_code == 2);
      BOOST_TEST(run.Says(reason));
    }
  };
  refused(Decrypt(""), "PCAP");
  refused(Decrypt(Path("capture")), "--keylog");
  refused(DecryptFiles("capture", "keys", "--nonsense"), "--nonsense");
  refused(DecryptFiles("missing", "keys"), Path("missing"));
  refused(DecryptFiles("capture", "missing"), Path("missing"));
  refused(DecryptFiles("", "keys"), "directory");
  refused(DecryptFiles("capture", ""), "cannot be read");
  refused(DecryptFiles("keys", "keys"), Path("keys"));  // not a capture
  WriteText("nothing", "");
  refused(DecryptFiles("nothing", "keys"), Path("nothing"));
  WriteText("bad-keys", "# one\n\nTCPS_EPHEMERAL_SECRET 00 11\n");
  refused(DecryptFiles("capture", "bad-keys"), Path("bad-keys") + ":3: ");
  refused(DecryptFiles("capture", "keys", "--out " + Path("capture")), "is an input");
  refused(DecryptFiles("capture", "keys", "--json " + Path("keys")), "is an input");
  refused(DecryptFiles("capture", "keys", "--out " + Path("no/such/directory")), "cannot be created");
  refused(DecryptFiles("capture", "keys", "--json " + Path("no/such/directory")), "cannot be created");
  BOOST_TEST(ReadText("keys") == key_log);
}

BOOST_AUTO_TEST_CASE(what_precedes_the_damage_of_a_file_is_still_reported) {
  const std::string whole = ReadText("capture");
  WriteText("cut", whole.substr(0, whole.size() - 5));
  const Run run = DecryptFiles("cut", "keys", "--out " + Path("plain"));
  BOOST_TEST(run.exit_code == 2);
  BOOST_TEST(
      run.Says("connections=1 packets=4 tags_valid=1 tags_invalid=0 identity_valid=0 identity_unverifiable=1\n"));
  BOOST_TEST(run.Says(Path("cut") + ": truncated"));
  auto plain = CaptureReader::Open(Path("plain"));
  for (int i = 0; i < 4; ++i) BOOST_TEST(plain->Next().value().has_value());
  BOOST_TEST(!plain->Next().value().has_value());
}

BOOST_AUTO_TEST_CASE(an_output_that_cannot_be_written_exits_3) {
  for (const std::string option : {"--out", "--json"}) {
    const Run run = DecryptFiles("capture", "keys", option + " /dev/full");
    BOOST_TEST(run.exit_code == 3);
    BOOST_TEST(run.Says("/dev/full: cannot be written"));
  }
}

BOOST_AUTO_TEST_CASE(inputs_may_be_pipes) {
  const Run run =
      Decrypt("/dev/fd/3 --keylog /dev/fd/4 3< <(cat " + Path("capture") + ") 4< <(cat " + Path("keys") + ")");
  BOOST_TEST(run.exit_code == 0);
  BOOST_TEST(LastLine(run.output) == kVisit);
}

BOOST_AUTO_TEST_CASE(help_shows_an_example) {
  const Run run = Decrypt("--help");
  BOOST_TEST(run.exit_code == 0);
  BOOST_TEST(run.Says("tcpslab-decrypt link.pcap --keylog keys.log"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tcpslab::capture::test
