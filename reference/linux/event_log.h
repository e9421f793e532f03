// What the workers' protocols report, as lines of the log, as entries of the flow journal, and for programs.
#pragma once

#include <spdlog/logger.h>

#include <atomic>
#include <mutex>

#include "reference/linux/event_file.h"
#include "reference/linux/flow_journal.h"
#include "reference/linux/line_limit.h"
#include "reference/linux/log_lines.h"
#include "reference/stack/event.h"

namespace tcpslab::linux_host {

// The EventSink of all workers: any thread.
class EventLog final : public stack::EventSink {
 public:
  // All outlive this object. Without a journal none is kept (dialect lkm: R25 is not its rule).
  EventLog(spdlog::logger& log, FlowJournal* journal, EventFile* file = nullptr)
      : log_(log), journal_(journal), file_(file) {}
  ~EventLog() override;

  void OnEvent(const stack::Event& event) override;
  void OnStateChange(const stack::StateChange& change) override;
  void OnIdentitySent(const stack::Flow& flow, stack::Instant time) override;

  // While silent, events are not written: every worker reports each flow of an earlier run. The journal goes on.
  void SetSilent(bool silent) { silent_ = silent; }
  // stack::Policy::tofu_enforce as it is now: the log says what became of a mismatch.
  void SetTofuEnforce(bool enforce) { tofu_enforce_ = enforce; }

 private:
  bool Admit(std::string_view kind, bool once_per_connection, stack::Instant now);
  void Write(const LogLine& line) { log_.log(line.level, line.text); }
  void TellLeftOut(stack::Instant now);

  spdlog::logger& log_;
  FlowJournal* const journal_;
  EventFile* const file_;
  std::atomic<bool> silent_ = false;
  std::atomic<bool> tofu_enforce_ = true;
  std::mutex mutex_;  // lines of one event stay together
  LineLimit limit_;
};

}  // namespace tcpslab::linux_host
