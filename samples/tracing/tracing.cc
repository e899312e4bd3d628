#include "tracing.h"

#include <longbeat/activity_context.h>
#include <longbeat/json.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <random>
#include <utility>

namespace {

using Carrier = std::map<std::string, std::string>;
constexpr char kHeader[] = "_tracer-data";

thread_local std::string current_span;

/// Random, in hexadecimal digits.
std::string id(int bytes) {
  std::random_device random;
  std::string text;
  for (char digits[3]; bytes > 0; --bytes) {
    std::snprintf(digits, sizeof digits, "%02x", random() & 0xff);
    text += digits;
  }
  return text;
}

}  // namespace

std::string Tracer::begin(const std::string& name, const std::string& parent) {
  const auto trace = parent.size() == 55 ? parent.substr(3, 32) : id(16);
  const std::lock_guard lock(mutex_);
  return spans_.emplace_back(Span{name, "00-" + trace + "-" + id(8) + "-01", parent}).traceparent;
}

void Tracer::end(const std::string& traceparent, bool ok) {
  const std::lock_guard lock(mutex_);
  for (auto& span : spans_) {
    if (span.traceparent == traceparent) span.state = ok ? "ok" : "failed";
  }
}

void Tracer::print() const {
  const std::lock_guard lock(mutex_);
  print_below("", "");
}

void Tracer::print_below(const std::string& parent, const std::string& indent) const {
  for (const auto& span : spans_) {
    if (span.parent != parent) continue;
    std::cout << indent << span.name << " " << span.state << "\n";
    print_below(span.traceparent, indent + "  ");
  }
}

InSpan::InSpan(std::string traceparent) : before_(std::exchange(current_span, std::move(traceparent))) {}
InSpan::~InSpan() {
  current_span = before_;
}

longbeat::Result<TraceStarts::CallEnded> TraceStarts::call(longbeat::ClientCallParams& params) {
  if (params.operation != "StartActivityExecution") return CallEnded();
  const auto span = tracer_.begin("StartActivity:" + params.activity_type, current_span);
  auto carrier = longbeat::DataConverter().to_payload(Carrier{{"traceparent", span}});
  if (!carrier) return std::move(carrier).error();
  params.header[kHeader] = *std::move(carrier);
  return [this, span](const longbeat::Result<>& result) { tracer_.end(span, result.ok()); };
}

longbeat::Payloads TraceAttempts::execute_activity(longbeat::ExecuteActivityParams params, const Next& next) {
  const auto& info = params.context.info();
  std::string parent;
  if (const auto sent = info.header.find(kHeader); sent != info.header.end()) {
    const auto carrier = longbeat::DataConverter().from_payload<Carrier>(sent->second);
    if (carrier && carrier->contains("traceparent")) parent = carrier->at("traceparent");
  }
  const auto span = tracer_.begin("RunActivity:" + info.activity_type, parent);
  const InSpan inside(span);  // Activities that this one starts are below it.
  try {
    auto result = next(std::move(params));
    tracer_.end(span, true);
    return result;
  } catch (...) {
    tracer_.end(span, false);
    throw;
  }
}
