#include "reference/capture/capture_file.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tcpslab::capture {
namespace {

// The one format that holds microseconds throughout. The rest, pcapng included, may hold nanoseconds; so may a pipe,
// from which nothing must be read ahead.
bool IsMicrosecondPcap(const std::string& path) {
  constexpr std::uint32_t kMagic = 0xa1b2c3d4;
  std::array<char, sizeof kMagic> start{};
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  if (!std::ifstream(path, std::ios::binary).read(start.data(), start.size())) return false;
  const std::uint32_t magic = boost::endian::load_big_u32(reinterpret_cast<const unsigned char*>(start.data()));
  return magic == kMagic || magic == boost::endian::endian_reverse(kMagic);
}

}  // namespace

FileResult<CaptureReader> CaptureReader::Open(const std::string& path) {
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const u_int precision = IsMicrosecondPcap(path) ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO;
  // Opened here, because libpcap would take "-" for standard input.
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return tl::unexpected(std::string("cannot be opened"));
  pcap_t* pcap = pcap_fopen_offline_with_tstamp_precision(file, precision, error.data());
  if (pcap == nullptr) {
    std::fclose(file);
    return tl::unexpected(std::string(error.data()));
  }
  return CaptureReader(pcap);
}

FileResult<std::optional<Frame>> CaptureReader::Next() {
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  switch (pcap_next_ex(pcap_.get(), &header, &data)) {
    case 1: {
      const auto bytes = std::as_bytes(std::span(data, header->caplen));
      frame_.assign(bytes.begin(), bytes.end());
      return Frame{.header = *header, .bytes = frame_};
    }
    case PCAP_ERROR_BREAK:
      return std::nullopt;
    default:
      return tl::unexpected(std::string(pcap_geterr(pcap_.get())));
  }
}

FileResult<CaptureWriter> CaptureWriter::Create(const std::string& path, const CaptureReader& like) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return tl::unexpected(std::string("cannot be created"));
  pcap_dumper_t* dumper = pcap_dump_fopen(like.handle(), file);
  if (dumper == nullptr) {
    std::fclose(file);
    return tl::unexpected(std::string(pcap_geterr(like.handle())));
  }
  return CaptureWriter(dumper);
}

void CaptureWriter::Write(const Frame& frame) {
  pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &frame.header,
            reinterpret_cast<const u_char*>(frame.bytes.data()));
}

FileResult<void> CaptureWriter::Finish() {
  if (pcap_dump_flush(dumper_.get()) != 0 || std::ferror(pcap_dump_file(dumper_.get())) != 0) {
    return tl::unexpected(std::string("cannot be written"));
  }
  return {};
}

}  // namespace tcpslab::capture
