// Methods that do not fit their object or their activity.
#include <functional>
#include <memory>

#include "compile/either.h"
#include "compile/text_codec.h"
#include "longbeat/worker.h"

using namespace longbeat;

constexpr Activity<std::string(std::string path)> kCopy{"copy"};

struct Files {
  std::string copy(ActivityContext&, std::string path) { return path; }
  std::string look(std::string path) const noexcept { return path; }
  std::string number(int) { return {}; }
  Payloads raw(const Payloads& input) const { return input; }
};
struct Others {};

void methods(Worker& worker, Files& files, const Files& constant, std::shared_ptr<Files> shared,
             [[maybe_unused]] Others& others) {
  // expect: longbeat: a method needs its object: worker.serve(activity, object, &T::method)
  worker.serve(kCopy, EITHER(std::bind_front(&Files::copy, &files), &Files::copy));
  // expect: longbeat: give the object as a reference, or as a std::shared_ptr that keeps it alive
  worker.serve(kCopy, EITHER(files, &files), &Files::look);
  // expect: longbeat: this object dies before the worker runs; give it as std::make_shared<T>(...)
  worker.serve(kCopy, EITHER(std::make_shared<Files>(), Files()), &Files::look);
  // expect: longbeat: this object has no such method
  worker.serve(kCopy, EITHER(files, others), &Files::look);
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve(kCopy, constant, EITHER(&Files::look, &Files::copy));
  // expect: longbeat: this handler cannot be called with the activity's arguments
  worker.serve_all(shared, method(kCopy, &Files::copy), method(kCopy, EITHER(&Files::copy, &Files::number)));
  // expect: longbeat: this object has no such method
  worker.serve_all(EITHER(shared, std::make_shared<Others>()), method_unknown(&Files::raw));
  // expect: longbeat: name the activity by an Activity or by dynamic_activity(name)
  worker.serve_all(files, method(EITHER(dynamic_activity("copy"), "copy"), &Files::raw));
  // expect: longbeat: list the methods as longbeat::method(activity, &T::method)
  worker.serve_all(files, EITHER(method_unknown(&Files::raw), &Files::raw));
}
