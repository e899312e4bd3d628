#pragma once
#include <longbeat/interceptor.h>

#include <mutex>
#include <string>
#include <vector>

/// Collects spans. Stands for OpenTelemetry or what you have: begin and end are all that the interceptors need.
/// A span goes by its W3C traceparent, "00-<trace>-<span>-01". Thread-safe.
class Tracer {
 public:
  /// Begins a span below `parent`; an empty one begins a trace.
  std::string begin(const std::string& name, const std::string& parent);
  void end(const std::string& traceparent, bool ok);
  /// All spans, each below its parent.
  void print() const;

 private:
  struct Span {
    std::string name, traceparent, parent;
    const char* state = "open";
  };
  void print_below(const std::string& parent, const std::string& indent) const;

  mutable std::mutex mutex_;
  std::vector<Span> spans_;
};

/// While it lives, this thread works inside of a span.
class InSpan {
 public:
  explicit InSpan(std::string traceparent);
  ~InSpan();
  InSpan(const InSpan&) = delete;
  InSpan& operator=(const InSpan&) = delete;

 private:
  std::string before_;
};

/// A span around each start; its traceparent goes along in the header, where Temporal's SDKs look for it.
class TraceStarts final : public longbeat::ClientInterceptor {
 public:
  explicit TraceStarts(Tracer& tracer) : tracer_(tracer) {}
  longbeat::Result<CallEnded> call(longbeat::ClientCallParams& params) override;

 private:
  Tracer& tracer_;
};

/// A span around each attempt, below the one that its caller sent.
class TraceAttempts final : public longbeat::WorkerInterceptor {
 public:
  explicit TraceAttempts(Tracer& tracer) : tracer_(tracer) {}
  longbeat::Payloads execute_activity(longbeat::ExecuteActivityParams params, const Next& next) override;

 private:
  Tracer& tracer_;
};
