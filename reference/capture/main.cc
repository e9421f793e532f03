// tcpslab-decrypt: what `lab decrypt` runs (design.md, section 7).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <tl/expected.hpp>
#include <utility>

#include "reference/capture/capture_file.h"
#include "reference/capture/decryptor.h"
#include "reference/capture/link_layer.h"
#include "reference/capture/report.h"

namespace tcpslab::capture {
namespace {

enum ExitCode : int { kAsExpected = 0, kDiffered = 1, kBadRequest = 2, kInfrastructure = 3 };

struct Request {
  std::string capture;
  std::string key_log;
  std::optional<std::string> out;
  std::optional<std::string> json;
};

// Why the tool cannot go on.
struct Failure {
  ExitCode code = kBadRequest;
  std::string message;
};

template <class T>
using Outcome = tl::expected<T, Failure>;

tl::unexpected<Failure> Fail(ExitCode code, std::string message) {
  return tl::unexpected(Failure{.code = code, .message = std::move(message)});
}

// An output that is one of the inputs would destroy it while it is read.
Outcome<void> CheckOutputs(const Request& request) {
  for (const std::optional<std::string>& output : {request.out, request.json}) {
    for (const std::string& input : {request.capture, request.key_log}) {
      std::error_code ignored;  // a file that does not exist yet
      if (output && std::filesystem::equivalent(*output, input, ignored)) {
        return Fail(kBadRequest, fmt::format("{}: is an input; choose another file for the output", *output));
      }
    }
  }
  return {};
}

Outcome<KeyLog> ReadKeyLog(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 4096> chunk{};
  while (file.read(chunk.data(), chunk.size()), file.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) return Fail(kBadRequest, fmt::format("{}: cannot be read", path));
  auto key_log = KeyLog::Parse(text);
  crypto::Wipe(std::as_writable_bytes(std::span(text)));
  if (!key_log) {
    return Fail(kBadRequest, fmt::format("{}:{}: {}", path, key_log.error().line, key_log.error().reason));
  }
  return std::move(*key_log);
}

Outcome<void> DecryptFrames(const Request& request, CaptureReader& reader, Decryptor& decryptor) {
  std::optional<CaptureWriter> writer;
  if (request.out) {
    auto created = CaptureWriter::Create(*request.out, reader);
    if (!created) return Fail(kBadRequest, fmt::format("{}: {}", *request.out, created.error()));
    writer = std::move(*created);
  }
  std::optional<Failure> failure;
  while (true) {
    const auto frame = reader.Next();
    if (!frame) {
      // What came before the damage is whole: report it, and write it.
      failure = Failure{.code = kBadRequest, .message = fmt::format("{}: {}", request.capture, frame.error())};
      break;
    }
    if (!*frame) break;
    decryptor.Process(FindIpPacket(reader.link_type(), (*frame)->bytes));
    if (writer) writer->Write(**frame);
  }
  if (writer) {
    if (const auto finished = writer->Finish(); !finished) {
      return Fail(kInfrastructure, fmt::format("{}: {}", *request.out, finished.error()));
    }
  }
  if (failure) return tl::unexpected(*failure);
  return {};
}

Outcome<void> WriteJson(const std::string& path, const Decryptor& decryptor) {
  std::ofstream file(path, std::ios::binary);
  if (!file) return Fail(kBadRequest, fmt::format("{}: cannot be created", path));
  file << ReportJson(decryptor).dump(2) << '\n';
  if (!file.flush()) return Fail(kInfrastructure, fmt::format("{}: cannot be written", path));
  return {};
}

// Prints the report, also of a capture that is damaged towards its end.
Outcome<ExitCode> Decrypt(const Request& request) {
  if (auto checked = CheckOutputs(request); !checked) return tl::unexpected(checked.error());
  auto key_log = ReadKeyLog(request.key_log);
  if (!key_log) return tl::unexpected(key_log.error());
  auto reader = CaptureReader::Open(request.capture);
  if (!reader) return Fail(kBadRequest, fmt::format("{}: {}", request.capture, reader.error()));
  if (!IsSupportedLinkType(reader->link_type())) {
    const char* name = pcap_datalink_val_to_name(reader->link_type());
    return Fail(kBadRequest, fmt::format("{}: link type {} ({}) is not supported", request.capture, reader->link_type(),
                                         name == nullptr ? "unknown" : name));
  }

  Decryptor decryptor(std::move(*key_log));
  const auto done = DecryptFrames(request, *reader, decryptor);
  if (request.json) {
    if (auto written = WriteJson(*request.json, decryptor); !written) return tl::unexpected(written.error());
  }
  fmt::print("{}", ReportText(decryptor));
  if (std::fflush(stdout) != 0) return Fail(kInfrastructure, "standard output cannot be written");
  if (!done) return tl::unexpected(done.error());
  return Verified(decryptor) ? kAsExpected : kDiffered;
}

constexpr const char* kFooter =
    "example:\n"
    "  tcpslab-decrypt link.pcap --keylog keys.log --out plain.pcap\n\n"
    "The key log holds one secret a line, in hex; '#' and unknown lines are ignored:\n"
    "  TCPS_EPHEMERAL_SECRET <client ephemeral public> <X25519 shared secret>\n"
    "  TCPS_STATIC_SECRET <static public, lower> <static public, higher> <shared>\n\n"
    "exit codes:\n"
    "  0  every tag is valid, or there is none\n"
    "  1  a tag or an identity tag is invalid, or a tag cannot be verified (no key, SYN not captured, cut off)\n"
    "  2  bad arguments, or a file that cannot be read or understood\n"
    "  3  an output cannot be written";

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app("Turns a capture of TCP/S connections into plaintext and verifies every tag in it.", "tcpslab-decrypt");
  app.footer(kFooter);
  Request request;
  app.add_option("PCAP", request.capture, "the capture (pcap or pcapng)")->required();
  app.add_option("--keylog", request.key_log, "the secrets of its connections")->required()->type_name("FILE");
  app.add_option("--out", request.out,
                 "write the capture here with its payload decrypted; headers and options stay, TCP checksums are "
                 "computed anew")
      ->type_name("PCAP");
  app.add_option("--json", request.json, "write the report here as JSON")->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAsExpected : kBadRequest;
  }
  const auto result = Decrypt(request);
  if (result) return *result;
  fmt::print(stderr, "tcpslab-decrypt: {}\n", result.error().message);
  return result.error().code;
}

}  // namespace tcpslab::capture

int main(int argc, char** argv) {
  try {
    return tcpslab::capture::Main(argc, argv);
  } catch (const std::exception& error) {  // memory exhausted, say
    std::fprintf(stderr, "tcpslab-decrypt: %s\n", error.what());
    return tcpslab::capture::kInfrastructure;
  }
}
