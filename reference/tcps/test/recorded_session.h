// Captures of the upstream module (test/vectors/captures): a session read with what is known about it, and its replay
// through hosts of ours that hold the recorded private keys.
//
//   const RecordedSession session("a-first");
//   Replay replay(session, &client, &server);
//   for (const DeliveredFrame& got : replay.Run()) …
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "reference/crypto/test/bytes.h"
#include "reference/stack/pair.h"
#include "reference/tcps/tcps.h"
#include "reference/tcps/test/conversation.h"

namespace tcpslab::tcps::test {

struct RecordedFrame {
  int number;  // counted from 1
  stack::Instant time;
  Side from;
  nlohmann::json facts;
  crypto::test::Bytes packet;  // IP header and all behind it
  crypto::test::Bytes ip_header;
  OwnedSegment segment;
};

// The IP packet that `segment` makes under the IP header of `frame`, checksums computed.
crypto::test::Bytes Emit(const RecordedFrame& frame, const OwnedSegment& segment);

class RecordedSession {
 public:
  // "a-first": reads NAME.json and NAME.pcap. Throws if they are not what they must be.
  explicit RecordedSession(const std::string& name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const nlohmann::json& facts() const { return facts_; }
  [[nodiscard]] const std::vector<RecordedFrame>& frames() const { return frames_; }
  // What that end's module wrote to its log.
  [[nodiscard]] std::vector<std::string> Log(Side side) const;

 private:
  std::string name_;
  nlohmann::json facts_;
  std::vector<RecordedFrame> frames_;
};

// One machine that speaks lkm and whose randomness is given: draws are, in order, what services.random must yield.
class ReplayHost {
 public:
  ReplayHost(const stack::Policy& policy, std::vector<crypto::test::Bytes> draws);

  // What leaves when the host's TCP sends `segment`; nothing if it is dropped. Any segment that the shim emits on its
  // own fails the test.
  std::optional<OwnedSegment> Send(const OwnedSegment& segment, stack::Instant now);
  // What reaches the host's TCP.
  std::optional<OwnedSegment> Receive(const RecordedFrame& frame);

  [[nodiscard]] const Tcps& tcps() const { return *tcps_; }
  [[nodiscard]] bool AllDrawn() const;
  // Events since the last call.
  std::vector<stack::Event> TakeEvents();

 private:
  struct Surroundings;
  void RunTimers(stack::Instant now);

  std::shared_ptr<Surroundings> surroundings_;
  std::shared_ptr<Tcps> tcps_;
};

struct DeliveredFrame {
  const RecordedFrame* frame;
  std::optional<OwnedSegment> segment;  // nothing: the receiver dropped it
};

class Replay {
 public:
  // A host without the module is null. All must outlive the replay.
  Replay(const RecordedSession& session, ReplayHost* client, ReplayHost* server);

  [[nodiscard]] ReplayHost* host(Side side) const { return side == Side::kClient ? client_ : server_; }
  // Gives each sender the plaintext segment behind each frame, compares what leaves with the recorded packet byte for
  // byte, and gives that to the receiver.
  std::vector<DeliveredFrame> Run();
  // The events of each host are those of its module's log, in order.
  void CheckLogs();

 private:
  // What the sender's TCP must have sent, for the recorded frame to leave.
  [[nodiscard]] OwnedSegment BeforeTheModule(const RecordedFrame& frame) const;

  const RecordedSession& session_;
  ReplayHost* client_;
  ReplayHost* server_;
};

}  // namespace tcpslab::tcps::test
