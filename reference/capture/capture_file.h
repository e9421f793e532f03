// Capture files, read and written through libpcap (pcap; pcapng read only).
#pragma once

#include <pcap/pcap.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace tcpslab::capture {

// Errors are sentences for the user, without the file's name.
template <class T>
using FileResult = tl::expected<T, std::string>;

struct Frame {
  pcap_pkthdr header;          // time stamp in the file's own precision; captured and original length
  std::span<std::byte> bytes;  // may be edited; valid until the next frame is read
};

class CaptureReader {
 public:
  static FileResult<CaptureReader> Open(const std::string& path);

  // Nothing at the end of the file.
  FileResult<std::optional<Frame>> Next();
  [[nodiscard]] int link_type() const { return pcap_datalink(pcap_.get()); }  // DLT_
  [[nodiscard]] pcap_t* handle() const { return pcap_.get(); }

 private:
  struct Close {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
  };
  explicit CaptureReader(pcap_t* pcap) : pcap_(pcap) {}

  std::unique_ptr<pcap_t, Close> pcap_;
  std::vector<std::byte> frame_;
};

// A pcap file of the reader's link type and time stamp precision.
class CaptureWriter {
 public:
  static FileResult<CaptureWriter> Create(const std::string& path, const CaptureReader& like);

  void Write(const Frame& frame);
  // All that was written reached the operating system.
  FileResult<void> Finish();

 private:
  struct Close {
    void operator()(pcap_dumper_t* dumper) const { pcap_dump_close(dumper); }
  };
  explicit CaptureWriter(pcap_dumper_t* dumper) : dumper_(dumper) {}

  std::unique_ptr<pcap_dumper_t, Close> dumper_;
};

}  // namespace tcpslab::capture
